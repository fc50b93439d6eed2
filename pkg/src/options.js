/**
 * Splits what the user gave into what the core checks and what only JavaScript can use. Values
 * for the core are passed on as they are: it refuses wrong ones itself, with its own codes.
 */
import { IssueBulkError, invalidArgument, kindOf } from "./errors.js";
import { runtimeFetch } from "./fetch.js";
import { FOR_CORE, authSettings, settingsOf } from "./settings.js";

/** @typedef {import("./types/options.js").RunOptions} RunOptions */
/** @typedef {import("./types/options.js").AuthCallback} AuthCallback */
/** @typedef {import("./types/journal.js").Journal} Journal */

const FOR_REQUEST = Object.freeze(["promotionId", "contextId", "customerIds"]);
const FOR_FACE = Object.freeze([
  "auth",
  "signal",
  "onProgress",
  "onOutcomes",
  "transport",
  "journal",
  "hooks",
]);
const HOOKS = Object.freeze([
  "onRunStart",
  "onAttemptStart",
  "onAttemptEnd",
  "onBatchEnd",
  "onRunEnd",
]);

/**
 * @typedef {object} Setup
 * @property {import("./settings.js").Settings} settings without credentials
 * @property {import("./settings.js").Settings} auth
 * @property {AuthCallback | undefined} credentials
 * @property {unknown} customerIds
 * @property {AbortSignal | undefined} signal
 * @property {RunOptions["onProgress"]} onProgress
 * @property {RunOptions["onOutcomes"]} onOutcomes
 * @property {import("./types/options.js").Transport} transport
 * @property {Journal | undefined} journal
 * @property {import("./types/hooks.js").Hooks | undefined} hooks
 */

/**
 * @param {unknown} request
 * @param {unknown} options
 * @param {boolean} isJob
 * @returns {Setup}
 * @throws {IssueBulkError} `invalid-argument`, `invalid-option` or `unknown-option`
 */
export function readOptions(request, options, isJob) {
  const { customerIds, ...rest } = record(request, "request");
  const given = record(options, "options");
  refuseStrangers(request, "request", FOR_REQUEST);
  refuseStrangers(given, "options", [...Object.keys(FOR_CORE), ...FOR_FACE]);
  refuseWithin(given, "options", FOR_CORE);
  if (given.input !== undefined) record(given.input, "options.input");
  const { auth, credentials } = readAuth(given.auth);
  const journal =
    given.journal === undefined ? undefined : journalOf(given.journal, "options.journal");
  const settings = settingsOf(rest, given).set("isJob", Number(isJob));
  if (journal !== undefined) settings.set("journal", 1);
  const onOutcomes = readFunction(given.onOutcomes, "onOutcomes");
  if (onOutcomes !== undefined) {
    if (given.ambiguous === "reconcile") {
      throw invalidArgument(
        'options.onOutcomes takes outcomes before a read-back can change them: leave it out with ' +
          'ambiguous: "reconcile", or reconcile the journal afterwards.',
      );
    }
    settings.set("drain", 1);
  }
  return {
    settings,
    auth: auth ?? new Map(),
    credentials,
    customerIds,
    signal: readSignal(given.signal),
    onProgress: readFunction(given.onProgress, "onProgress"),
    onOutcomes,
    transport: readFunction(given.transport, "transport") ?? runtimeFetch,
    journal,
    hooks: readHooks(given.hooks),
  };
}

/** @param {unknown} value */
function readHooks(value) {
  if (value === undefined) return undefined;
  const hooks = record(value, "options.hooks");
  refuseStrangers(hooks, "options.hooks", HOOKS);
  for (const name of HOOKS) readFunction(hooks[name], `hooks.${name}`);
  return /** @type {import("./types/hooks.js").Hooks} */ (hooks);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {Journal}
 */
export function journalOf(value, name) {
  const journal = record(value, name);
  const missing = ["read", "append", "truncate"].find((key) => typeof journal[key] !== "function");
  if (missing === undefined) return /** @type {Journal} */ (journal);
  throw invalidArgument(`${name} must be a journal as fileJournal(path) gives; no ${missing}.`);
}

/**
 * Credentials for the core: a function stays here and is only announced.
 *
 * @param {unknown} auth
 * @returns {{
 *   auth: import("./settings.js").Settings | undefined,
 *   credentials: AuthCallback | undefined,
 * }}
 */
export function readAuth(auth) {
  if (auth === undefined) return { auth, credentials: undefined };
  if (typeof auth === "function") {
    return { auth: authSettings(auth), credentials: /** @type {AuthCallback} */ (auth) };
  }
  return { auth: authSettings(record(auth, "options.auth")), credentials: undefined };
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {Record<string, any>}
 */
export function record(value, name) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidArgument(`${name} must be an object, not ${kindOf(value)}.`);
  }
  return /** @type {Record<string, any>} */ (value);
}

/**
 * The same for the objects within.
 *
 * @param {Record<string, any>} given
 * @param {string} path
 * @param {import("./settings.js").Known} known
 */
function refuseWithin(given, path, known) {
  for (const [name, inner] of Object.entries(known)) {
    if (typeof inner !== "object") continue;
    const value = given[name];
    refuseStrangers(value, `${path}.${name}`, Object.keys(inner));
    if (typeof value === "object" && value !== null) refuseWithin(value, `${path}.${name}`, inner);
  }
}

/**
 * A misspelt name is refused: a `rate` that is not heeded, or a `column` that is not the one read,
 * costs more than an error. What is no object is for others to refuse.
 *
 * @param {unknown} value
 * @param {string} name
 * @param {readonly string[]} known
 */
export function refuseStrangers(value, name, known) {
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
