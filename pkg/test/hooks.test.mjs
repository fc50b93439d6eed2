// Hooks: what they are told, in which order, and that they change nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { issueBulk, resumeIssueBulk, startIssueBulk } from "issue-bulk";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;

const NAMES = /** @type {const} */ ([
  "onRunStart",
  "onAttemptStart",
  "onAttemptEnd",
  "onBatchEnd",
  "onRunEnd",
]);

/** Hooks that keep what they are told. */
function recorder() {
  /** @type {[string, any][]} */
  const events = [];
  const entry = (/** @type {string} */ name) => [
    name,
    (/** @type {any} */ event) => void events.push([name, event]),
  ];
  return {
    events,
    hooks: Object.fromEntries(NAMES.map(entry)),
    of: (/** @type {string} */ name) =>
      events.filter(([each]) => each === name).map(([, event]) => event),
  };
}

const SMALL = Object.freeze({ batchSize: 10, concurrency: 1 });

test("a run tells its calls and batches in order, with times and sums that fit", async () => {
  const { events, hooks, of } = recorder();
  const began = Date.now();
  const report = await issueBulk(what([...ids(25), "x"]), where({ ...SMALL, hooks }));
  const names = events.map(([name]) => name);
  assert.deepEqual(
    [names[0], names.at(-1), names.length],
    ["onRunStart", "onRunEnd", 2 + 3 * 3],
  );
  const [runStart] = of("onRunStart");
  assert.deepEqual([runStart.ids, runStart.settled], [25, 0]);
  const starts = of("onAttemptStart");
  assert.deepEqual(
    starts.map(({ batch, attempt, ids }) => [batch, attempt, ids]),
    [
      [0, 1, 10],
      [1, 1, 10],
      [2, 1, 5],
    ],
  );
  const calls = await service.gateway.calls();
  const ends = of("onAttemptEnd");
  for (const [at, end] of ends.entries()) {
    assert.deepEqual([end.status, end.verdict, end.reason], [200, "match", null]);
    assert.equal(end.requestId, calls[at].requestId ?? end.requestId);
    assert.equal(typeof end.requestId, "string");
    assert.ok(end.epochMs >= began && end.durationMs > 0 && end.durationMs < 10_000);
    assert.equal(end.bytesSent, starts[at].bytesSent);
  }
  const sum = (/** @type {any[]} */ all, /** @type {string} */ key) =>
    all.reduce((total, one) => total + one[key], 0);
  assert.equal(sum(ends, "bytesSent"), report.counts.bytesSent);
  assert.equal(sum(ends, "bytesReceived"), report.counts.bytesReceived);
  assert.equal(sum(of("onBatchEnd"), "issued"), 25);
  const [runEnd] = of("onRunEnd");
  assert.deepEqual([runEnd.counts, runEnd.stopped], [report.counts, null]);
  for (const [, event] of events) assert.ok(Object.isFrozen(event));
});

/** Faults of the first call, and how its end is told. @type {[object, any[], object?][]} */
const ENDS = [
  [{ kind: "status", status: 500 }, [500, "hold", "ambiguous-status"]],
  [{ kind: "resetAfterRead" }, [null, "hold", "network"]],
  [{ kind: "stallBeforeHeaders" }, [null, "hold", "timeout"], { timeoutMs: 200 }],
  [{ kind: "truncate" }, [200, "hold", "cut-body"]],
  [{ kind: "rateLimited" }, [429, "retry", "throttled"]],
  [{ kind: "status", status: 413, body: "" }, [413, "split", "too-large"]],
  [{ kind: "redirect", location: "https://x.example/" }, [302, "stop", "redirected"]],
];

for (const [fault, expected, options] of ENDS) {
  test(`the end of a call with ${JSON.stringify(fault)} is told`, async () => {
    await service.gateway.faults([{ when: { calls: [1] }, fault }]);
    const { hooks, of } = recorder();
    const report = await issueBulk(what(ids(10)), where({ ...SMALL, ...options, hooks }));
    const [end] = of("onAttemptEnd");
    assert.deepEqual([end.status, end.verdict, end.reason], expected);
    assert.equal(of("onAttemptEnd").length, report.counts.attempts);
    const batches = of("onBatchEnd");
    for (const name of ["issued", "unsent", "unknown"]) {
      const told = batches.reduce((total, batch) => total + batch[name], 0);
      assert.equal(told, report.counts[/** @type {"issued"} */ (name)], name);
    }
    const again = { retry: [2], split: [1, 1, 1], hold: [1], stop: [1] }[String(expected[1])];
    assert.deepEqual(batches.map(({ attempts }) => attempts), again);
  });
}

test("hooks hold no secret and no customer", async () => {
  const { events, hooks } = recorder();
  const customers = ["987654321987654321", "876543219876543219"];
  await issueBulk(what(customers), where({ ...SMALL, hooks }));
  const told = JSON.stringify(events);
  for (const word of ["server123", ...customers]) assert.ok(!told.includes(word), told);
  const [batch] = events.filter(([name]) => name === "onBatchEnd").map(([, event]) => event);
  const outcomes = ["issued", "rejected", "unknown", "unsent"];
  const known = ["attempts", "batch", "durationMs", "epochMs", "ids", ...outcomes];
  assert.deepEqual(Object.keys(batch).sort(), known.sort());
});

test("hooks that throw or reject change nothing and are noted once each", async () => {
  const failing = {
    onRunStart: () => {
      throw new Error("boom");
    },
    onAttemptEnd: async () => {
      throw new Error("boom");
    },
  };
  const report = await issueBulk(what(ids(30)), where({ ...SMALL, hooks: failing }));
  assert.equal(report.counts.issued, 30);
  const note = report.notes.find(({ code }) => code === "hook-failed");
  assert.deepEqual([note?.count, note?.message.includes("boom")], [4, true]);
});

test("a hook may act on the job", async () => {
  const job = startIssueBulk(
    what(ids(100)),
    where({ ...SMALL, hooks: { onBatchEnd: () => job.cancel() } }),
  );
  const { counts, stopped } = await job.done;
  assert.equal(stopped?.code, "cancelled");
  assert.ok(counts.issued >= 10 && counts.unsent > 0);
});

test("a resumed run says what was settled before", async () => {
  /** @type {Uint8Array[]} */
  const pieces = [];
  const journal = {
    read: async function* () {
      yield* pieces;
    },
    append: async (/** @type {Uint8Array} */ bytes) => void pieces.push(bytes),
    truncate: async () => assert.fail("nothing is torn"),
  };
  await issueBulk(what(ids(30)), where({ ...SMALL, journal }));
  const { hooks, of } = recorder();
  await resumeIssueBulk(journal, where({ hooks }));
  const [runStart] = of("onRunStart");
  assert.deepEqual([runStart.ids, runStart.settled], [30, 30]);
});

test("hooks are functions of known names", async () => {
  /** @type {[any, string][]} */
  const wrong = [
    [{ onAttempt: () => {} }, "unknown-option"],
    [{ onRunEnd: "x" }, "invalid-argument"],
    ["x", "invalid-argument"],
  ];
  for (const [hooks, code] of wrong) {
    await assert.rejects(issueBulk(what(ids(1)), where({ hooks })), { code });
  }
});
