/**
 * The options that the core takes, by name: with their types, which it does not look at, and in
 * the form in which they cross the border.
 */
import { IssueBulkError, kindOf } from "./errors.js";

/** @typedef {Map<string, string | number>} Settings texts and numbers by name */
/** @typedef {"string" | "number" | "boolean" | "string or number"} Type */

/** @typedef {{ readonly [name: string]: Type | Known }} Known */

/**
 * What the core knows. An object holds options of its own, whose names are joined by a point on
 * the way in. Values themselves are for the core to refuse, with its own codes.
 *
 * @type {Known}
 */
export const FOR_CORE = {
  host: "string",
  basePath: "string",
  attribution: { type: "string", code: "string" },
  orgId: "string",
  batchSize: "number",
  concurrency: "number",
  rate: { perMinute: "number" },
  timeoutMs: "number",
  deadlineMs: "number",
  responseBytesMax: "number",
  attempts: "number",
  stop: { ambiguousInRow: "number", failurePercent: "number", failureCallsMin: "number" },
  ambiguous: "string",
  reconcile: {
    quietMs: "number",
    apartMs: "number",
    limit: "number",
    rate: { perMinute: "number" },
  },
  seed: "number",
  input: {
    format: "string",
    column: "string or number",
    delimiter: "string",
    field: "string",
    dedupe: "boolean",
  },
};

/** @type {Known} */
const FOR_REQUEST = { promotionId: "string", contextId: "string" };
/** @type {Known} */
const FOR_AUTH = {
  username: "string",
  password: "string",
  passwordMd5: "string",
  key: "string",
  secret: "string",
  token: "string",
};

/**
 * @param {Record<string, unknown>} request
 * @param {Record<string, unknown>} options
 * @returns {Settings}
 * @throws {IssueBulkError} `invalid-option` for a value of the wrong type
 */
export function settingsOf(request, options) {
  /** @type {Settings} */
  const settings = new Map();
  collect(settings, "", request, FOR_REQUEST);
  collect(settings, "", options, FOR_CORE);
  return settings;
}

/**
 * Credentials as settings; a function stays in JavaScript and is only announced. Their forms are
 * for the core, which refuses an object that has none of them.
 *
 * @param {object} auth
 * @returns {Settings}
 */
export function authSettings(auth) {
  if (typeof auth === "function") return new Map([["auth.isCallback", 1]]);
  /** @type {Settings} */
  const settings = new Map([["auth.isGiven", 1]]);
  collect(settings, "auth.", /** @type {Record<string, unknown>} */ (auth), FOR_AUTH);
  return settings;
}

/**
 * @param {import("./core.js").Core} core
 * @param {Settings} settings
 * @returns {import("./core.js").Settings} which the next call into the core takes over
 */
export function intoCore(core, settings) {
  const crossing = new core.Settings();
  for (const [name, value] of settings) {
    if (typeof value === "number") crossing.number(name, value);
    else crossing.text(name, value);
  }
  return crossing;
}

/**
 * @param {Settings} settings
 * @param {string} path before each name
 * @param {Record<string, unknown>} given
 * @param {Known} known
 */
function collect(settings, path, given, known) {
  for (const [key, type] of Object.entries(known)) {
    const value = given[key];
    if (value === undefined || value === null) continue;
    const name = path + key;
    if (typeof type === "string") {
      if (!type.split(" or ").includes(typeof value)) throw wrongType(name, type, value);
      settings.set(name, typeof value === "string" ? value : Number(value));
    } else {
      if (typeof value !== "object" || Array.isArray(value)) throw wrongType(name, "object", value);
      collect(settings, `${name}.`, /** @type {Record<string, unknown>} */ (value), type);
    }
  }
}

/**
 * @param {string} name
 * @param {string} type
 * @param {unknown} value
 */
function wrongType(name, type, value) {
  const message = `The option ${name} must be of type ${type}, not ${kindOf(value)}.`;
  return new IssueBulkError("invalid-option", message);
}
