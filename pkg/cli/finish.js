/** What every command does with a report: says it, writes it, and makes an exit code of it. */
import { EXIT, exitCodeOf, explain } from "./exit.js";
import { writeResults } from "./results.js";
import { printSummary, summaryOf } from "./summary.js";
import { count, counted, printable } from "./text.js";

/** @typedef {import("issue-bulk").Report} Report */
/** @typedef {import("./screen.js").Screen} Screen */

/**
 * @typedef {object} How
 * @property {import("./out.js").Out | null} out where the results go
 * @property {Screen} screen
 * @property {string | null} journal
 * @property {boolean} isWhole whether all of it was done by this process, so that it was timed
 * @property {import("./results.js").OutcomeName} [list] what goes into `out`; all, if not said
 */

/**
 * @param {Report} report
 * @param {How} how
 * @returns {Promise<number>} the exit code
 */
export async function finish(report, { out, screen, journal, isWhole, list }) {
  printSummary(report, screen, isWhole);
  if (report.readBack !== null) {
    const { asked, issued, notIssued } = report.readBack;
    const found = `${count(issued)} issued, ${count(notIssued)} not issued`;
    screen.result(`Looked at ${counted(asked, "customer")} in doubt: ${found}.`);
  }
  for (const { message } of report.notes) screen.result(`Note: ${printable(message)}`);
  for (const line of endLines(report, journal)) screen.result(line);
  const write = async (/** @type {import("./out.js").Out} */ to) => writeResults(report, to, list);
  const { exitCode, results } = await written(out, { screen, exitCode: exitCodeOf(report), write });
  screen.event("summary", { exitCode, ...summaryOf(report), results, journal });
  return exitCode;
}

/**
 * Writes results, if they are wanted. A failure is told and not thrown: what became of the
 * customers has to be said all the same.
 *
 * @param {import("./out.js").Out | null} out
 * @param {{ screen: Screen, exitCode: number,
 *   write: (out: import("./out.js").Out) => Promise<void> }} how `exitCode` is that of what the
 *   results are about
 * @returns {Promise<{ exitCode: number, results: string | null }>} the more serious exit code, and
 *   where the results are
 */
export async function written(out, { screen, exitCode, write }) {
  if (out === null) return { exitCode, results: null };
  try {
    await write(out);
  } catch (error) {
    const { code, message } = explain(error);
    const worse = exitCode > EXIT.usage ? exitCode : EXIT.usage;
    screen.event("error", { code, message, exitCode: worse });
    screen.error(printable(message));
    return { exitCode: worse, results: null };
  }
  if (!out.isStdout) screen.result(`Results: ${printable(out.name)}`);
  return { exitCode, results: out.name };
}

/**
 * Why it ended early, and what to do now.
 *
 * @param {Report} report
 * @param {string | null} journal
 * @returns {string[]}
 */
function endLines(report, journal) {
  const { stopped, counts, notes } = report;
  // Who runs the list of the unsent must not go on here as well.
  const isGivenOut = notes.some(({ code }) => code === "given-out");
  const isOver = journal === null || isGivenOut;
  const goOn = isOver ? null : `the same command, or issue-bulk resume ${journal}`;
  const lines = stopLines(stopped, exitCodeOf(report), goOn);
  if (counts.unknown > 0) {
    const who = counted(counts.unknown, "customer");
    lines.push(`${who} may have been issued. Do not issue to them again before somebody looked.`);
    if (journal !== null) lines.push(`To look: issue-bulk reconcile ${printable(journal)}`);
  }
  return lines;
}

/**
 * Why a command ended early.
 *
 * @param {import("issue-bulk").Stopped | null} stopped
 * @param {number} exitCode
 * @param {string | null} [goOn] how to go on, where that is possible
 * @returns {string[]} none where it came to its end
 */
export function stopLines(stopped, exitCode, goOn = null) {
  if (stopped === null) return [];
  const { code, reason, cause, status, serviceCode, requestId } = stopped;
  const facts = Object.entries({ HTTP: status, code: serviceCode, "request id": requestId })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
  const title = exitCode === EXIT.interrupted ? "Interrupted" : "Stopped";
  const lines = [
    `${title}: ${printable(reason)}${facts === "" ? "" : ` (${printable(facts)})`}`,
  ];
  if (cause !== null) lines.push(`The cause: ${printable(cause)}`);
  if (goOn !== null) lines.push(`To go on: ${printable(goOn)}`);
  const isOfCredentials = /^(unauthorised$|credentials-)/.test(code);
  if (isOfCredentials) lines.push("See `issue-bulk help credentials`.");
  return lines;
}
