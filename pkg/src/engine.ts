/**
 * The one place that calls into the core: it knows if the core is ready, converts its errors to
 * `IssueBulkError`, and remembers a crash, after which nothing may be called.
 */
import { type ErrorCode, IssueBulkError } from "./errors.js";
import { adviceOn, assertComplete } from "./runtime.js";

type Core = typeof import("./core.js");

/** What the core throws for a mistake of the caller. */
interface Refusal {
  code: ErrorCode;
  message: string;
  header?: readonly string[];
}

export class Engine {
  #core: Core | null = null;
  #failure: unknown = null;
  #crash: IssueBulkError | null = null;
  readonly #onCrash = new Set<(crash: IssueBulkError) => void>();

  /**
   * Makes the core ready. A failure is kept for the first call instead of thrown: an import that
   * throws gives a blank page, a call that throws can say why. Booting twice is harmless.
   */
  boot(core: Core, initialise: () => void): void {
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
  assertReady(): void {
    if (this.#crash !== null) throw this.#crash;
    if (this.#core === null) throw notReady(this.#failure);
  }

  /**
   * Runs `action`, which should contain calls into the core only: an error of other code in it
   * would be taken for one of the core.
   */
  call<T>(action: (core: Core) => T): T {
    this.assertReady();
    try {
      return action(this.#core as Core);
    } catch (error) {
      throw this.translate(error);
    }
  }

  /**
   * Runs an entry into the core that no caller awaits: a turn, the callback of a promise. Anything
   * that it throws went through frames of the core that did not finish.
   */
  guard<T>(action: () => T): T {
    this.assertReady();
    try {
      return action();
    } catch (error) {
      throw this.crashed("stopped in the middle of a call", error);
    }
  }

  /** What a caller may see of an error of the core. A trap also ends the core. */
  translate(error: unknown): unknown {
    if (isTrap(error)) return this.crashed("stopped in the middle of a call", error);
    if (isRefusal(error)) return new IssueBulkError(error.code, error.message, error);
    return error;
  }

  /**
   * Marks the core as crashed. Memory that a trap left half-written could report ids wrongly, so no
   * run or report of this instance can be used any more.
   */
  crashed(how: string, cause?: unknown): IssueBulkError {
    if (this.#crash === null) {
      this.#crash = new IssueBulkError("core-crashed", crashMessage(how), { cause });
      for (const listener of this.#onCrash) listener(this.#crash);
      this.#onCrash.clear();
    }
    return this.#crash;
  }

  /**
   * @param listener called once, should the core crash
   * @returns forgets it
   */
  onCrash(listener: (crash: IssueBulkError) => void): () => void {
    this.#onCrash.add(listener);
    return () => void this.#onCrash.delete(listener);
  }
}

function crashMessage(how: string): string {
  return (
    `The core ${how}: take every customer of this run as unknown, look before you issue to them ` +
    "again, and start a new process, worker or page for further runs. Please report it."
  );
}

function notReady(failure: unknown): IssueBulkError {
  const message =
    failure === null
      ? "The core is not ready: call init() of issue-bulk/slim first, or import issue-bulk."
      : adviceOn(failure);
  return new IssueBulkError("core-not-ready", message, failure === null ? {} : { cause: failure });
}

/**
 * True if an error is a trap of wasm. Compared by name, since an error of another realm is no
 * instance of this one's classes; engines differ in the error of a full stack.
 */
export function isTrap(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("name" in error)) return false;
  if (error.name === "RuntimeError" || error.name === "InternalError") return true;
  const text = "message" in error ? String(error.message) : "";
  return error.name === "RangeError" && text.includes("call stack");
}

/** Whether it is a plain code and message. */
function isRefusal(error: unknown): error is Refusal {
  if (typeof error !== "object" || error === null || error instanceof Error) return false;
  return "code" in error && typeof error.code === "string" && "message" in error;
}

/** The core of this copy of the package. */
export const engine = /* @__PURE__ */ new Engine();
