// What the service and the network can do: it ends up in the report, and the gateway's account
// shows that nothing was sent twice that may have been issued.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { issueBulk } from "issue-bulk";
import { balances, ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;

const ONE_BY_ONE = Object.freeze({ batchSize: 10, concurrency: 1 });

/**
 * A run over 30 ids in three calls, the second of which meets a fault.
 *
 * @param {object} fault
 * @param {object} [options]
 */
async function runWith(fault, options) {
  await service.gateway.faults([{ when: { calls: [2] }, fault }]);
  const report = await issueBulk(what(ids(30)), where({ ...ONE_BY_ONE, ...options }));
  assert.ok(balances(report.counts));
  return report;
}

/** Every outcome that the account contradicts. @param {import("issue-bulk").Report} report */
async function contradictions(report) {
  const account = await service.gateway.ids();
  return [...report].filter(({ customerId, outcome }) => {
    const issued = account.get(customerId)?.issued ?? 0;
    if (outcome === "issued") return issued !== 1;
    return outcome === "unknown" ? issued > 1 : issued !== 0;
  });
}

test("a promotion that is not found stops the run, and the rest is unsent", async () => {
  const missing = "0".repeat(24);
  const report = await issueBulk(what(ids(30), { promotionId: missing }), where(ONE_BY_ONE));
  assert.equal(report.stopped?.code, "promotion-not-found");
  assert.deepEqual([report.counts.unsent, report.counts.attempts], [30, 1]);
  const [unsent] = report.unsent();
  assert.equal(unsent?.reason, "promotion-not-found");
  assert.equal((await service.gateway.summary()).issued, 0);
});

/** Answers that prove nothing, and the reason they leave behind. @type {[object, string][]} */
const AMBIGUOUS = [
  [{ kind: "html", status: 502 }, "ambiguous-status"],
  [{ kind: "status", status: 500 }, "ambiguous-status"],
  [{ kind: "status", status: 503 }, "ambiguous-status"],
  [{ kind: "status", status: 521, code: 521 }, "customer-locked"],
  [{ kind: "status", status: 400, body: "" }, "ambiguous-status"],
  [{ kind: "unknownStatus", status: 202 }, "ambiguous-status"],
  [{ kind: "body", status: 200, text: "[]" }, "unreadable-body"],
  [{ kind: "body", status: 200, text: "" }, "cut-body"],
  [{ kind: "twoDocuments" }, "unreadable-body"],
  [{ kind: "truncate" }, "cut-body"],
  [{ kind: "truncate", framing: "chunked", at: { beforeEnd: 1 } }, "cut-body"],
  [{ kind: "deep", depth: 100_000 }, "oversized-body"],
  [{ kind: "duplicateIds" }, "contradictory-body"],
  [{ kind: "resetBeforeRead" }, "network"],
  [{ kind: "resetAfterRead" }, "network"],
  [{ kind: "closeBeforeAnswer" }, "network"],
  [{ kind: "actThenDrop" }, "network"],
  [{ kind: "raw", text: "what?\r\n\r\n" }, "network"],
];

for (const [fault, reason] of AMBIGUOUS) {
  test(`${JSON.stringify(fault)}: its ids are unknown (${reason}) and not sent again`, async () => {
    const report = await runWith(fault);
    assert.deepEqual(
      [...report.unknown()].map((one) => [one.customerId, one.reason]),
      ids(30).slice(10, 20).map((id) => [id, reason]),
    );
    assert.equal(report.counts.issued, 20);
    assert.deepEqual(await contradictions(report), []);
    const account = await service.gateway.ids();
    for (const [id, { arrivals }] of account) assert.equal(arrivals, 1, id);
  });
}

test("a login page in place of an answer stops the run at the first, and says so", async () => {
  const report = await runWith({ kind: "html", status: 200 });
  assert.equal(report.stopped?.code, "not-the-service");
  assert.match(report.stopped?.reason ?? "", /login/);
  assert.deepEqual(
    [...report.unknown()].map((one) => [one.customerId, one.reason]),
    ids(30).slice(10, 20).map((id) => [id, "unreadable-body"]),
  );
  assert.deepEqual([report.counts.issued, report.counts.unsent], [10, 10]);
  assert.deepEqual(await contradictions(report), []);
});

for (const kind of ["stallBeforeHeaders", "stallInBody"]) {
  test(`${kind}: the timeout ends the wait and its ids are unknown`, async () => {
    const report = await runWith({ kind }, { timeoutMs: 300 });
    assert.deepEqual([report.counts.issued, report.counts.unknown], [20, 10]);
    for (const { reason } of report.unknown()) assert.equal(reason, "timeout");
    assert.ok(report.counts.elapsedMs >= 300);
  });
}

test("ids missing from a good answer are unknown, the others stand", async () => {
  const report = await runWith({ kind: "omitIds", which: { every: 5 } });
  assert.deepEqual([report.counts.issued, report.counts.unknown], [28, 2]);
  for (const { reason } of report.unknown()) assert.equal(reason, "missing-in-answer");
  assert.deepEqual(await contradictions(report), []);
});

test("an id that the service refuses by itself is rejected with its code", async () => {
  const which = { ids: ["500000013"] };
  const report = await runWith({ kind: "perIdError", which, code: 708, message: "limit" });
  assert.deepEqual([report.counts.issued, report.counts.rejected], [29, 1]);
  const { code, message, reason } = /** @type {any} */ (report.get("500000013"));
  assert.deepEqual([code, message, reason], [708, "limit", "entry-error"]);
});

test("a 429 is sent again, not before its Retry-After", async () => {
  const retryAfter = { form: "seconds", seconds: 1 };
  const report = await runWith({ kind: "rateLimited", retryAfter });
  assert.deepEqual([report.counts.issued, report.counts.attempts], [30, 4]);
  const calls = await service.gateway.calls();
  const waited = calls[2].at - calls[1].at;
  assert.ok(waited >= 1_000, `waited ${waited} ms`);
  assert.equal(calls.length, 4);
  assert.equal((await service.gateway.summary()).duplicatesIssued, 0);
});

test("a Retry-After of a day ends the run instead of waiting", async () => {
  const report = await runWith({ kind: "rateLimited", retryAfter: { form: "day" } });
  assert.equal(report.stopped?.code, "retry-after-too-long");
  assert.deepEqual([report.counts.issued, report.counts.unsent], [10, 20]);
});

test("a 413 is halved until it fits, and later batches stay small", async () => {
  await service.gateway.faults([
    { when: { calls: [1, 2] }, fault: { kind: "status", status: 413, body: "" } },
  ]);
  const report = await issueBulk(what(ids(40)), where({ batchSize: 20, concurrency: 1 }));
  assert.equal(report.counts.issued, 40);
  const sizes = (await service.gateway.calls()).map((call) => call.ids);
  assert.deepEqual(sizes.slice(0, 2), [20, 10]);
  assert.ok(sizes.slice(2).every((size) => size <= 10), String(sizes));
  assert.deepEqual(await contradictions(report), []);
});

test("five ambiguous answers in a row stop the run", async () => {
  await service.gateway.faults([{ fault: { kind: "status", status: 500 } }]);
  const report = await issueBulk(what(ids(100)), where(ONE_BY_ONE));
  assert.equal(report.stopped?.code, "too-many-ambiguous");
  assert.deepEqual([report.counts.unknown, report.counts.unsent], [50, 50]);
});

test("nobody listening: everything is unsent, for nothing left", async () => {
  const report = await issueBulk(what(ids(2)), where({ host: await deadHost(), attempts: 2 }));
  assert.equal(report.counts.unsent, 2);
  const [unsent] = report.unsent();
  assert.equal(unsent?.reason, "not-reached");
});

test("a deadline ends the run, and the rest is unsent", async () => {
  await service.gateway.switches({ latencyMs: 100 });
  const report = await issueBulk(what(ids(1_000)), where({ ...ONE_BY_ONE, deadlineMs: 350 }));
  assert.equal(report.stopped?.code, "deadline");
  assert.ok(report.counts.issued > 0 && report.counts.unsent > 0);
  assert.deepEqual(await contradictions(report), []);
});

test("a redirect is not followed", async () => {
  const location = "https://elsewhere.example/";
  const report = await runWith({ kind: "redirect", location });
  assert.equal(report.stopped?.code, "redirected");
  assert.deepEqual([report.counts.issued, report.counts.unsent], [10, 20]);
});

/** An address at which nobody listens any more. */
async function deadHost() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}
