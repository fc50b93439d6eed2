/**
 * Sees to it that a run ends even when the core does not.
 *
 * The core is built so that it cannot panic, but memory and stack can run out, and a trap inside
 * a callback of the runtime reaches none of our calls: the promise of the run would stay pending.
 * Three things notice it: a crash seen by any other call, the runtime's global error event where
 * there is one, and a core that does not answer when it is asked. How long it is silent says
 * nothing by itself: it may keep a `Retry-After` of a day for a job that was resumed.
 */
import { isTrap } from "./engine.js";

/** The core is asked so often before it counts as dead; a late look after a sleep is only one. */
const LOOKS = 8;
/**
 * Milliseconds without an answer after which the core counts as dead. It answers in its next
 * turn of the event loop; the rest is for a machine that is busy.
 */
export const PATIENCE_MS = 120_000;

export class Watchdog {
  #engine;
  #ask;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** Questions since the core was last heard of. */
  #unanswered = 0;
  /** @type {string | null} where in wasm the core is, as stacks name it */
  #place = null;

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {() => boolean} ask makes the core call back; false when there is nothing to ask, since
   *   the run waits for somebody outside
   */
  constructor(engine, ask) {
    this.#engine = engine;
    this.#ask = ask;
  }

  /** The core called back: it lives. */
  heard() {
    this.#unanswered = 0;
    this.#place ??= wasmPlace(new Error().stack);
  }

  /**
   * The end of `work`, or the crash of the core, whichever comes first.
   *
   * @param {Promise<void>} work
   * @returns {Promise<void>}
   */
  async guard(work) {
    const stopListening = this.#listen();
    /** @type {() => void} */
    let forget = () => {};
    try {
      await new Promise((resolve, reject) => {
        forget = this.#engine.onCrash(reject);
        this.#wait();
        work.then(resolve, (error) => reject(this.#engine.translate(error)));
      });
    } finally {
      clearTimeout(this.#timer);
      forget();
      stopListening();
    }
  }

  #wait() {
    this.#timer = setTimeout(() => this.#look(), PATIENCE_MS / LOOKS);
  }

  #look() {
    if (this.#unanswered >= LOOKS) {
      this.#engine.crashed("has not answered for too long");
      return;
    }
    this.#unanswered = this.#isAsked() ? this.#unanswered + 1 : 0;
    this.#wait();
  }

  /** A question that throws is one without an answer. */
  #isAsked() {
    try {
      return this.#ask();
    } catch {
      return true;
    }
  }

  /** Listens for traps that reach nobody. Node and others without these events end instead. */
  #listen() {
    const { addEventListener, removeEventListener } = globalThis;
    if (typeof addEventListener !== "function") return () => {};
    const listener = (/** @type {Event} */ event) => this.#uncaught(event);
    const names = ["error", "unhandledrejection"];
    for (const name of names) addEventListener.call(globalThis, name, listener);
    return () => {
      for (const name of names) removeEventListener.call(globalThis, name, listener);
    };
  }

  /** @param {Event} event */
  #uncaught(event) {
    const error = "reason" in event ? event.reason : "error" in event ? event.error : null;
    if (this.#place === null || !isTrap(error)) return;
    const { stack } = /** @type {Error} */ (error);
    if (wasmPlace(stack) === this.#place) this.#engine.crashed("stopped in a callback", error);
  }
}

/**
 * Which wasm module the innermost wasm frame of a stack belongs to, in the words of the engine;
 * null where there is none. A page may hold other modules, whose traps are not ours.
 *
 * @param {string | undefined} stack
 * @returns {string | null}
 */
function wasmPlace(stack) {
  const frame = (stack ?? "").split("\n").find((line) => line.includes("wasm-function["));
  if (frame === undefined) return null;
  const [before = ""] = frame.split("wasm-function[");
  return before.slice(before.search(/\S*$/));
}
