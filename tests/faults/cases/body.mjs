// Group D of the catalogue: what a 200 proves by its body.

import { MET, issued, unknown } from "./case.mjs";

/** @typedef {import("./case.mjs").Case} Case */

/** Far more than the answers to these runs, and far less than the attacks. */
const CAP = Object.freeze({ responseBytesMax: 100_000 });

/** Ends every wait of a test for what never comes. */
const IMPATIENT = Object.freeze({ timeoutMs: 600 });

const [FIRST, SECOND, LAST] = [MET[0], MET[1], MET[9]];

/** @type {Case[]} */
const cut = [
  ...["length", "chunked"].flatMap((framing) =>
    [{ byte: 0 }, { byte: 1 }, { share: 0.5 }, { beforeEnd: 1 }].flatMap((at) =>
      ["close", "reset"].map((end) => ({
        name: `37 a body cut off (${framing}, ${JSON.stringify(at)}, ${end}) proves nothing`,
        fault: { kind: "truncate", framing, at, end },
        expect: unknown("cut-body"),
        // Firefox shows an answer only once the first byte of its body is there.
        ...("byte" in at && at.byte === 0 ? { differs: { firefox: unknown("network") } } : {}),
      })),
    ),
  ),
  {
    name: "37 a reset in the middle of the body proves nothing",
    fault: { kind: "resetInBody" },
    expect: unknown("cut-body"),
  },
  {
    name: "37 half a document in a whole body proves nothing",
    fault: { kind: "body", status: 200, text: '{"data":{"500000011":{"id":"67dd', apply: true },
    expect: unknown("cut-body"),
  },
  {
    name: "37 an empty body proves nothing",
    fault: { kind: "body", status: 200, text: "", apply: true },
    expect: unknown("cut-body"),
  },
  {
    name: "38 a Content-Length beyond the body proves nothing",
    fault: { kind: "contentLengthLong" },
    expect: unknown("cut-body"),
  },
  {
    name: "38 a Content-Length short of the body proves nothing",
    fault: { kind: "contentLengthShort" },
    expect: unknown("cut-body"),
  },
];

/** @type {Case[]} */
const contradictory = [
  { name: "39 two documents", fault: { kind: "twoDocuments" }, expect: unknown("unreadable-body") },
  {
    name: "39 bytes behind the document",
    fault: { kind: "trailingBytes", text: "x" },
    expect: unknown("unreadable-body"),
  },
  {
    name: "40 an id twice in the answer: the last value does not win",
    fault: { kind: "duplicateIds" },
    expect: unknown("contradictory-body"),
  },
  {
    name: "41 a key that is not its customerId stops the run, the others stand",
    fault: { kind: "wrongKeys", which: { ids: [LAST] } },
    expect: { issued: 19, unknown: 1, unsent: 10, stopped: "protocol-violation", calls: 2 },
  },
  {
    name: "41 another promotion stops the run, the others stand",
    fault: { kind: "wrongPromotion", which: { ids: [FIRST] } },
    expect: { issued: 19, unknown: 1, unsent: 10, stopped: "protocol-violation", calls: 2 },
  },
  {
    name: "41 ids that nobody sent stop the run, what is proven stands",
    fault: { kind: "extraIds", count: 2 },
    expect: { issued: 20, unsent: 10, stopped: "protocol-violation", calls: 2 },
  },
];

/** @type {Case[]} */
const single = [
  {
    name: "42 ids missing from the map are unknown, the others stand",
    fault: { kind: "omitIds", which: { ids: [FIRST, SECOND] } },
    expect: { issued: 28, unknown: 2, reason: "missing-in-answer", ids: [FIRST, SECOND] },
  },
  {
    name: "42 null in an id's place is unknown, the others stand",
    fault: { kind: "nullEntries", which: { ids: [FIRST] } },
    expect: { issued: 29, unknown: 1, reason: "unreadable-entry", ids: [FIRST] },
  },
  ...["text", "float", "exponent"].map((form) => ({
    name: `43 customerId as ${form} is no plain integer, and so no id`,
    fault: { kind: "numberForms", which: { ids: [FIRST] }, form },
    expect: { issued: 29, unknown: 1, reason: "unreadable-entry", ids: [FIRST] },
  })),
  ...["absent", "null", "empty"].map((errors) => ({
    name: `44 errors ${errors}: no meaning`,
    fault: null,
    switches: { shape: { errors } },
    expect: issued(),
  })),
  {
    name: "44 errors beside the data: each id by its own entry",
    fault: null,
    switches: { shape: { errors: "filled" } },
    expect: issued(),
  },
  {
    name: "44 an id that is only in errors has no entry: unknown",
    fault: { kind: "perIdError", which: { ids: [FIRST] }, code: 708, place: "errors" },
    expect: { issued: 29, unknown: 1, reason: "missing-in-answer", ids: [FIRST] },
  },
];

/** @type {Case[]} */
const hostile = [
  {
    name: "45 a gzip bomb ends at the cap",
    fault: { kind: "gzipBomb", bytes: 50_000_000 },
    options: CAP,
    expect: unknown("oversized-body"),
  },
  ...["blanks", "text"].map((padding) => ({
    name: `45 an endless body of ${padding} ends at the cap`,
    fault: { kind: "oversized", bytes: 50_000_000, padding },
    options: CAP,
    expect: unknown("oversized-body"),
  })),
  {
    name: "45 an endless trickle ends at the timeout",
    fault: { kind: "drip", bytes: 1, everyMs: 100 },
    options: IMPATIENT,
    expect: unknown("timeout"),
  },
  {
    name: "46 nesting 100,000 levels deep ends at the cap on depth",
    fault: { kind: "deep", depth: 100_000 },
    expect: unknown("oversized-body"),
  },
  {
    name: "47 a million keys end at the cap on keys",
    fault: { kind: "manyKeys", keys: 1_000_000 },
    expect: unknown("oversized-body"),
  },
  {
    name: "48 words of the service are disarmed in exports",
    fault: {
      kind: "perIdError",
      which: { ids: [FIRST] },
      message: "=cmd()|' /C calc'!A0\u001b[2J<script>alert(1)</script>",
    },
    expect: { issued: 29, rejected: 1, reason: "entry-error", ids: [FIRST] },
  },
];

export const BODY = [...cut, ...contradictory, ...single, ...hostile];
