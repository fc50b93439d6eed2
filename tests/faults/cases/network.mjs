// Group E of the catalogue: what a lost exchange proves.

import { elsewhere, issued, stops, unknown } from "./case.mjs";

/** @typedef {import("./case.mjs").Case} Case */

/** Ends every wait of a test for what never comes. */
const IMPATIENT = Object.freeze({ timeoutMs: 600 });

/** @type {Case[]} */
export const NETWORK = [
  ...[false, true].map((apply) => ({
    name: `49 no headers, ${apply ? "issued" : "not issued"}: the timeout ends the wait`,
    fault: { kind: "stallBeforeHeaders", apply },
    options: IMPATIENT,
    expect: unknown("timeout"),
  })),
  ...["resetBeforeRead", "resetAfterRead", "closeBeforeAnswer"].map((kind) => ({
    name: `50 ${kind}: the request may have arrived`,
    fault: { kind },
    expect: unknown("network"),
  })),
  ...["close", "reset"].map((end) => ({
    name: `50 issued, then the connection ends with a ${end}`,
    fault: { kind: "actThenDrop", end },
    expect: unknown("network"),
  })),
  {
    name: "50 the head itself is cut off",
    fault: { kind: "truncateHead", at: { byte: 12 } },
    expect: unknown("network"),
  },
  {
    name: "51 headers, then nothing: the timeout covers the body",
    fault: { kind: "stallInBody", at: { byte: 0 } },
    options: IMPATIENT,
    expect: unknown("timeout"),
  },
  {
    name: "52 a stall in the middle of the body",
    fault: { kind: "stallInBody" },
    options: IMPATIENT,
    expect: unknown("timeout"),
  },
  {
    name: "53 a server that closes its sending side after a whole answer",
    fault: { kind: "halfClose" },
    expect: issued(),
  },
  {
    name: "57 an answer after we gave up changes nothing",
    fault: { kind: "delay", ms: 1_500 },
    options: IMPATIENT,
    expect: unknown("timeout"),
  },
  {
    name: "58 a captive portal's page in place of an answer",
    fault: { kind: "html", status: 200 },
    expect: elsewhere("unreadable-body"),
  },
  {
    name: "58 a captive portal's redirect is not followed",
    fault: { kind: "redirect", location: "https://portal.example/login" },
    expect: stops("redirected"),
  },
  {
    name: "58 bytes that are no HTTP",
    fault: { kind: "raw", text: "SSH-2.0-OpenSSH_9.2\r\n" },
    expect: unknown("network"),
  },
];
