/** The end of a run for people and machines: sums, why rows were not issued, notes. */
import { problemLines } from "./problems.js";
import { count, counted, printable, span } from "./text.js";

/** @typedef {import("issue-bulk").Report} Report */

/** Reasons shown; a service that words each refusal differently must not fill the screen. */
const REASONS_SHOWN = 20;

const OUTCOMES = /** @type {const} */ (["issued", "rejected", "unsent", "unknown"]);

/**
 * Rows of one outcome and cause.
 *
 * @typedef {object} Group
 * @property {string} outcome
 * @property {string} reason
 * @property {number | null} code
 * @property {number | null} status
 * @property {string} message of the first of them: the service may word each differently
 * @property {number} customers
 */

/**
 * Why rows were not issued, the most frequent first.
 *
 * @param {Report} report
 * @returns {Group[]}
 */
export function groupsOf(report) {
  const { outcomes, causes, causeTable } = report.columns();
  /** @type {Map<string, Group>} */
  const groups = new Map();
  const tally = new Map();
  for (const [row, cause] of causes.entries()) {
    const key = (cause << 2) | (outcomes[row] ?? 0);
    if (cause > 0) tally.set(key, (tally.get(key) ?? 0) + 1);
  }
  for (const [key, customers] of tally) {
    const { reason, code, status, message } = causeTable[(key >> 2) - 1] ?? NO_CAUSE;
    const outcome = OUTCOMES[/** @type {0} */ (key & 3)];
    const name = [outcome, reason, code, status].join();
    const group = groups.get(name) ?? { outcome, reason, code, status, message, customers: 0 };
    groups.set(name, { ...group, customers: group.customers + customers });
  }
  return [...groups.values()].sort((a, b) => b.customers - a.customers);
}

const NO_CAUSE = Object.freeze({ reason: "", code: null, status: null, message: "" });

/** What each sum means, where the name does not say. */
const MEANING = Object.freeze(
  /** @type {Record<string, string>} */ ({
    rejected: "the service said no",
    unsent: "provably not issued",
    unknown: "may have been issued: nobody may issue to them again before looking",
    invalid: "no customer id",
    duplicate: "given more than once, issued once",
  }),
);

/**
 * The sums, and below each the reasons.
 *
 * @param {Report} report
 * @param {import("./screen.js").Screen} screen
 * @param {boolean} isTimed
 */
export function printSummary(report, screen, isTimed) {
  const { counts, problems } = report;
  const { invalid, duplicate, given, attempts, elapsedMs } = counts;
  const groups = groupsOf(report);
  for (const outcome of OUTCOMES) {
    printSum(screen, outcome, counts[outcome]);
    const own = groups.filter((group) => group.outcome === outcome);
    for (const group of own.slice(0, REASONS_SHOWN)) screen.result(`  ${reasonLine(group)}`);
    const more = own.length - REASONS_SHOWN;
    if (more > 0) screen.result(`  and ${counted(more, "more reason")}`);
  }
  for (const [name, value] of Object.entries({ invalid, duplicate })) {
    if (value > 0) printSum(screen, name, value);
  }
  for (const line of problemLines(problems, invalid + duplicate)) screen.result(line);
  const time = isTimed ? `, ${span(elapsedMs)}` : "";
  printSum(screen, "given", given, counted(attempts, "call") + time);
}

/**
 * @param {import("./screen.js").Screen} screen
 * @param {string} name
 * @param {number} value
 * @param {string} [meaning]
 */
function printSum(screen, name, value, meaning = value > 0 ? MEANING[name] : undefined) {
  const { green, red, yellow, dim } = screen.colors;
  const paint = { issued: green, rejected: yellow, unsent: yellow, unknown: red, invalid: yellow };
  const title = name === "unsent" ? "Not sent" : `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const sum = `${title.padEnd(9)}${count(value).padStart(12)}`;
  const color = value > 0 ? paint[/** @type {keyof typeof paint} */ (name)] : undefined;
  screen.result((color?.(sum) ?? sum) + (meaning === undefined ? "" : dim(`  ${meaning}`)));
}

/** @param {Group} group */
function reasonLine({ customers, reason, code, status, message }) {
  const parts = [reason];
  if (code !== null) parts.push(`code ${code}`);
  else if (status !== null) parts.push(`HTTP ${status}`);
  const said = message === "" ? "" : `: ${printable(message)}`;
  return `${count(customers)} ${parts.join(", ")}${said}`;
}

/**
 * The same as one object.
 *
 * @param {Report} report
 */
export function summaryOf(report) {
  const { counts, stopped, notes, problems, readBack } = report;
  return { counts, stopped, reasons: groupsOf(report), readBack, notes, problems };
}
