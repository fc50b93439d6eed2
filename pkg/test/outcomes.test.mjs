// Outcomes that are taken as they settle: each customer once, and little kept.

import assert from "node:assert/strict";
import { test } from "node:test";
import { issueBulk, resumeIssueBulk, startIssueBulk } from "issue-bulk";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;

const SMALL = Object.freeze({ batchSize: 10, concurrency: 2 });

/** Takes everything. */
function taker() {
  /** @type {import("issue-bulk").Outcome[]} */
  const taken = [];
  let calls = 0;
  return {
    taken,
    calls: () => calls,
    onOutcomes: (/** @type {readonly import("issue-bulk").Outcome[]} */ outcomes) => {
      calls += 1;
      taken.push(...outcomes);
    },
    byId: () => [...taken].sort((a, b) => Number(a.customerId) - Number(b.customerId)),
  };
}

test("what is taken is what a report would hold, and the report has none of it", async () => {
  /** @type {any[]} */
  const faults = [
    { when: { calls: [2] }, fault: { kind: "status", status: 500 } },
    { when: { calls: [3] }, fault: { kind: "perIdError", which: { every: 5 }, code: 708 } },
    { when: { calls: [4] }, fault: { kind: "rateLimited" } },
  ];
  const run = async (/** @type {object} */ options) => {
    await service.gateway.reset();
    await service.gateway.faults(faults);
    return issueBulk(what([...ids(60), "x"]), where({ ...SMALL, concurrency: 1, ...options }));
  };
  const kept = await run({});
  const { onOutcomes, byId, calls } = taker();
  const report = await run({ onOutcomes });
  // The ids and times of the two runs differ; those of the second are in the account.
  const given = new Map((await service.gateway.issuances()).map((one) => [one.id, one]));
  for (const outcome of byId()) {
    if (outcome.outcome !== "issued") continue;
    const { customerId, eventTime, validTill } = given.get(outcome.id) ?? {};
    assert.deepEqual(
      [outcome.customerId, outcome.eventTime, outcome.validTill],
      [String(customerId), eventTime, validTill],
    );
  }
  const plain = (/** @type {any} */ outcome) => {
    const { id: _i, eventTime: _e, validTill: _v, requestId: _r, ...rest } = outcome;
    return rest;
  };
  assert.deepEqual(byId().map(plain), [...kept].map(plain));
  assert.ok(byId().some(({ outcome }) => outcome === "unknown") && calls() === 6);
  const { issued, rejected, unknown, unsent, invalid } = report.counts;
  assert.deepEqual([report.counts.given, invalid, report.length], [61, 1, 60]);
  assert.equal(issued + rejected + unknown + unsent, 60);
  assert.deepEqual([...report], []);
  for (const rows of [report.issued(), report.rejected(), report.unknown()]) {
    assert.deepEqual([...rows], []);
  }
  assert.equal(report.get("500000001"), undefined);
  assert.equal(await new Response(report.ndjson()).text(), "");
  assert.equal((await new Response(report.csv()).text()).split("\r\n").length, 2);
});

test("a run that ends early gives the rest at the end, each customer once", async () => {
  const { onOutcomes, byId } = taker();
  const job = startIssueBulk(what(ids(3_000)), where({ ...SMALL, onOutcomes }));
  for await (const { issued } of job.progress) if (issued > 0) break;
  job.cancel();
  const { counts } = await job.done;
  assert.deepEqual(
    byId().map(({ customerId }) => customerId),
    ids(3_000),
  );
  const unsent = byId().filter(({ outcome }) => outcome === "unsent");
  assert.ok(unsent.length > 0 && unsent.length === counts.unsent);
});

test("a taker that is slow slows the run", async () => {
  let isTaking = false;
  let most = 0;
  let waiting = 0;
  const onOutcomes = async () => {
    assert.ok(!isTaking, "one list after the other");
    isTaking = true;
    await new Promise((resolve) => setTimeout(resolve, 10));
    isTaking = false;
    waiting -= 1;
  };
  /** @type {import("issue-bulk").Transport} */
  const transport = async (url, init) => {
    waiting += 1;
    most = Math.max(most, waiting);
    return fetch(url, init);
  };
  const options = { batchSize: 5, concurrency: 4, onOutcomes, transport };
  const report = await issueBulk(what(ids(200)), where(options));
  assert.equal(report.counts.issued, 200);
  assert.ok(most <= 4 + 4, `${most} batches were sent and not taken`);
});

test("a call runs into its timeout while the taker is slow", { timeout: 30_000 }, async () => {
  let giveUp = () => {};
  const isGivenUp = new Promise((resolve) => (giveUp = () => resolve(undefined)));
  let calls = 0;
  /** @type {import("issue-bulk").Transport} */
  const transport = async (url, init) => {
    calls += 1;
    if (calls !== 2) return fetch(url, init);
    // Never answered, so that only its timeout ends it.
    return new Promise((_, reject) => {
      init.signal?.addEventListener("abort", () => {
        giveUp();
        reject(new Error("aborted"));
      });
    });
  };
  // Nothing more is taken before the call was given up.
  const onOutcomes = async () => isGivenUp;
  const options = { batchSize: 5, concurrency: 4, timeoutMs: 1_500, onOutcomes, transport };
  const { counts } = await issueBulk(what(ids(200)), where(options));
  assert.deepEqual([counts.issued, counts.unknown], [195, 5]);
});

test("a taker that fails ends the run, and the report has what it did not take", async () => {
  /** @type {string[]} */
  const taken = [];
  const onOutcomes = (/** @type {readonly import("issue-bulk").Outcome[]} */ outcomes) => {
    if (taken.length >= 20) throw new Error("the disk is full");
    taken.push(...outcomes.map(({ customerId }) => customerId));
  };
  const report = await issueBulk(what(ids(200)), where({ ...SMALL, onOutcomes }));
  assert.equal(report.stopped?.code, "cancelled");
  const note = report.notes.find(({ code }) => code === "outcomes-handler-failed");
  assert.match(note?.message ?? "", /the disk is full/);
  const rest = [...report].map(({ customerId }) => customerId);
  assert.deepEqual([...taken, ...rest].sort(), ids(200));
  assert.equal((await new Response(report.csv()).text()).split("\r\n").length, 2 + rest.length);
});

test("a resumed run gives all outcomes anew", async () => {
  /** @type {Uint8Array[]} */
  const pieces = [];
  const journal = {
    read: async function* () {
      yield* pieces;
    },
    append: async (/** @type {Uint8Array} */ bytes) => void pieces.push(bytes),
    truncate: async () => assert.fail("nothing is torn"),
  };
  const first = taker();
  const taking = { onOutcomes: first.onOutcomes };
  const job = startIssueBulk(what(ids(100)), where({ ...SMALL, journal, ...taking }));
  for await (const { issued } of job.progress) if (issued >= 20) break;
  job.cancel();
  await job.done;
  const second = taker();
  const { onOutcomes } = second;
  const report = await resumeIssueBulk(journal, where({ onOutcomes }));
  assert.equal(report.counts.issued, 100);
  assert.deepEqual([...report], []);
  assert.deepEqual(
    second.byId().map(({ customerId, outcome }) => [customerId, outcome]),
    ids(100).map((id) => [id, "issued"]),
  );
});

test("what cannot go together is refused", async () => {
  const { onOutcomes } = taker();
  const both = issueBulk(what(ids(1)), where({ ambiguous: "reconcile", onOutcomes }));
  await assert.rejects(both, { code: "invalid-argument", message: /onOutcomes/ });
  const wrong = issueBulk(what(ids(1)), where({ onOutcomes: {} }));
  await assert.rejects(wrong, { code: "invalid-argument" });
});

test("a taker that never answers keeps nobody waiting for a cancelled run", async () => {
  /** @type {string[]} */
  const given = [];
  const onOutcomes = (/** @type {readonly import("issue-bulk").Outcome[]} */ outcomes) => {
    given.push(...outcomes.map(({ customerId }) => customerId));
    return new Promise(() => {});
  };
  const job = startIssueBulk(what(ids(200)), where({ ...SMALL, onOutcomes }));
  while (given.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  job.cancel();
  const report = await job.done;
  assert.equal(given.length, 10);
  // Nobody knows whether it took the list, so the report has it, too.
  assert.deepEqual([...report].map(({ customerId }) => customerId), ids(200));
  const note = report.notes.find(({ code }) => code === "outcomes-handler-failed");
  assert.match(note?.message ?? "", /did not answer/);
});
