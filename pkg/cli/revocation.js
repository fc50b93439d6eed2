/** One call to revokeEarn (api: Revoke): its body, and what its answer proves. Pure. */
import { parsed } from "./caller.js";

/**
 * Everything to revoke of one customer, at most 1,000 issuances.
 *
 * @typedef {object} Target
 * @property {string} customerId digits
 * @property {string} promotionId
 * @property {string[]} ids of issuances
 */

/**
 * What became of one issuance:
 *
 * - `revoked`: the answer names it so
 * - `refused`: the service said no to it
 * - `unsent`: never sent, or refused as a whole before anything was done
 * - `unknown`: no answer that says
 *
 * @typedef {object} Revoked
 * @property {string} customerId
 * @property {string} promotionId
 * @property {string} id
 * @property {"revoked" | "refused" | "unsent" | "unknown"} outcome
 * @property {number | null} code of the service
 * @property {number | null} status of HTTP
 * @property {string} message foreign text
 * @property {string | null} requestId
 */

/** Refusals: a bad call, no such customer, redeemed, POS or CODE, no such earn id. */
const REFUSED = new Set([400, 404, 729, 730, 731]);

/** Statuses for which every further call would fail alike. */
const STOPPING = new Set([401, 403, 405, 415, 498]);

/**
 * The customer's digits are written as they are: a number would lose the last ones.
 *
 * @param {Target} target
 */
export function bodyOf({ customerId, promotionId, ids }) {
  const details = JSON.stringify([{ promotionId, earnIds: ids }]);
  return `{"customerId":${customerId},"earnRevokeDetails":${details}}`;
}

/**
 * @param {Target} target
 * @param {import("./caller.js").Reply | import("./caller.js").Failure} reply
 * @returns {Revoked[]} one for each issuance
 */
export function judged({ customerId, promotionId, ids }, reply) {
  const answer = reply.status === null ? undefined : parsed(reply.text);
  const details = arrayOf(answer?.data?.revokedDetails);
  const gone = new Set(
    details
      .filter((one) => one?.promotionId === promotionId && one.status === "SUCCESS")
      .flatMap((one) => arrayOf(one.revokedEarnIds)),
  );
  const errors = arrayOf(answer?.errors);
  return ids.map((id) => {
    const own = errors.find((one) => arrayOf(one?.earnIds).includes(id));
    // An error that names no issuance speaks of all of them.
    const error = own ?? errors.find((one) => one && one.earnIds === undefined);
    const code = numberOf(error?.code ?? answer?.errorCode);
    return {
      customerId,
      promotionId,
      id,
      outcome: gone.has(id) ? goneOf(own) : outcomeOf(reply, code),
      code,
      status: reply.status,
      message: messageOf(reply, error, answer),
      requestId: requestIdOf(reply),
    };
  });
}

/**
 * An answer that also holds an error for what it calls revoked contradicts itself.
 *
 * @param {any} error
 */
function goneOf(error) {
  return error === undefined ? "revoked" : "unknown";
}

/**
 * Whether further calls would fare no better.
 *
 * @param {import("./caller.js").Reply | import("./caller.js").Failure} reply
 */
export function isStopping({ status }) {
  return status !== null && (STOPPING.has(status) || (status >= 300 && status < 400));
}

/**
 * @param {import("./caller.js").Reply | import("./caller.js").Failure} reply
 * @param {number | null} code
 * @returns {Revoked["outcome"]}
 */
function outcomeOf(reply, code) {
  const { status } = reply;
  if (status === null) return reply.isSent ? "unknown" : "unsent";
  if (isStopping(reply) || status === 429) return "unsent";
  if (status >= 500) return "unknown";
  return code !== null && REFUSED.has(code) ? "refused" : "unknown";
}

/**
 * @param {import("./caller.js").Reply | import("./caller.js").Failure} reply
 * @param {any} error
 * @param {any} answer
 */
function messageOf(reply, error, answer) {
  if (reply.status === null) return reply.message;
  const said = error?.message ?? answer?.message;
  return typeof said === "string" ? said.slice(0, 512) : "";
}

/** The service spells it in two ways (api: response headers). */
const REQUEST_ID = ["x-cap-requestid", "x-cap-request-id"];

/** @param {import("./caller.js").Reply | import("./caller.js").Failure} reply */
function requestIdOf(reply) {
  if (reply.status === null) return null;
  return REQUEST_ID.map((name) => reply.headers.get(name)).find((id) => id !== null) ?? null;
}

/**
 * @param {unknown} value
 * @returns {any[]}
 */
function arrayOf(value) {
  return Array.isArray(value) ? value : [];
}

/** @param {unknown} value a number, or one in a string */
function numberOf(value) {
  const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number : null;
}
