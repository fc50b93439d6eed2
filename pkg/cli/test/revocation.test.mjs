// What one answer to revokeEarn proves, exchange by exchange.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, isStopping, judged } from "../revocation.js";

const CUSTOMER = "9223372036854775807";
const PROMOTION = "69117663b1cfc114606fd7fb";
const [A, B] = ["6911eaf1f57b486147effac0", "6911eaf1f57b486147effac1"];
const TARGET = { customerId: CUSTOMER, promotionId: PROMOTION, ids: [A, B] };

/**
 * @param {number} status
 * @param {unknown} body
 * @param {Record<string, string>} [headers]
 */
const reply = (status, body, headers = {}) => ({
  status,
  headers: new Headers(headers),
  text: typeof body === "string" ? body : JSON.stringify(body),
});

/**
 * @param {string[]} revokedEarnIds
 * @param {object} [more]
 */
const success = (revokedEarnIds, more = {}) => ({
  data: {
    revokedDetails: [{ promotionId: PROMOTION, revokedEarnIds, status: "SUCCESS", ...more }],
  },
  errors: [],
});

const error = (/** @type {number | string} */ code, more = {}) => ({
  data: null,
  errors: [{ code, message: "said", ...more }],
});

const BOTH = success([A, B]);
const REDEEMED = [{ code: 729, message: "Redeemed", earnIds: [B] }];
const MIXED = { ...success([A]), errors: REDEEMED };
const TORN = { ...BOTH, errors: REDEEMED };
const OTHER = success([A, B], { promotionId: "other" });
const LOST = /** @type {const} */ ({ status: null, isSent: true, message: "ECONNRESET" });
const NEVER = /** @type {const} */ ({ status: null, isSent: false, message: "ECONNREFUSED" });

/** @type {[string, Parameters<typeof judged>[1], string, string][]} */
const TABLE = [
  ["both revoked", reply(200, BOTH), "revoked", "revoked"],
  ["one revoked, one redeemed", reply(200, MIXED), "revoked", "refused"],
  ["named as revoked and as an error", reply(200, TORN), "revoked", "unknown"],
  ["one left out", reply(200, success([A])), "revoked", "unknown"],
  ["of another promotion", reply(200, OTHER), "unknown", "unknown"],
  ["not SUCCESS", reply(200, success([A, B], { status: "FAILED" })), "unknown", "unknown"],
  ["no such earn id", reply(400, error(731)), "refused", "refused"],
  ["a code as a text", reply(400, error("731")), "refused", "refused"],
  ["shape B", reply(400, { errorCode: 400, message: "Validation Failed" }), "refused", "refused"],
  ["an unheard code", reply(400, error(999)), "unknown", "unknown"],
  ["no JSON", reply(200, "<html>"), "unknown", "unknown"],
  ["a cut body", reply(200, JSON.stringify(BOTH).slice(0, -9)), "unknown", "unknown"],
  ["credentials refused", reply(401, error(401)), "unsent", "unsent"],
  ["access denied", reply(403, error(4000)), "unsent", "unsent"],
  ["too many calls", reply(429, ""), "unsent", "unsent"],
  ["a broken service", reply(503, error(500)), "unknown", "unknown"],
  ["a broken service that names a code", reply(500, error(731)), "unknown", "unknown"],
  ["lost on the way", LOST, "unknown", "unknown"],
  ["never left", NEVER, "unsent", "unsent"],
];

for (const [name, exchange, first, second] of TABLE) {
  test(name, () => {
    const rows = judged(TARGET, exchange);
    assert.deepEqual(rows.map(({ outcome }) => outcome), [first, second]);
    assert.deepEqual(rows.map(({ id }) => id), [A, B]);
  });
}

test("the customer's digits are written, not a number", () => {
  const details = JSON.stringify([{ promotionId: PROMOTION, earnIds: [A, B] }]);
  assert.equal(bodyOf(TARGET), `{"customerId":${CUSTOMER},"earnRevokeDetails":${details}}`);
});

test("code, words and both spellings of the request id are kept", () => {
  for (const header of ["X-Cap-Requestid", "X-CAP-REQUEST-ID"]) {
    const [row] = judged(TARGET, reply(400, error(731), { [header]: "r1" }));
    assert.deepEqual([row?.code, row?.message, row?.requestId], [731, "said", "r1"]);
  }
});

test("what every further call would meet, too, stops it", () => {
  for (const status of [301, 302, 401, 403, 405, 415, 498]) {
    assert.equal(isStopping(reply(status, "")), true, String(status));
  }
  for (const status of [200, 400, 404, 429, 500, 503]) {
    assert.equal(isStopping(reply(status, "")), false, String(status));
  }
  assert.equal(isStopping(LOST), false);
});
