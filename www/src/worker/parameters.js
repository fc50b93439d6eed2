/** The query of `POST /api/issue`: what to send, and how to read the customers' file. */
import { Refusal } from "./refusal.js";

/** Never more than six calls at once: a Worker has six connections (reliability.md (c)). */
export const CONCURRENCY_MAX = 6;

const TEXT = Object.freeze([
  "promotionId",
  "contextId",
  "format",
  "column",
  "delimiter",
  "field",
  "digest",
]);
const NUMBER = Object.freeze(["batchSize", "concurrency", "perMinute", "customers"]);

/** Text a spreadsheet or a program exports; a form's encodings would need no preflight. */
const TYPES = Object.freeze([
  "text/csv",
  "text/tab-separated-values",
  "text/plain",
  "application/json",
  "application/x-ndjson",
  "application/octet-stream",
]);

/**
 * @typedef {object} Parameters
 * @property {{ promotionId: string, contextId: string,
 *   confirmed: import("issue-bulk").Confirmed | undefined }} request
 * @property {Record<string, string | number>} input
 * @property {{ batchSize?: number, concurrency?: number, rate?: { perMinute: number } }} pace
 */

/**
 * The values themselves are checked by the package, which names what is wrong with them.
 *
 * @param {URLSearchParams} query
 * @returns {Parameters}
 * @throws {Refusal} 400 for a parameter that is unknown, given twice or not a number
 */
export function readParameters(query) {
  /** @type {Record<string, string>} */
  const text = {};
  /** @type {Record<string, number>} */
  const number = {};
  for (const [name, value] of query) {
    if (query.getAll(name).length > 1) throw bad(`Give ${name} once.`);
    if (TEXT.includes(name)) text[name] = value;
    else if (NUMBER.includes(name)) number[name] = wholeNumber(name, value);
    else throw bad(`A parameter is unknown; there are ${[...TEXT, ...NUMBER].join(", ")}.`);
  }
  const { promotionId = "", contextId = "", column, digest, ...input } = text;
  const { perMinute, customers, ...pace } = number;
  if ((digest === undefined) !== (customers === undefined)) {
    throw bad("Give customers and digest of the plan that was confirmed together, or neither.");
  }
  const confirmed = digest === undefined ? undefined : { customers, digest };
  if (pace.concurrency > CONCURRENCY_MAX) {
    throw bad(`A Worker has ${CONCURRENCY_MAX} connections: lower concurrency.`);
  }
  return {
    request: { promotionId, contextId, confirmed },
    input: column === undefined ? input : { ...input, column: columnOf(column) },
    pace: {
      concurrency: CONCURRENCY_MAX,
      ...pace,
      ...(perMinute === undefined ? {} : { rate: { perMinute } }),
    },
  };
}

/**
 * @param {Request} request
 * @throws {Refusal} 415 for a body that is no list of customers as it stands
 */
export function checkBodyKind(request) {
  const [type = ""] = (request.headers.get("content-type") ?? "").split(";");
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (!TYPES.includes(type.trim().toLowerCase()) || encoding !== "identity") {
    throw new Refusal(
      415,
      "unsupported-media-type",
      `Send the customers' file as it is, uncompressed, as one of ${TYPES.join(", ")}.`,
    );
  }
}

/** A column is a number, counted from 1, when it is written as one; otherwise a name. */
function columnOf(/** @type {string} */ text) {
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : text;
}

/** @param {string} name @param {string} text */
function wholeNumber(name, text) {
  if (!/^[0-9]{1,9}$/.test(text)) throw bad(`${name} must be a whole number.`);
  return Number(text);
}

/** @param {string} message */
function bad(message) {
  return new Refusal(400, "bad-parameter", message);
}
