/**
 * Sees to it that a run ends even when the core does not.
 *
 * The core is built so that it cannot panic, but memory and stack can run out, and a trap inside
 * a callback of the runtime reaches none of our calls: the promise of the run would stay pending.
 * Three things notice it: a crash seen by any other call, the runtime's global error event where
 * there is one, and no sign of life for longer than the core ever waits.
 */
import { isTrap } from "./engine.js";

/** Looks at a run so often within its limit; one late look after a sleep is only one of them. */
const LOOKS = 8;
/** Added to the longest wait of the core: room for a busy event loop and for slow callbacks. */
const MARGIN_MS = 30_000;
/** The core's own longest waits in milliseconds: a Retry-After, and a call without `timeoutMs`. */
const RETRY_AFTER_MAX_MS = 120_000;
const TIMEOUT_DEFAULT_MS = 60_000;
/** Beyond 2^31 - 1 a timer fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * Milliseconds without a sign of life after which a run with these options counts as hanging.
 *
 * @param {Record<string, any>} options as given to the core, which found them right
 */
export function patienceMs({ timeoutMs = TIMEOUT_DEFAULT_MS, rate }) {
  const pause = rate === undefined ? 0 : 60_000 / rate.perMinute;
  return Math.max(timeoutMs, pause, RETRY_AFTER_MAX_MS) + MARGIN_MS;
}

export class Watchdog {
  #engine;
  #sign;
  #limitMs;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #quiet = 0;
  #lastSign = "";
  /** @type {string | null} where in wasm the core is, as stacks name it */
  #place = null;

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {() => string | null} sign a text that changes as the run gets on; null while it
   *   waits for somebody outside
   * @param {number} limitMs
   */
  constructor(engine, sign, limitMs) {
    this.#engine = engine;
    this.#sign = sign;
    this.#limitMs = limitMs;
  }

  /** The core called back: it lives. */
  heard() {
    this.#quiet = 0;
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
    const ms = Math.min(this.#limitMs / LOOKS, TIMER_MAX_MS);
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  #look() {
    const sign = this.#signOfLife();
    this.#quiet = sign === null || sign !== this.#lastSign ? 0 : this.#quiet + 1;
    this.#lastSign = sign ?? "";
    if (this.#quiet >= LOOKS) this.#engine.crashed("has not moved for too long");
    else this.#wait();
  }

  /** The sign, or one that never changes again when asking for it crashed the core. */
  #signOfLife() {
    try {
      return this.#sign();
    } catch {
      return "";
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
