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
 * A `fetch` that counts. A 429 costs no retry, so a storm of them could outlast the budget:
 * `exhausted` is called while there is still room for every call that may be starting.
 *
 * @param {number} subrequests
 * @param {() => void} exhausted
 * @returns {typeof fetch}
 */
export function metered(subrequests, exhausted) {
  let calls = 0;
  return (url, init) => {
    calls += 1;
    if (calls >= subrequests - CONCURRENCY_MAX) exhausted();
    return globalThis.fetch(url, init);
  };
}
