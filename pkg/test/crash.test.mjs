// What the face does when the core crashes or stands still. The real core does neither, so these
// tests put a broken one in its place.

import assert from "node:assert/strict";
import { test } from "node:test";
import { brokenCore, trap } from "./broken-core.mjs";
import { inside } from "./inside.mjs";

const { Engine } = await inside("engine.js");
const { Job } = await inside("job.js");
const { PATIENCE_MS, Watchdog } = await inside("watchdog.js");

const REQUEST = { promotionId: "p", contextId: "c", customerIds: [1n] };
const OPTIONS = { host: "service.example" };

/** @param {import("./broken-core.mjs").Behaviour} behaviour */
function engineOf(behaviour) {
  const engine = new Engine();
  engine.boot(brokenCore(behaviour), () => {});
  return engine;
}

/** @param {any} engine */
const start = (engine, options = {}) => new Job(engine, REQUEST, { ...OPTIONS, ...options }, true);

/** Never settles, like a promise whose task was lost in a trap. */
const never = () => new Promise(() => {});

const CRASHED = { name: "IssueBulkError", code: "core-crashed" };

/** @param {() => void} action */
const throwing = (action) => () => {
  action();
  throw trap();
};

test("a trap in any call rejects the run and names what to do", async () => {
  for (const place of ["pushLongs", "start", "progress"]) {
    const engine = engineOf({ before: { [place]: throwing(() => {}) } });
    await assert.rejects(start(engine).done, (/** @type {any} */ error) => {
      assert.equal(error.code, "core-crashed", place);
      assert.match(error.message, /unknown/);
      assert.ok(error.cause instanceof WebAssembly.RuntimeError);
      return true;
    });
  }
});

test("a trap before the input is read is thrown at once", () => {
  const engine = engineOf({ before: { pushText: throwing(() => {}) } });
  assert.throws(() => start(engine), CRASHED);
});

test("after a crash every call throws the same, and nothing is sent", async () => {
  let isBroken = false;
  /** @type {any} */
  let fetchOfCore;
  const engine = engineOf({
    start: async (hooks) => {
      fetchOfCore = hooks.fetch;
    },
    before: {
      find: () => {
        if (isBroken) throw trap();
      },
    },
  });
  let sent = 0;
  const transport = async () => {
    sent += 1;
    return new Response();
  };
  const report = await start(engine, { transport }).done;
  assert.equal(report.get(1n), undefined);
  isBroken = true;
  assert.throws(() => report.get(1n), CRASHED);
  isBroken = false;
  assert.throws(() => report.get(1n), CRASHED);
  assert.throws(() => report.columns(), CRASHED);
  assert.throws(() => start(engine), CRASHED);
  await assert.rejects(fetchOfCore("https://service.example/", {}), CRASHED);
  assert.equal(sent, 0);
});

test("a crash in one run ends the others of the same core", async () => {
  let isBroken = false;
  const engine = engineOf({
    start: never,
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
  const engine = engineOf({ start: never, before: { cancel: throwing(() => {}) } });
  const job = start(engine, { signal: controller.signal });
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort();
  await assert.rejects(job.done, CRASHED);
});

test("the core's own rejection of a run is an error with its code", async () => {
  const refusal = { code: "internal-error", message: "The core was called wrongly." };
  const engine = engineOf({ start: () => Promise.reject(refusal) });
  await assert.rejects(start(engine).done, { name: "IssueBulkError", ...refusal });
  assert.equal(engine.call((/** @type {any} */ core) => core.version()), "0.0.0");
});

test("a core that does not answer is given up after some patience, not before", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const engine = engineOf({ start: never });
  const job = start(engine);
  let error = null;
  job.done.catch((/** @type {any} */ reason) => (error = reason));
  const look = () => context.mock.timers.tick(PATIENCE_MS / 8);
  await settled();
  for (let looks = 0; looks < 8; looks += 1) look();
  await settled();
  assert.equal(error, null);
  look();
  await settled();
  assert.equal(/** @type {any} */ (error)?.code, "core-crashed");
});

test("a run that is paused or answers is left alone", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const look = () => context.mock.timers.tick(PATIENCE_MS / 8);

  let run = /** @type {any} */ (null);
  let hooks = /** @type {any} */ (null);
  const engine = engineOf({
    start: (given, itself) => {
      run = itself;
      hooks = given;
      return never();
    },
  });
  let error = null;
  const job = start(engine);
  job.done.catch((/** @type {any} */ reason) => (error = reason));
  await settled();

  let answers = 0;
  const { resume } = run;
  run.resume = () => {
    resume.call(run);
    answers += 1;
    hooks.progress(run.progress());
  };
  job.pause();
  for (let looks = 0; looks < 50; looks += 1) look();
  assert.equal(answers, 0, "the watchdog must not resume a run");
  job.resume();
  for (let looks = 0; looks < 50; looks += 1) look();
  assert.equal(answers, 51);
  await settled();
  assert.equal(error, null);
  run.resume = resume;
  for (let looks = 0; looks < 9; looks += 1) look();
  await settled();
  assert.equal(/** @type {any} */ (error)?.code, "core-crashed");
});

test("a machine that slept for a day looks once when it wakes", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  let crashes = 0;
  const engine = engineOf({});
  engine.onCrash(() => (crashes += 1));
  const watchdog = new Watchdog(engine, () => true);
  watchdog.guard(never()).catch(() => {});
  for (let looks = 0; looks < 7; looks += 1) context.mock.timers.tick(PATIENCE_MS / 8);
  context.mock.timers.tick(86_400_000);
  assert.equal(crashes, 0);
  context.mock.timers.tick(PATIENCE_MS / 8);
  assert.equal(crashes, 1);
});

test("a trap that reaches only the global error event ends the run", async () => {
  const target = new EventTarget();
  const { addEventListener, removeEventListener } = globalThis;
  Object.assign(globalThis, {
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
  });
  try {
    const engine = engineOf({});
    const watchdog = new Watchdog(engine, () => false);
    const guarded = watchdog.guard(never());
    const ours = wasmModule(1, () => watchdog.heard());
    const another = wasmModule(2, () => {});
    ours.call();
    target.dispatchEvent(errorEvent(new TypeError("of the page")));
    target.dispatchEvent(errorEvent(trapOf(another)));
    assert.doesNotThrow(() => engine.assertReady(), "a trap of another module is not ours");
    target.dispatchEvent(errorEvent(trapOf(ours)));
    await assert.rejects(guarded, CRASHED);
  } finally {
    Object.assign(globalThis, { addEventListener, removeEventListener });
  }
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

/** Lets every microtask and what it starts run. */
async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await null;
}

/**
 * A real module with the exports `call`, which calls back, and `trap`.
 *
 * @param {number} nops that tell two modules apart
 * @param {() => void} callback
 * @returns {any}
 */
function wasmModule(nops, callback) {
  const trapBody = [0x00, ...Array(nops).fill(0x01), 0x00, 0x0b];
  const code = [0x02, 0x04, 0x00, 0x10, 0x00, 0x0b, trapBody.length, ...trapBody];
  const text = (/** @type {string} */ name) => [name.length, ...new TextEncoder().encode(name)];
  const exported = [0x02, ...text("call"), 0x00, 0x01, ...text("trap"), 0x00, 0x02];
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00],
    ...[0x02, 0x07, 0x01, ...text("m"), ...text("f"), 0x00, 0x00],
    ...[0x03, 0x03, 0x02, 0x00, 0x00],
    ...[0x07, exported.length, ...exported],
    ...[0x0a, code.length, ...code],
  ];
  const module = new WebAssembly.Module(new Uint8Array(bytes));
  return new WebAssembly.Instance(module, { m: { f: callback } }).exports;
}

/** @param {any} module */
function trapOf(module) {
  try {
    return module.trap();
  } catch (error) {
    return error;
  }
}

/** @param {unknown} error */
function errorEvent(error) {
  return Object.assign(new Event("error"), { error });
}
