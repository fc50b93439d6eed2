/** The subrequest budget: a Worker that runs out of calls could not tell what was issued. */
import { Refusal } from "./refusal.js";
import { CONCURRENCY_MAX } from "./parameters.js";

/** The package's retry budget: 20 % of the first attempts and 10 (architecture.md, Defaults). */
const RETRY_SHARE = 0.2;
const RETRIES_FREE = 10;

/** One token, and one after a refusal; a token outlives what a Worker's budget can send. */
const TOKEN_CALLS = 2;

/**
 * @param {number} requests that the plan needs when all goes well
 * @param {{ subrequests: number, oauth: boolean }} settings
 * @throws {Refusal} 413 `subrequest-budget`
 */
export function checkBudget(requests, { subrequests, oauth }) {
  const needed = callsAtMost(requests, oauth);
  if (needed <= subrequests) return;
  throw new Refusal(
    413,
    "subrequest-budget",
    `${requests} requests may need ${needed} calls with their retries, and this Worker may make ` +
      `${subrequests}: send fewer customers at a time, raise batchSize, or raise SUBREQUESTS ` +
      "where the plan allows it.",
  );
}

/**
 * The calls a run may make before it is cancelled, its last ones still in flight.
 *
 * @param {number} requests
 * @param {boolean} oauth
 */
export function callsAtMost(requests, oauth) {
  const retries = Math.ceil(requests * RETRY_SHARE) + RETRIES_FREE;
  return requests + retries + (oauth ? TOKEN_CALLS : 0) + CONCURRENCY_MAX;
}

/**
 * Counts calls. Splitting batches and storms of 429 cost no retry, so they could outlast the
 * budget: the run is ended while there is still room for every call that may be starting.
 */
export class Meter {
  #left;
  #exhausted;

  /**
   * @param {number} subrequests
   * @param {() => void} exhausted called when the run has to end
   */
  constructor(subrequests, exhausted) {
    this.#left = subrequests - CONCURRENCY_MAX;
    this.#exhausted = exhausted;
  }

  /** @type {typeof globalThis.fetch} */
  fetch = (url, init) => {
    this.#left -= 1;
    if (this.#left === 0) this.#exhausted();
    return globalThis.fetch(url, init);
  };

  /** Why the run ended, if this ended it. */
  get stopped() {
    if (this.#left > 0) return null;
    return {
      code: "subrequest-budget",
      reason: "The run needed more calls than this Worker may make: send the unsent ones again.",
    };
  }
}
