/**
 * Splits what the user gave into what the core checks and what only JavaScript can use. Values
 * for the core are passed on as they are: it refuses wrong ones itself, with its own codes.
 */
import { IssueBulkError, invalidArgument, kindOf } from "./errors.js";

/** @typedef {import("../types/options.cjs").RunOptions} RunOptions */
/** @typedef {import("../types/options.cjs").AuthCallback} AuthCallback */

const FOR_REQUEST = Object.freeze(["promotionId", "contextId", "customerIds"]);
const FOR_CORE = Object.freeze([
  "host",
  "basePath",
  "auth",
  "attribution",
  "orgId",
  "batchSize",
  "concurrency",
  "rate",
  "timeoutMs",
  "deadlineMs",
  "responseBytesMax",
  "attempts",
  "stop",
  "ambiguous",
  "seed",
]);
const FOR_FACE = Object.freeze(["input", "signal", "onProgress", "transport"]);

/** The names in options that are objects themselves. The forms of `auth` are for the core. */
const WITHIN = Object.freeze({
  attribution: ["type", "code"],
  input: ["format", "column", "delimiter", "field", "dedupe"],
  rate: ["perMinute"],
  stop: ["ambiguousInRow", "failurePercent", "failureCallsMin"],
});

/**
 * @typedef {object} Setup
 * @property {import("./core.js").RequestForCore} request
 * @property {import("./core.js").OptionsForCore} options
 * @property {unknown} customerIds
 * @property {import("../types/input.cjs").InputOptions} input
 * @property {AbortSignal | undefined} signal
 * @property {RunOptions["onProgress"]} onProgress
 * @property {import("../types/options.cjs").Transport} transport
 * @property {AuthCallback | undefined} credentials
 */

/**
 * @param {unknown} request
 * @param {unknown} options
 * @param {boolean} isJob
 * @returns {Setup}
 * @throws {IssueBulkError} `invalid-argument` or `unknown-option`
 */
export function readOptions(request, options, isJob) {
  const { promotionId, contextId, customerIds } = record(request, "request");
  refuseStrangers(request, "request", FOR_REQUEST);
  const given = record(options, "options");
  refuseStrangers(given, "options", [...FOR_CORE, ...FOR_FACE]);
  for (const [name, known] of Object.entries(WITHIN)) {
    refuseStrangers(given[name], `options.${name}`, known);
  }
  /** @type {import("./core.js").OptionsForCore} */
  const forCore = { isJob };
  for (const name of FOR_CORE) if (given[name] !== undefined) forCore[name] = given[name];
  const { auth, credentials } = readAuth(given.auth);
  if (auth !== undefined) forCore.auth = auth;
  return {
    request: { promotionId, contextId },
    options: forCore,
    customerIds,
    input: given.input === undefined ? {} : record(given.input, "options.input"),
    signal: readSignal(given.signal),
    onProgress: readFunction(given.onProgress, "onProgress"),
    transport: readFunction(given.transport, "transport") ?? runtimeFetch,
    credentials,
  };
}

/**
 * Credentials for the core: a function stays here and is only announced.
 *
 * @param {unknown} auth
 * @returns {{ auth: object | undefined, credentials: AuthCallback | undefined }}
 */
export function readAuth(auth) {
  if (typeof auth === "function") {
    return { auth: { callback: true }, credentials: /** @type {AuthCallback} */ (auth) };
  }
  if (auth === undefined) return { auth, credentials: undefined };
  return { auth: record(auth, "options.auth"), credentials: undefined };
}

/**
 * The runtime's fetch, looked up at each call: it may be replaced later, and called as somebody's
 * method it throws in Workers.
 *
 * @type {import("../types/options.cjs").Transport}
 */
function runtimeFetch(url, init) {
  return globalThis.fetch(url, init);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {Record<string, any>}
 */
function record(value, name) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidArgument(`${name} must be an object, not ${kindOf(value)}.`);
  }
  return /** @type {Record<string, any>} */ (value);
}

/**
 * A misspelt name is refused: a `rate` that is not heeded, or a `column` that is not the one read,
 * costs more than an error. What is no object is for others to refuse.
 *
 * @param {unknown} value
 * @param {string} name
 * @param {readonly string[]} known
 */
function refuseStrangers(value, name, known) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const stranger = Object.keys(value).find((key) => !known.includes(key));
  if (stranger === undefined) return;
  throw new IssueBulkError(
    "unknown-option",
    `${name} has no ${JSON.stringify(stranger)}; there are ${known.join(", ")}.`,
  );
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {any} the function, or undefined
 */
function readFunction(value, name) {
  if (value === undefined || typeof value === "function") return value;
  throw invalidArgument(`options.${name} must be a function, not ${kindOf(value)}.`);
}

/**
 * @param {unknown} value
 * @returns {AbortSignal | undefined}
 */
function readSignal(value) {
  if (value === undefined) return undefined;
  const signal = /** @type {AbortSignal} */ (value);
  if (typeof signal?.aborted === "boolean" && typeof signal.addEventListener === "function") {
    return signal;
  }
  throw invalidArgument(
    `options.signal must be an AbortSignal, not ${kindOf(value)}; pass controller.signal.`,
  );
}
