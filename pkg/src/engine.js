/**
 * The one place that calls into the core: it knows whether the core is ready, turns what the
 * core throws into `IssueBulkError`, and remembers a crash, after which nothing may be called.
 */
import { IssueBulkError } from "./errors.js";
import { adviceOn, assertComplete } from "./runtime.js";

/** @typedef {typeof import("./core.js")} Core */

/**
 * @typedef {object} Refusal
 * @property {import("./errors.js").ErrorCode} code
 * @property {string} message
 * @property {readonly string[]} [header]
 */

export class Engine {
  /** @type {Core | null} */
  #core = null;
  /** @type {unknown} */
  #failure = null;
  /** @type {IssueBulkError | null} */
  #crash = null;
  /** @type {Set<(crash: IssueBulkError) => void>} */
  #mourners = new Set();

  /**
   * Makes the core ready. A failure is kept for the first call instead of thrown: an import that
   * throws gives a blank page, a call that throws can say why. Booting twice is harmless.
   *
   * @param {Core} core
   * @param {() => void} initialise
   */
  boot(core, initialise) {
    if (this.#core !== null) return;
    try {
      assertComplete();
      initialise();
      this.#core = core;
    } catch (error) {
      this.#failure = error;
    }
  }

  /** @throws {IssueBulkError} unless the core can be called */
  assertReady() {
    if (this.#crash !== null) throw this.#crash;
    if (this.#core === null) throw notReady(this.#failure);
  }

  /**
   * Runs `action`, whose every statement should be a call into the core: an error of somebody
   * else's code in it would be taken for one of the core.
   *
   * @template T
   * @param {(core: Core) => T} action
   * @returns {T}
   */
  call(action) {
    this.assertReady();
    try {
      return action(/** @type {Core} */ (this.#core));
    } catch (error) {
      throw this.translate(error);
    }
  }

  /**
   * Runs what enters the core with nobody's call around it: a turn, the callback of a promise. What
   * it throws, of whatever kind, went through frames of the core that did not finish.
   *
   * @template T
   * @param {() => T} action
   * @returns {T}
   */
  guard(action) {
    this.assertReady();
    try {
      return action();
    } catch (error) {
      throw this.crashed("stopped in the middle of a call", error);
    }
  }

  /**
   * What a caller may see of an error of the core. A trap also ends the core.
   *
   * @param {unknown} error
   * @returns {unknown}
   */
  translate(error) {
    if (isTrap(error)) return this.crashed("stopped in the middle of a call", error);
    if (isRefusal(error)) return new IssueBulkError(error.code, error.message, error);
    return error;
  }

  /**
   * Marks the core dead. Memory that a trap left half-written could report ids wrongly, so this
   * holds for every run and report of this instance.
   *
   * @param {string} how
   * @param {unknown} [cause]
   * @returns {IssueBulkError}
   */
  crashed(how, cause) {
    if (this.#crash === null) {
      this.#crash = new IssueBulkError("core-crashed", crashMessage(how), { cause });
      for (const mourn of this.#mourners) mourn(this.#crash);
      this.#mourners.clear();
    }
    return this.#crash;
  }

  /**
   * @param {(crash: IssueBulkError) => void} mourn called once, should the core crash
   * @returns {() => void} forgets it
   */
  onCrash(mourn) {
    this.#mourners.add(mourn);
    return () => void this.#mourners.delete(mourn);
  }
}

/** @param {string} how */
function crashMessage(how) {
  return (
    `The core ${how}: take every customer of this run as unknown, look before you issue to them ` +
    "again, and start a new process, worker or page for further runs. Please report it."
  );
}

/** @param {unknown} failure */
function notReady(failure) {
  const message =
    failure === null
      ? "The core is not ready: call init() of issue-bulk/slim first, or import issue-bulk."
      : adviceOn(failure);
  return new IssueBulkError("core-not-ready", message, failure === null ? {} : { cause: failure });
}

/**
 * Whether an error is a trap of wasm. By name, since an error of another realm is no instance of
 * this one's classes; engines differ in what a full stack throws.
 *
 * @param {unknown} error
 */
export function isTrap(error) {
  if (typeof error !== "object" || error === null || !("name" in error)) return false;
  if (error.name === "RuntimeError" || error.name === "InternalError") return true;
  const text = "message" in error ? String(error.message) : "";
  return error.name === "RangeError" && text.includes("call stack");
}

/**
 * Whether it is what the core throws for a mistake of the caller: a plain code and message.
 *
 * @param {unknown} error
 * @returns {error is Refusal}
 */
function isRefusal(error) {
  if (typeof error !== "object" || error === null || error instanceof Error) return false;
  return "code" in error && typeof error.code === "string" && "message" in error;
}

/** The core of this copy of the package. */
export const engine = new Engine();
