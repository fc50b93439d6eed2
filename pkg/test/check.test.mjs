// A promotion is looked at before a run, against the gateway's sample world.

import assert from "node:assert/strict";
import { test } from "node:test";
import { checkPromotion } from "issue-bulk";
import { PROMOTION } from "./gateway.mjs";
import { withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;

/** @param {string} promotionId @param {object} [options] */
async function found(promotionId, options) {
  const check = await checkPromotion({ promotionId }, where(options));
  assert.equal(check.promotionId, promotionId);
  assert.equal(check.ok, check.findings.every(({ severity }) => severity === "warn"));
  return { check, codes: check.findings.map(({ code }) => code) };
}

test("each promotion of the sample world is told for what it is", async () => {
  const prefix = PROMOTION.slice(0, -1);
  /** @type {[string, string[], boolean][]} */
  const table = [
    [PROMOTION, ["issuance-unlimited"], true],
    [`${prefix}5`, ["promotion-expired", "issuance-unlimited"], false],
    [`${prefix}6`, ["promotion-inactive", "issuance-unlimited"], false],
    [`${prefix}7`, ["promotion-type", "issuance-unlimited"], false],
    [`${prefix}8`, [], true],
    [`${prefix}9`, ["promotion-type-unproven", "issuance-unlimited"], true],
    ["0".repeat(24), ["promotion-not-found"], false],
  ];
  for (const [promotionId, expected, ok] of table) {
    const { check, codes } = await found(promotionId);
    assert.deepEqual([codes, check.ok], [expected, ok], promotionId);
  }
  const { check } = await found(`${prefix}8`);
  assert.deepEqual([check.exists, check.active, check.type], [true, true, "CUSTOMER"]);
  assert.equal(check.maxIssuancePerCustomer, 1);
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("an OAuth client looks, too, and what fails is tried again", async () => {
  const auth = { key: "sample-key", secret: "sample-secret" };
  const fault = { kind: "status", status: 503 };
  await service.gateway.faults([{ when: { path: "promotions", calls: [1, 2] }, fault }]);
  const { codes } = await found(PROMOTION, { auth });
  assert.deepEqual(codes, ["issuance-unlimited"]);
});

test("what cannot be read is a finding and no error", async () => {
  const wrong = { auth: { username: "store.server", password: "wrong" } };
  const { check, codes } = await found(PROMOTION, wrong);
  assert.deepEqual([codes, check.exists, check.ok], [["unauthorised"], null, false]);
  const fault = { kind: "html", status: 200 };
  await service.gateway.faults([{ when: { path: "promotions" }, fault }]);
  assert.deepEqual((await found(PROMOTION, { attempts: 2 })).codes, ["promotion-unread"]);
  const aborted = { signal: AbortSignal.abort() };
  assert.deepEqual((await found(PROMOTION, aborted)).codes, ["cancelled"]);
});

test("wrong arguments are refused", async () => {
  const check = (/** @type {any} */ request, options = {}) =>
    checkPromotion(request, where(options));
  await assert.rejects(check({}), { code: "invalid-promotion-id" });
  await assert.rejects(check({ promotionId: ".." }), { code: "invalid-promotion-id" });
  await assert.rejects(check({ promotionId: 5 }), { code: "invalid-option" });
  await assert.rejects(check(null), { code: "invalid-argument" });
  await assert.rejects(check({ promotionId: "a" }, { batchSize: 5 }), { code: "unknown-option" });
  await assert.rejects(check({ promotionId: "a" }, { host: "a b" }), { code: "invalid-host" });
});
