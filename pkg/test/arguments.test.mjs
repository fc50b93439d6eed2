// Mistakes of the program: a typed error with a stable code and the fix, before anything is sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { IssueBulkError, issueBulk, planIssueBulk, startIssueBulk } from "issue-bulk";
import { PROMOTION } from "./gateway.mjs";
import { what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;

/** @type {[any, string][]} */
const REQUESTS = [
  [{ promotionId: ".." }, "invalid-promotion-id"],
  [{ promotionId: "." }, "invalid-promotion-id"],
  [{ promotionId: "a/b" }, "invalid-promotion-id"],
  [{ promotionId: "%2e%2e" }, "invalid-promotion-id"],
  [{ promotionId: "a\\b" }, "invalid-promotion-id"],
  [{ promotionId: "" }, "invalid-promotion-id"],
  [{ contextId: "" }, "invalid-context-id"],
  [{ contextId: "a\r\nb" }, "invalid-context-id"],
  [{ contextId: "x".repeat(129) }, "invalid-context-id"],
  [{ contextId: "half a pair \ud83c" }, "invalid-context-id"],
  [{ customerIDs: [1n] }, "unknown-option"],
];

/** @type {[any, string][]} */
const OPTIONS = [
  [{ host: "" }, "invalid-host"],
  [{ host: "a b" }, "invalid-host"],
  [{ host: "host/path" }, "invalid-host"],
  [{ host: "https://user@host" }, "invalid-host"],
  [{ host: "http://eu.api.capillarytech.com" }, "insecure-host"],
  [{ host: "http://127.0.0.1.evil.example" }, "insecure-host"],
  [{ basePath: "/../x" }, "invalid-base-path"],
  [{ auth: { token: "a\r\nb" } }, "invalid-credentials"],
  [{ auth: { token: "\u00e4" } }, "invalid-credentials"],
  [{ auth: { username: "u" } }, "invalid-credentials"],
  [{ auth: { username: "u:v", password: "p" } }, "invalid-credentials"],
  [{ auth: { username: "u\r\n", password: "p" } }, "invalid-credentials"],
  [{ auth: { username: "u", passwordMd5: "not md5" } }, "invalid-credentials"],
  [{ attribution: { code: "a\nb" } }, "invalid-header"],
  [{ attribution: { type: "SHOP", code: "a" } }, "invalid-attribution"],
  [{ orgId: "1\n2" }, "invalid-header"],
  [{ auth: [] }, "invalid-argument"],
  [{ auth: "secret" }, "invalid-argument"],
  [{ batchSize: 0 }, "invalid-batch-size"],
  [{ batchSize: 10_001 }, "invalid-batch-size"],
  [{ batchSize: 1.5 }, "invalid-batch-size"],
  [{ concurrency: 65 }, "invalid-concurrency"],
  [{ concurrency: NaN }, "invalid-concurrency"],
  [{ rate: { perMinute: 0 } }, "invalid-rate"],
  [{ timeoutMs: -1 }, "invalid-timeout"],
  [{ deadlineMs: 0 }, "invalid-timeout"],
  [{ responseBytesMax: 10 }, "invalid-response-bytes-max"],
  [{ attempts: 0 }, "invalid-attempts"],
  [{ stop: { failurePercent: 200 } }, "invalid-stop-rule"],
  [{ ambiguous: "again" }, "invalid-ambiguous"],
  [{ concurency: 3 }, "unknown-option"],
  [{ rate: { perMin: 60 } }, "unknown-option"],
  [{ stop: { failures: 3 } }, "unknown-option"],
  [{ input: { colum: 2 } }, "unknown-option"],
  [{ attribution: { code: "a", kind: "TILL" } }, "unknown-option"],
  [{ auth: { token: "t", tokens: "t" } }, "unknown-option"],
  [{ auth: { username: "u", password: 5 } }, "invalid-option"],
  [{ signal: {} }, "invalid-argument"],
  [{ signal: new AbortController() }, "invalid-argument"],
  [{ onProgress: "x" }, "invalid-argument"],
  [{ transport: {} }, "invalid-argument"],
  [{ input: "csv" }, "invalid-argument"],
  [{ input: { format: "xml" } }, "invalid-input"],
  [{ input: { column: -1 } }, "invalid-input"],
  [{ input: { dedupe: "yes" } }, "invalid-option"],
];

/**
 * @param {any} request
 * @param {any} options
 * @param {string} code
 */
async function refused(request, options, code) {
  const shown = inspect([request, options, code]);
  const check = (/** @type {any} */ error) => {
    assert.ok(error instanceof IssueBulkError, `${shown}: ${error}`);
    assert.equal(error.code, code, shown);
    assert.match(error.message, /[.)]$/, shown);
    return true;
  };
  await assert.rejects(issueBulk(request, options), check, shown);
  await assert.rejects(planIssueBulk(request, options), check);
  assert.throws(() => startIssueBulk(request, options), check);
}

test("a wrong request is refused before the input is read", async () => {
  for (const [change, code] of REQUESTS) {
    const untouched = {
      [Symbol.iterator]: () => assert.fail("the input was read"),
    };
    await refused(what(untouched, change), where(), code);
  }
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("a wrong option is refused before the input is read", async () => {
  for (const [change, code] of OPTIONS) await refused(what(["1"]), where(change), code);
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("arguments of the wrong kind are named", async () => {
  const call = /** @type {any} */ (issueBulk);
  const wrong = { code: "invalid-argument" };
  await assert.rejects(call(), wrong);
  await assert.rejects(call(what(["1"])), { ...wrong, message: /options/ });
  await assert.rejects(call([1n], where()), { ...wrong, message: /request/ });
  await assert.rejects(call({ promotionId: 5, contextId: "c", customerIds: ["1"] }, where()), {
    name: "IssueBulkError",
  });
});

test("errors quote no secret", async () => {
  const auth = { username: "canary-user\n", password: "canary-password\r\n", token: "canary\n" };
  await assert.rejects(issueBulk(what(["1"]), where({ auth })), (/** @type {any} */ error) => {
    assert.ok(!String(error.stack).includes("canary"), error.stack);
    return true;
  });
});

test("undefined options are as good as absent ones", async () => {
  for (const rate of [undefined, null, {}, { perMinute: undefined }]) {
    const report = await issueBulk(
      { promotionId: PROMOTION, contextId: "c", customerIds: ["1"] },
      where({ batchSize: undefined, rate, signal: undefined, input: undefined }),
    );
    assert.equal(report.counts.issued, 1);
  }
});
