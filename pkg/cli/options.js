/** Options as commander reads them, and as the library wants them. */
import { InvalidArgumentError, Option } from "commander";
import { hostOf, readCredentials } from "./credentials.js";

/** @typedef {import("issue-bulk").RunOptions} RunOptions */

/**
 * Everything that any command may be given. What commander did not see is undefined.
 *
 * @typedef {object} Given
 * @property {string} [promotion]
 * @property {string} [context]
 * @property {string} [host]
 * @property {string} [credentials]
 * @property {string} [basePath]
 * @property {string} [org]
 * @property {{ type?: string, code: string }} [attribution]
 * @property {string | number} [column]
 * @property {string} [format]
 * @property {string} [delimiter]
 * @property {string} [field]
 * @property {number} [batchSize]
 * @property {number} [concurrency]
 * @property {number} [perMinute]
 * @property {number} [timeout]
 * @property {number} [deadline]
 * @property {number} [attempts]
 * @property {"hold" | "reconcile" | "retry"} [ambiguous]
 * @property {number} [quietPeriod] minutes
 * @property {number} [apart] seconds
 * @property {number} [limit]
 * @property {string | boolean} [journal] a file; false for none
 * @property {string} [out]
 * @property {import("./results.js").OutcomeName} [list]
 * @property {boolean} [force]
 * @property {boolean} [yes]
 * @property {string} [confirm] the words that confirm `revoke`
 * @property {boolean} [json]
 * @property {boolean} [quiet]
 * @property {boolean} [color]
 */

/** @typedef {(command: import("commander").Command) => void} Group */

/** What is issued. @type {Group} */
export function requestOptions(command) {
  command
    .optionsGroup("What:")
    .option("-p, --promotion <id>", "the cart promotion: its id in the service")
    .option("-c, --context <text>", "recorded with each issuance as its source (contextId)");
}

/** Where it is issued, and who does it. @type {Group} */
export function serviceOptions(command) {
  command
    .optionsGroup("Service:")
    .option("--host <host>", "such as eu.api.capillarytech.com (or ISSUE_BULK_HOST)")
    .option("--credentials <file>", "see `issue-bulk help credentials`")
    .option("--base-path <path>", "what stands before /promotions (default /api_gateway/v1)")
    .option("--org <id>", "for clients of several organisations (X-CAP-API-AUTH-ORG-ID)")
    .option(
      "--attribution <type:code>",
      "whom an OAuth client acts for, such as TILL:till01 (default: its own till)",
      attribution,
    );
}

/** How the customers are read. @type {Group} */
export function inputOptions(command) {
  const formats = ["auto", "lines", "csv", "ndjson", "json"];
  command
    .optionsGroup("Customers (found by themselves as a rule):")
    .option("--column <name|number>", "the column or field of the ids, or its number", column)
    .addOption(new Option("--format <format>", "how the file is read").choices(formats))
    .option("--delimiter <mark>", "of a CSV: , ; | or tab", delimiter)
    .option("--field <name>", "the older name of --column for NDJSON");
}

/** How fast. @type {Group} */
export function paceOptions(command) {
  command
    .optionsGroup("Pace:")
    .option("--batch-size <n>", "customers in one call, 1 to 10000 (default 1000)", whole)
    .option("--concurrency <n>", "calls at a time at most, 1 to 64 (default 6)", whole)
    .option("--per-minute <n>", "calls a minute at most (default: no limit)", whole)
    .option("--timeout <seconds>", "for one call (default 60)", whole)
    .option("--deadline <seconds>", "for all; the rest is not sent (default: none)", whole)
    .option("--attempts <n>", "sendings of a batch that provably did nothing (default 5)", whole);
}

/** @type {Group} */
export function doubtOption(command) {
  const ways = ["hold", "reconcile", "retry"];
  const meaning =
    "customers whose answer was lost: leave them unknown (hold, the default), look afterwards, " +
    "or send them again, which can issue TWICE unless the promotion allows one per customer";
  command
    .optionsGroup("Doubt:")
    .addOption(new Option("--ambiguous <way>", meaning).choices(ways));
}

/** @type {Group} */
export function readBackOptions(command) {
  command
    .optionsGroup("Looking:")
    .option("--quiet-period <minutes>", "from the run's end to the first look (default 15)", whole)
    .option("--apart <seconds>", "between the two looks at a customer (default 60)", whole)
    .option("--limit <n>", "promotions asked for of one customer (default 100)", whole);
}

/** @type {Group} */
export function journalOptions(command) {
  command
    .optionsGroup("Journal:")
    .option("--journal <file>", "where an interrupted run goes on from (default: beside the file)")
    .option("--no-journal", "none: what is in flight when the process is killed stays in doubt");
}

/** @type {Group} */
export function outOptions(command) {
  command
    .optionsGroup("Output:")
    .option("-o, --out <file>", "results: CSV, or NDJSON for .ndjson and .jsonl; - for stdout")
    .option("--force", "replace an existing file of results");
}

/** @type {Group} */
export function listOption(command) {
  const outcomes = ["issued", "rejected", "unsent", "unknown"];
  const meaning = "write only these customers to --out, one a line, as input of another run";
  command
    .optionsGroup("Output:")
    .addOption(new Option("--list <outcome>", meaning).choices(outcomes));
}

/** @type {Group} */
export function screenOptions(command) {
  command
    .optionsGroup("Output:")
    .option("--json", "one JSON object a line, for machines")
    .option("--quiet", "no progress")
    .option("--no-color", "no colours (or NO_COLOR=1)");
}

/**
 * @param {string} text
 * @returns {number}
 */
export function whole(text) {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It takes a whole number.");
}

/** @param {string} text */
function column(text) {
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}

/** @param {string} text */
function delimiter(text) {
  return /^(?:tab|\\t)$/i.test(text) ? "\t" : text;
}

/** @param {string} text */
function attribution(text) {
  const at = text.indexOf(":");
  return at < 0 ? { code: text } : { type: text.slice(0, at), code: text.slice(at + 1) };
}

/**
 * Without what was not given: the library has its own defaults.
 *
 * @template {object} T
 * @param {T} values
 * @returns {Partial<T>}
 */
export function givenOf(values) {
  const pairs = Object.entries(values).filter(([, value]) => value !== undefined);
  return /** @type {Partial<T>} */ (Object.fromEntries(pairs));
}

/** @param {Given} given */
export function inputOf({ column, format, delimiter, field }) {
  return /** @type {import("issue-bulk").InputOptions} */ (
    givenOf({ column, format, delimiter, field })
  );
}

/**
 * What the library is told of the pace.
 *
 * @param {Given} given
 * @returns {Partial<RunOptions>}
 */
export function paceOf({ batchSize, concurrency, perMinute, timeout, deadline, attempts }) {
  return givenOf({
    batchSize,
    concurrency,
    rate: perMinute === undefined ? undefined : { perMinute },
    timeoutMs: timeout === undefined ? undefined : timeout * 1_000,
    deadlineMs: deadline === undefined ? undefined : deadline * 1_000,
    attempts,
  });
}

/** @typedef {{ host: string, auth: import("./credentials.js").Auth }} Place */

/**
 * What the library is told of a read-back.
 *
 * @param {Given} given
 * @returns {Pick<import("issue-bulk").ReadBackRules, "quietMs" | "apartMs" | "limit">}
 */
export function readBackOf({ quietPeriod, apart, limit }) {
  return givenOf({
    quietMs: quietPeriod === undefined ? undefined : quietPeriod * 60_000,
    apartMs: apart === undefined ? undefined : apart * 1_000,
    limit,
  });
}

/**
 * The service and the credentials for it.
 *
 * @param {Given} given
 * @returns {Promise<{ who: string, service: Place & Extras }>}
 */
export async function serviceOf(given) {
  const { host, auth, who } = await readCredentials(given);
  return { who, service: { host, auth, ...pathOf(given) } };
}

/**
 * The service where nothing is sent: it needs no credentials, and any host will do.
 *
 * @param {Given} given
 */
export function placeOf(given) {
  // RFC 2606: a name that never resolves.
  return { host: hostOf(given.host) ?? "service.invalid", ...pathOf(given) };
}

/** @typedef {Pick<RunOptions, "basePath" | "orgId" | "attribution">} Extras */

/**
 * @param {Given} given
 * @returns {Extras}
 */
function pathOf({ basePath, org, attribution }) {
  const options = { basePath, orgId: org, attribution };
  return /** @type {Extras} */ (givenOf(options));
}
