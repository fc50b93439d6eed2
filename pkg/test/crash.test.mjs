// What the face does when the core crashes. The real core does not, so these tests put a broken
// one in its place.

import assert from "node:assert/strict";
import { test } from "node:test";
import { brokenCore, trap } from "./broken-core.mjs";
import { inside } from "./inside.mjs";

const { Engine, Job, prepare } = await inside();

const REQUEST = { promotionId: "p", contextId: "c", customerIds: [1n] };
const OPTIONS = { host: "service.example" };

/** @param {import("./broken-core.mjs").Behaviour} behaviour */
function engineOf(behaviour) {
  const engine = new Engine();
  engine.boot(brokenCore(behaviour), () => {});
  return engine;
}

const transport = async () => new Response("{}");

/** @param {any} engine */
const start = (engine, options = {}) =>
  new Job(engine, prepare(engine, REQUEST, { ...OPTIONS, transport, ...options }, true));

const CRASHED = { name: "IssueBulkError", code: "core-crashed" };

/** @param {() => void} action */
const throwing = (action) => () => {
  action();
  throw trap();
};

test("a trap in any call rejects the run and names what to do", async () => {
  const places = [
    "pushLongs", "issue", "drive", "turn", "callback", "body", "head", "chunk", "end", "outcomes",
  ];
  for (const place of places) {
    const engine = engineOf({ before: { [place]: throwing(() => {}) } });
    await assert.rejects(start(engine).done, (/** @type {any} */ error) => {
      assert.equal(error.code, "core-crashed", place);
      assert.match(error.message, /unknown/);
      assert.ok(error.cause instanceof WebAssembly.RuntimeError);
      return true;
    });
  }
});

test("a trap where a failure is told or a timer wakes the run rejects it", async (context) => {
  const failing = engineOf({ before: { fail: throwing(() => {}) } });
  const lost = async () => {
    throw new TypeError("fetch failed");
  };
  await assert.rejects(start(failing, { transport: lost }).done, CRASHED);

  context.mock.timers.enable({ apis: ["setTimeout"] });
  let turns = 0;
  const before = { turn: () => void (turns += 1), timer: throwing(() => {}) };
  const sleeping = start(engineOf({ hangs: true, before }));
  const rejected = assert.rejects(sleeping.done, CRASHED);
  while (turns < 3) await new Promise((resolve) => setImmediate(resolve));
  context.mock.timers.tick(0x7fff_ffff);
  await rejected;
});

test("whatever a turn throws is the end of the core, trap or not", async () => {
  const odd = () => {
    throw new TypeError("an import failed");
  };
  for (const place of ["turn", "callback"]) {
    const engine = engineOf({ before: { [place]: odd } });
    await assert.rejects(start(engine).done, CRASHED);
    assert.throws(() => engine.assertReady(), CRASHED);
  }
});

test("a trap before the input is read is thrown at once", () => {
  const engine = engineOf({ before: { plan: throwing(() => {}) } });
  assert.throws(() => start(engine), CRASHED);
});

test("after a crash every call throws the same, and nothing is sent", async () => {
  let isBroken = false;
  const engine = engineOf({
    before: {
      find: () => {
        if (isBroken) throw trap();
      },
    },
  });
  const report = await start(engine).done;
  assert.equal(report.get(1n), undefined);
  let sent = 0;
  const counting = async () => {
    sent += 1;
    return new Response();
  };
  const late = start(engine, { transport: counting });
  isBroken = true;
  const rejected = assert.rejects(late.done, CRASHED);
  // The run began before the crash, and its request would leave after it.
  await null;
  assert.throws(() => report.get(1n), CRASHED);
  isBroken = false;
  assert.throws(() => report.get(1n), CRASHED);
  assert.throws(() => report.columns(), CRASHED);
  assert.throws(() => start(engine), CRASHED);
  await rejected;
  assert.equal(sent, 0);
});

test("a crash in one run ends the others of the same core", async () => {
  let isBroken = false;
  const engine = engineOf({
    hangs: true,
    before: {
      cancel: () => {
        if (isBroken) throw trap();
      },
    },
  });
  const [one, two] = [start(engine), start(engine)];
  await new Promise((resolve) => setImmediate(resolve));
  isBroken = true;
  assert.throws(() => one.cancel(), CRASHED);
  await assert.rejects(one.done, CRASHED);
  await assert.rejects(two.done, CRASHED);
});

test("an aborted signal that meets a crash rejects the run and throws nowhere else", async () => {
  const controller = new AbortController();
  const engine = engineOf({ hangs: true, before: { cancel: throwing(() => {}) } });
  const job = start(engine, { signal: controller.signal });
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  await assert.rejects(job.done, CRASHED);
});

test("what the core refuses is an error with its code, and no crash", async () => {
  const refusal = { code: "internal-error", message: "The core was called wrongly." };
  const refuse = () => {
    throw refusal;
  };
  const engine = engineOf({ before: { issue: refuse } });
  await assert.rejects(start(engine).done, { name: "IssueBulkError", ...refusal });
  assert.equal(engine.call((/** @type {any} */ core) => core.version()), "0.0.0");
});

test("a core that could not be compiled says so at the first call", () => {
  const engine = new Engine();
  const cause = new Error("refused by the Content-Security-Policy");
  engine.boot({}, () => {
    throw cause;
  });
  assert.throws(() => engine.assertReady(), { code: "core-not-ready", cause });
  assert.throws(() => start(engine), { code: "core-not-ready" });
  engine.boot(brokenCore({}), () => {});
  assert.doesNotThrow(() => start(engine));
  assert.throws(() => new Engine().assertReady(), /init\(\)/);
});
