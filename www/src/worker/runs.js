/**
 * The runs of this isolate by the key their page gave them. A browser may send a POST a second
 * time on its own (reliability.md (b)), and a second run would issue again; and a page that wants
 * to cancel needs the report, so it cannot just hang up. Both are best effort: another isolate
 * does not know these keys. What Workers share between requests is plain data alone, so a cancel
 * is a flag that its run looks at.
 */
import { Refusal } from "./refusal.js";

/** Enough for every run an isolate sees in the minutes in which a resend can arrive. */
const KEPT_MAX = 1_000;

/** @typedef {{ cancelled: boolean }} Run */

/** @type {Map<string, Run>} */
const runs = new Map();

/**
 * @param {Request} request
 * @returns {string | null} the Idempotency-Key, when there is one
 * @throws {Refusal} 400 for a key that could collide
 */
export function runKey(request) {
  const key = request.headers.get("idempotency-key");
  if (key !== null && !/^[0-9A-Za-z_-]{16,64}$/.test(key)) {
    throw new Refusal(
      400,
      "bad-idempotency-key",
      "Idempotency-Key must be 16 to 64 letters, digits, hyphens or underscores.",
    );
  }
  return key;
}

/**
 * @param {string | null} key
 * @returns {Run}
 * @throws {Refusal} 409 `already-started`
 */
export function enter(key) {
  const run = { cancelled: false };
  if (key === null) return run;
  if (runs.has(key)) {
    throw new Refusal(
      409,
      "already-started",
      "A run with this Idempotency-Key was started before: look at its outcome first.",
    );
  }
  runs.set(key, run);
  for (const oldest of runs.keys()) {
    if (runs.size <= KEPT_MAX) break;
    runs.delete(oldest);
  }
  return run;
}

/**
 * @param {string | null} key
 * @throws {Refusal} 404 `run-not-found`
 */
export function cancel(key) {
  const run = key === null ? undefined : runs.get(key);
  if (run === undefined) {
    throw new Refusal(
      404,
      "run-not-found",
      "No run with this Idempotency-Key is known here: it may be in another isolate.",
    );
  }
  run.cancelled = true;
}
