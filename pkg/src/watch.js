/** Tells the user's hooks what happens, when it began and how long it took. */
import { kindOf } from "./errors.js";
import { addNote } from "./notes.js";

/** @typedef {import("./types/hooks.js").Hooks} Hooks */
/** @typedef {{ epochMs: number, at: number }} Beginning on the wall clock and on the steady one */
/** @typedef {Beginning & { ids: number, bytesSent: number, bytesReceived: number }} Attempt */

export class Watch {
  #hooks;
  #notes;
  #run = beginning();
  /** @type {Map<string, Attempt>} on their way */
  #attempts = new Map();
  /** @type {Map<number, Beginning>} of batches that were sent and have no end */
  #batches = new Map();

  /**
   * @param {Hooks} hooks
   * @param {import("./types/report.js").Note[]} notes where a failure of a hook is told
   */
  constructor(hooks, notes) {
    this.#hooks = hooks;
    this.#notes = notes;
  }

  /** @param {import("./types/job.js").Progress} progress */
  runStarted({ distinct, queued, inFlight }) {
    const { epochMs } = this.#run;
    this.#call("onRunStart", { epochMs, ids: distinct, settled: distinct - queued - inFlight });
  }

  /**
   * @param {number} batch
   * @param {number} attempt
   * @param {number} ids
   * @param {number} bytesSent
   */
  attemptStarted(batch, attempt, ids, bytesSent) {
    const begun = beginning();
    this.#attempts.set(`${batch}.${attempt}`, { ...begun, ids, bytesSent, bytesReceived: 0 });
    if (!this.#batches.has(batch)) this.#batches.set(batch, begun);
    this.#call("onAttemptStart", { epochMs: begun.epochMs, batch, attempt, ids, bytesSent });
  }

  /**
   * @param {number} batch
   * @param {number} attempt
   * @param {number} bytes
   */
  received(batch, attempt, bytes) {
    const known = this.#attempts.get(`${batch}.${attempt}`);
    if (known !== undefined) known.bytesReceived += bytes;
  }

  /** @param {import("./core.js").Conclusion} conclusion */
  attemptEnded({ batch, attempt, status, requestId, verdict, reason, queued, ...sums }) {
    const name = `${batch}.${attempt}`;
    const known = this.#attempts.get(name);
    const first = this.#batches.get(batch);
    if (known === undefined || first === undefined) return;
    this.#attempts.delete(name);
    const { epochMs, ids, bytesSent, bytesReceived } = known;
    const durationMs = performance.now() - known.at;
    const exchange = { bytesSent, bytesReceived, status, requestId, verdict, reason };
    this.#call("onAttemptEnd", { epochMs, durationMs, batch, attempt, ids, ...exchange });
    if (queued > 0 && verdict !== "split") return;
    this.#batches.delete(batch);
    const took = { epochMs: first.epochMs, durationMs: performance.now() - first.at };
    const { issued, rejected, unsent, unknown } = sums;
    const outcomes = { issued, rejected, unsent, unknown };
    this.#call("onBatchEnd", { ...took, batch, attempts: attempt, ids, ...outcomes });
  }

  /** @param {{ counts: object, stopped: object | null }} report */
  runEnded({ counts, stopped }) {
    const { epochMs, at } = this.#run;
    this.#call("onRunEnd", { epochMs, durationMs: performance.now() - at, counts, stopped });
  }

  /**
   * In a turn of its own: a hook may act on the job, which is in the middle of something.
   *
   * @param {keyof Hooks} name
   * @param {object} event
   */
  async #call(name, event) {
    const hook = /** @type {((event: object) => unknown) | undefined} */ (this.#hooks[name]);
    if (hook === undefined) return;
    try {
      await null;
      await hook(Object.freeze(event));
    } catch (error) {
      const said = error instanceof Error ? error.message : kindOf(error);
      addNote(this.#notes, "hook-failed", `${name} failed (${said}); the run went on.`);
    }
  }
}

/** @returns {Beginning} */
function beginning() {
  return { epochMs: Date.now(), at: performance.now() };
}
