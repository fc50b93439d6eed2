// A run that is watched, paused and cancelled.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { issueBulk, startIssueBulk } from "issue-bulk";
import { balances, ids, what, withGateway } from "./runs.mjs";

/** @typedef {import("issue-bulk").Progress} Progress */

const service = withGateway();
const { where } = service;

const SLOW = Object.freeze({ batchSize: 10, concurrency: 2 });

/** The sums of a progress. @param {Progress} progress */
function isConsistent({ queued, inFlight, issued, rejected, unsent, unknown, distinct }) {
  return distinct === queued + inFlight + issued + rejected + unsent + unknown;
}

test("a signal that is aborted already sends nothing, and every id is unsent", async () => {
  const signal = AbortSignal.abort();
  const inputs = [ids(3), ids(3).join("\n"), new Set(ids(3)), BigInt64Array.of(1n, 2n, 3n)];
  for (const input of inputs) {
    const report = await issueBulk(what(input), where({ signal }));
    assert.equal(report.stopped?.code, "cancelled");
    assert.deepEqual([report.counts.unsent, report.counts.attempts], [3, 0]);
  }
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("an abort during the run awaits what is in flight and leaves the rest unsent", async () => {
  await service.gateway.switches({ latencyMs: 50 });
  const controller = new AbortController();
  const report = await issueBulk(
    what(ids(500)),
    where({
      ...SLOW,
      signal: controller.signal,
      onProgress: (/** @type {Progress} */ { issued }) => issued > 0 && controller.abort(),
    }),
  );
  const { counts } = report;
  assert.ok(balances(counts));
  assert.equal(report.stopped?.code, "cancelled");
  assert.ok(counts.issued > 0 && counts.unsent > 0 && counts.unknown === 0, JSON.stringify(report));
  assert.equal((await service.gateway.summary()).issued, counts.issued);
});

test("a cancel while nobody answers ends at the timeout, with unknown ids", async () => {
  await service.gateway.faults([{ fault: { kind: "stallBeforeHeaders" } }]);
  const job = startIssueBulk(what(ids(100)), where({ ...SLOW, timeoutMs: 300 }));
  for await (const { inFlight } of job.progress) if (inFlight > 0) break;
  job.cancel();
  const { counts } = await job.done;
  assert.ok(counts.unknown > 0 && counts.unsent > 0 && counts.issued === 0);
  assert.equal(counts.unknown, 10 * counts.attempts);
});

test("an abort while the input arrives sends nothing and waits for nothing", async () => {
  const controller = new AbortController();
  let isCancelled = false;
  const stalled = new ReadableStream({
    start: (stream) => stream.enqueue(new TextEncoder().encode("11\n12\n1")),
    pull: () => {
      controller.abort();
      return new Promise(() => {});
    },
    cancel: () => {
      isCancelled = true;
    },
  });
  const report = await issueBulk(what(stalled), where({ signal: controller.signal }));
  assert.equal(report.stopped?.code, "cancelled");
  assert.deepEqual([report.length, report.counts.given], [0, 0]);
  assert.equal(report.get(11), undefined);
  assert.deepEqual([[...report], report.problems, report.at(0)], [[], [], undefined]);
  assert.equal(report.columns().customerIds.length, 0);
  assert.equal(await new Response(report.ndjson()).text(), "");
  assert.ok(isCancelled);
  assert.equal((await service.gateway.summary()).calls, 0);

  const full = await issueBulk(what(["11"]), where());
  const [header] = (await new Response(full.csv()).text()).split(/(?<=\n)/);
  assert.equal(await new Response(report.csv()).text(), header);
});

test("an abort lets go of a Node stream that has nothing to say", async () => {
  const controller = new AbortController();
  const silent = new Readable({ read: () => controller.abort() });
  const report = await issueBulk(what(silent), where({ signal: controller.signal }));
  assert.equal(report.stopped?.code, "cancelled");
  assert.ok(silent.destroyed);
});

test("an abort while ids arrive one by one keeps those that came, unsent", async () => {
  const controller = new AbortController();
  let isReturned = false;
  async function* arriving() {
    try {
      yield 11n;
      yield 12n;
      controller.abort();
      await new Promise(() => {});
    } finally {
      isReturned = true;
    }
  }
  const report = await issueBulk(what(arriving()), where({ signal: controller.signal }));
  assert.deepEqual([...report].map(({ customerId, outcome }) => [customerId, outcome]), [
    ["11", "unsent"],
    ["12", "unsent"],
  ]);
  assert.equal(isReturned, false);
});

test("a signal is let go at the end of the run", async () => {
  const { signal } = new AbortController();
  const listeners = new Set();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (/** @type {any[]} */ ...args) => {
    listeners.add(args[1]);
    return Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (/** @type {any[]} */ ...args) => {
    listeners.delete(args[1]);
    return Reflect.apply(removeEventListener, signal, args);
  };
  await issueBulk(what(["11"]), where({ signal }));
  assert.equal(listeners.size, 0);
});

test("progress is consistent, grows, and ends with done", async () => {
  /** @type {Progress[]} */
  const seen = [];
  const report = await issueBulk(
    what(ids(1_000)),
    where({ ...SLOW, onProgress: (/** @type {Progress} */ progress) => seen.push(progress) }),
  );
  assert.ok(seen.length > 2);
  for (const progress of seen) assert.ok(isConsistent(progress), JSON.stringify(progress));
  for (let at = 1; at < seen.length; at += 1) {
    assert.ok((seen[at]?.issued ?? 0) >= (seen[at - 1]?.issued ?? 0));
  }
  const last = seen.at(-1);
  assert.deepEqual([last?.state, last?.issued, last?.queued], ["done", 1_000, 0]);
  assert.equal(report.counts.issued, 1_000);
});

test("an onProgress that throws or rejects does not disturb the run", async () => {
  const handlers = [
    () => {
      throw new Error("handler");
    },
    async () => {
      throw new Error("handler");
    },
  ];
  for (const handler of handlers) {
    let calls = 0;
    const onProgress = () => {
      calls += 1;
      return handler();
    };
    const report = await issueBulk(what(ids(100)), where({ ...SLOW, onProgress }));
    assert.equal(report.counts.issued, 100);
    assert.ok(calls > 1);
    assert.deepEqual(report.notes.map(({ code }) => code), ["progress-handler-failed"]);
    assert.match(report.notes[0]?.message ?? "", /handler/);
  }
});

test("an onProgress that fails at the end alone, with anything, is noted too", async () => {
  const thrown = [Object.create(null), { toString: () => assert.fail("converted") }, undefined];
  for (const value of thrown) {
    const onProgress = (/** @type {Progress} */ { state }) => {
      if (state === "done") throw value;
    };
    const report = await issueBulk(what(ids(1)), where({ onProgress }));
    assert.equal(report.counts.issued, 1);
    assert.deepEqual(report.notes.map(({ code, count }) => [code, count]), [
      ["progress-handler-failed", 1],
    ]);
  }
});

test("loops over the progress are independent, skip nothing but old states, and end", async () => {
  const job = startIssueBulk(what(ids(2_000)), where(SLOW));
  const follow = async () => {
    const states = [];
    for await (const { state, issued } of job.progress) states.push(`${state} ${issued}`);
    return states;
  };
  const [one, two, report] = await Promise.all([follow(), follow(), job.done]);
  assert.equal(one[0], "reading 0");
  assert.equal(one.at(-1), "done 2000");
  assert.equal(two.at(-1), "done 2000");
  assert.equal(report.counts.issued, 2_000);
  assert.deepEqual(await follow(), ["done 2000"]);
  assert.equal(job.snapshot().state, "done");
});

test("a reader that stays away gets the latest state, and no queue", async () => {
  const job = startIssueBulk(what(ids(2_000)), where(SLOW));
  const loop = job.progress[Symbol.asyncIterator]();
  await loop.next();
  await job.done;
  assert.equal((await loop.next()).value?.state, "done");
  assert.equal((await loop.next()).done, true);
});

test("a loop that is left, also while it waits, lets the run go on", async () => {
  const job = startIssueBulk(what(ids(200)), where(SLOW));
  for await (const progress of job.progress) {
    assert.ok(isConsistent(progress));
    break;
  }
  job.pause();
  const loop = job.progress[Symbol.asyncIterator]();
  let waiting = loop.next();
  for (let step = await waiting; step.value?.state !== "paused"; step = await waiting) {
    waiting = loop.next();
  }
  waiting = loop.next();
  await loop.return?.();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  job.resume();
  assert.equal((await job.done).counts.issued, 200);
});

test("a job that is paused at once sends nothing until it is resumed", async () => {
  const job = startIssueBulk(what(ids(50)), where(SLOW));
  job.pause();
  for await (const { state, attempts } of job.progress) {
    assert.equal(attempts, 0);
    if (state === "paused") break;
  }
  assert.equal((await service.gateway.summary()).calls, 0);
  job.resume();
  assert.equal((await job.done).counts.issued, 50);
});

test("wrong credentials are thrown by resume, also before the input is read", async () => {
  const job = startIssueBulk(what(ids(3)), where());
  job.pause();
  assert.throws(() => job.resume(/** @type {any} */ ({ username: "u" })), {
    code: "invalid-credentials",
  });
  for await (const { state } of job.progress) if (state === "paused") break;
  assert.throws(() => job.resume({ token: "a\r\nb" }), { code: "invalid-credentials" });
  assert.throws(() => job.resume(async () => ({})), { code: "invalid-credentials" });
  assert.equal((await service.gateway.summary()).calls, 0);
  job.resume();
  assert.equal((await job.done).counts.issued, 3);
});

test("a storm of pauses sends nothing twice", async () => {
  const job = startIssueBulk(what(ids(1_000)), where(SLOW));
  for await (const { issued } of job.progress) {
    job.pause();
    if (issued % 20 === 0) job.pause();
    job.resume();
  }
  const report = await job.done;
  assert.equal(report.counts.issued, 1_000);
  const summary = await service.gateway.summary();
  assert.deepEqual([summary.issued, summary.arrivals], [1_000, 1_000]);
});

test("a job that goes on during a Retry-After of a day waits, and can be cancelled", async () => {
  const fault = { kind: "rateLimited", retryAfter: { form: "day" } };
  await service.gateway.faults([{ when: { calls: [2] }, fault }]);
  const job = startIssueBulk(what(ids(30)), where({ ...SLOW, concurrency: 1 }));
  for await (const { state, pausedBy } of job.progress) {
    if (state !== "paused") continue;
    assert.equal(pausedBy, "retry-after-too-long");
    break;
  }
  job.resume();
  assert.equal(job.snapshot().state, "running");
  job.cancel();
  const { counts } = await job.done;
  assert.deepEqual([counts.issued, counts.unsent, counts.attempts], [10, 20, 2]);
});

test("a paused job can be cancelled", async () => {
  const job = startIssueBulk(what(ids(50)), where(SLOW));
  job.pause();
  for await (const { state } of job.progress) if (state === "paused") break;
  job.cancel();
  job.cancel();
  const report = await job.done;
  assert.deepEqual([report.stopped?.code, report.counts.unsent], ["cancelled", 50]);
  job.pause();
  job.resume();
  job.cancel();
});

test("handlers may act on the job from within", async () => {
  const job = startIssueBulk(
    what(ids(300)),
    where({
      ...SLOW,
      onProgress: (/** @type {Progress} */ { issued }) => {
        job.pause();
        job.snapshot();
        job.resume();
        if (issued >= 100) job.cancel();
      },
    }),
  );
  const report = await job.done;
  assert.equal(report.stopped?.code, "cancelled");
  assert.ok(report.counts.issued >= 100 && report.counts.unsent > 0);
});

test("what is wrong with the input rejects done, and is thrown in the loop", async () => {
  const job = startIssueBulk(what([]), where());
  await assert.rejects(
    async () => {
      for await (const progress of job.progress) assert.equal(progress.state, "reading");
    },
    { code: "no-ids" },
  );
  await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(job.done, { code: "no-ids" });
});

test("an endless generator keeps nobody waiting for a cancelled run", async () => {
  let isClosed = false;
  function* endless() {
    try {
      for (let id = 1n; ; id += 1n) yield id;
    } finally {
      isClosed = true;
    }
  }
  const job = startIssueBulk(what(endless()), where());
  setTimeout(() => job.cancel(), 20);
  const { counts, stopped, length } = await job.done;
  assert.equal(stopped?.code, "cancelled");
  assert.ok(isClosed && length > 0 && counts.unsent === length);
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("a job that fails before anybody looks at done does not end the process", async () => {
  const job = startIssueBulk(what([]), where());
  // Node ends a process by a rejection that nobody looks at in the turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 50));
  await assert.rejects(job.done, { code: "no-ids" });
});

test("a transport may act on its job and start another run from within", async () => {
  /** @type {Promise<import("issue-bulk").Report>[]} */
  const others = [];
  /** @type {import("issue-bulk").Transport} */
  const transport = (url, init) => {
    job.pause();
    job.snapshot();
    job.resume();
    if (others.length < 3) others.push(issueBulk(what(ids(10)), where({ batchSize: 10 })));
    return fetch(url, init);
  };
  const job = startIssueBulk(what(ids(100)), where({ ...SLOW, transport }));
  assert.equal((await job.done).counts.issued, 100);
  for (const { counts } of await Promise.all(others)) assert.equal(counts.issued, 10);
});

test("getters of an answer may act on the job, and one that throws proves nothing", async () => {
  /** @type {any} */
  const transport = async (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
    const response = await fetch(url, init);
    return {
      get status() {
        job.pause();
        job.resume();
        return response.status;
      },
      get headers() {
        job.snapshot();
        return response.headers;
      },
      get body() {
        calls += 1;
        if (calls === 2) throw new TypeError("no body");
        return response.body;
      },
    };
  };
  let calls = 0;
  const job = startIssueBulk(what(ids(40)), where({ ...SLOW, concurrency: 1, transport }));
  const { counts } = await job.done;
  assert.deepEqual([counts.issued, counts.unknown], [30, 10]);
});
