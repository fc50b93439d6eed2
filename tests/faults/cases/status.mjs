// Group C of the catalogue: what each HTTP status proves.

import { IDS, elsewhere, issued, stops, unknown } from "./case.mjs";

/** @typedef {import("./case.mjs").Case} Case */

const GUILTY = "500000013";

/**
 * @param {number} status
 * @param {object} [more]
 */
const status = (status, more) => ({ kind: "status", status, ...more });

/** @param {number} code */
const refusal = (code) => status(400, { code });

/** @type {Case[]} */
const success = [
  { name: "25 a complete 200: every id is issued", fault: null, expect: issued() },
  ...[201, 202, 206].map((code) => ({
    name: `26 ${code} with the right body proves nothing`,
    fault: { kind: "unknownStatus", status: code },
    expect: unknown("ambiguous-status"),
  })),
  {
    name: "26 204 proves nothing",
    fault: status(204, { body: "", apply: true }),
    expect: unknown("ambiguous-status"),
  },
];

const SENT_AGAIN = { ...unknown("ambiguous-status"), calls: 4, resends: true };

/** @type {Case[]} */
const refused = [
  ...[705, 706, 707, 709, 713, 714, 725].map((code) => ({
    name: `27 400 with code ${code}: the promotion cannot be issued, the run stops`,
    fault: refusal(code),
    expect: stops("promotion-unusable"),
  })),
  {
    name: "27 400 with code 1060: too many ids, halved",
    fault: refusal(1060),
    times: 1,
    expect: issued(6),
  },
  {
    name: "27 400 with code 1006: bisected to the one guilty id",
    fault: refusal(1006),
    expect: { issued: 29, rejected: 1, reason: "invalid-customer", ids: [GUILTY] },
  },
  ...[
    ["an unknown code", refusal(9_999)],
    ["an empty body", status(400, { body: "" })],
    ["a page of a proxy", { kind: "html", status: 400 }],
    ["JSON of somebody else", status(400, { body: '{"error":"bad request"}' })],
  ].map(([what, fault]) => ({
    name: `28 400 with ${what} proves nothing`,
    fault: /** @type {object} */ (fault),
    expect: unknown("ambiguous-status"),
  })),
  ...[405, 415].map((code) => ({
    name: `29 ${code}: a fault of the configuration stops the run`,
    fault: status(code),
    expect: stops("endpoint-refuses"),
  })),
  ...[408, 425].map((code) => ({
    name: `30 ${code} proves nothing`,
    fault: status(code, { apply: true }),
    expect: unknown("ambiguous-status"),
  })),
  {
    name: "20 a firewall's 403 stops the run and is not blamed on the credentials",
    fault: { kind: "html", status: 403 },
    expect: stops("blocked"),
  },
  {
    name: "58 a proxy's 407 stops the run",
    fault: { kind: "html", status: 407 },
    expect: stops("proxy-authentication"),
    // The fetch of these hides a 407 behind an error of the network that says nothing more.
    differs: { node: unknown("network"), chromium: unknown("network") },
  },
  {
    name: "58 the 511 of a network that asks for a login stops the run",
    fault: { kind: "html", status: 511 },
    expect: elsewhere("ambiguous-status"),
  },
  {
    name: "31 413 halves and remembers",
    fault: status(413, { body: "" }),
    times: 1,
    expect: issued(6),
  },
  {
    name: "32 431: the run stops",
    fault: status(431),
    expect: stops("endpoint-refuses"),
  },
  {
    // The fetch of these sends the POST again on a new connection, so that two arrived.
    name: "32 421: nobody can tell",
    fault: status(421),
    expect: unknown("ambiguous-status"),
    differs: Object.fromEntries(
      ["node", "chromium", "firefox"].map((name) => [name, SENT_AGAIN]),
    ),
  },
  {
    name: "33 a storm of 429 is waited out",
    fault: { kind: "rateLimited", retryAfter: { form: "seconds", seconds: 0 } },
    times: 3,
    expect: issued(6),
  },
];

/** @type {Case[]} */
const ambiguous = [
  ...[500, 502, 503, 504].flatMap((code) =>
    [false, true].map((apply) => ({
      name: `34 ${code} ${apply ? "after" : "without"} the issue: nobody can tell`,
      fault: status(code, { apply }),
      expect: unknown("ambiguous-status"),
    })),
  ),
  ...[false, true].map((apply) => ({
    name: `34 521 of the service ${apply ? "after" : "without"} the issue: nobody can tell`,
    fault: status(521, { apply }),
    expect: unknown("customer-locked"),
  })),
  {
    name: "34 521 of a proxy: nobody can tell",
    fault: { kind: "html", status: 521 },
    expect: unknown("ambiguous-status"),
  },
  {
    name: "34 503 with Retry-After proves no more",
    fault: status(503, { headers: { "retry-after": "0" } }),
    expect: unknown("ambiguous-status"),
  },
  {
    name: "34 504 at once, and the issue takes effect later",
    fault: { kind: "lateApply", afterMs: 20 },
    awaits: { issued: 30 },
    expect: unknown("ambiguous-status"),
  },
  ...[299, 499, 599].map((code) => ({
    name: `35 ${code} proves nothing`,
    fault: { kind: "unknownStatus", status: code },
    expect: unknown("ambiguous-status"),
  })),
  ...[103, 102].map((code) => ({
    name: `36 ${code} is passed over for the final status`,
    fault: { kind: "informational", status: code, then: true },
    expect: issued(),
  })),
  {
    name: "36 an informational answer and no final one",
    fault: { kind: "informational", status: 103, then: false },
    expect: unknown("network"),
  },
];

export const STATUS = [...success, ...refused, ...ambiguous];

/** The id that a fault of code 1006 is about; the gateway binds the fault to it. */
export const MET_BY = Object.freeze({ guilty: GUILTY, first: IDS[10] });
