/** `run`: issues the promotion to every customer of a file, or goes on where it was interrupted. */
import { stat } from "node:fs/promises";
import { issueBulk, resumeIssueBulk } from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { checkFirst } from "./check.js";
import { confirm, requireSomebody } from "./confirm.js";
import { Refusal } from "./exit.js";
import { STDIN, openInput } from "./input.js";
import { issuing } from "./issuing.js";
import { SUFFIX, earlierRun, journalOf } from "./journal.js";
import { inputOf, paceOf, serviceOf } from "./options.js";
import { planOf, printPlan } from "./plan.js";
import { areResults, checkOut, resultsBeside } from "./results.js";
import { count, printable } from "./text.js";

/** @typedef {import("./options.js").Given} Given */
/** @typedef {import("./screen.js").Screen} Screen */
/** @typedef {import("issue-bulk").Report} Report */

export const HELP = `
A run keeps a journal beside the file, FILE.issue-bulk. After an interruption of any kind, the same
command goes on where it stopped; after its end, the same command sends nothing. Another promotion,
context, host, batch size or list needs a journal of its own: --journal.

Results go to FILE.results.csv where --out says nothing else.`;

/**
 * @param {string} file
 * @param {Given} given
 * @param {Screen} screen
 * @returns {Promise<number>} the exit code
 */
export async function run(file, given, screen) {
  const request = requestOf(given);
  await refuseOwnFiles(file);
  const { service, who } = await serviceOf(given);
  const path = await journalOf(file, given);
  const earlier = path === null ? null : await earlierRun(path);
  const out = given.out ?? (file === STDIN ? undefined : resultsBeside(file));
  await checkOut(out, { ...given, isResumed: earlier !== null });
  const willSend = earlier === null || !isOver(earlier);
  if (willSend) requireSomebody(screen, given);
  if (willSend && !given.yes) {
    const rows = rowsOf({ ...request, host: service.host, who, ambiguous: given.ambiguous });
    await checkFirst(request.promotionId, service, screen);
    if (earlier === null) await confirmRun(file, given, screen, rows);
    else await confirm(screen, { verb: "go on with", customers: earlier.counts.unsent, rows });
  }
  if (earlier !== null) screen.note(storyOf(earlier));
  const whole = { ...request, customerIds: await openInput(file) };
  const { ambiguous } = given;
  const options = { ...service, ...paceOf(given), ambiguous, input: inputOf(given) };
  const journal = path === null ? undefined : fileJournal(path);
  return issuing(
    (watched) =>
      earlier === null || journal === undefined
        ? issueBulk(whole, { ...options, ...watched, journal })
        : resumeIssueBulk(journal, { ...options, ...watched, request: whole }),
    { out, screen, journal: path, isWhole: earlier === null },
  );
}

/**
 * Whether nothing is left to send: what was in flight at an interruption is not sent again.
 *
 * @param {Report} earlier
 */
export function isOver({ counts, stopped }) {
  return stopped === null || counts.unsent === 0;
}

/**
 * @param {Report} earlier
 * @returns {string} where it stands
 */
export function storyOf(earlier) {
  const { counts, length } = earlier;
  if (isOver(earlier)) return "This run is finished; nothing more will be sent.";
  const settled = `${count(length - counts.unsent)} of ${count(length)}`;
  return `Going on with an earlier run: ${settled} customers are settled.`;
}

/**
 * @param {Given} given
 * @throws {Refusal}
 */
export function requestOf({ promotion, context }) {
  if (promotion === undefined) {
    throw new Refusal("no-promotion", "Which promotion? Use --promotion ID.");
  }
  if (context === undefined) {
    const message = "For which occasion? Use --context TEXT: it is recorded with each issuance.";
    throw new Refusal("no-context", message);
  }
  return { promotionId: promotion, contextId: context };
}

/**
 * Who was issued stands in it, too: to run it is to issue to them again.
 *
 * @param {string} file
 */
async function refuseOwnFiles(file) {
  if (file.endsWith(SUFFIX)) {
    const message = `${printable(file)} is a journal. Name the customers, or use resume or report.`;
    throw new Refusal("input-is-journal", message);
  }
  if (file === STDIN || !(await areResults(file))) return;
  throw new Refusal(
    "input-is-results",
    `${printable(file)} holds the results of a run, issued customers included. To issue to those ` +
      "that were not sent, write their list: issue-bulk report JOURNAL --list unsent --out FILE.",
  );
}

/**
 * @param {{ promotionId: string, contextId: string, host: string, who: string,
 *   ambiguous: Given["ambiguous"] }} what
 * @returns {(readonly [string, string])[]}
 */
function rowsOf({ promotionId, contextId, host, who, ambiguous }) {
  return [
    ["Promotion", promotionId],
    ["Context", contextId],
    ["Service", `${host}, as ${who}`],
    ...(ambiguous === "retry" ? [RETRIED] : []),
  ];
}

/** @type {readonly [string, string]} */
const RETRIED = ["In doubt", "sent again: a customer whose answer is lost may get it TWICE"];

/**
 * @param {string} file
 * @param {Given} given
 * @param {Screen} screen
 * @param {(readonly [string, string])[]} rows
 */
async function confirmRun(file, given, screen, rows) {
  const before = await stateOf(file);
  const plan = await planOf(file, given);
  printPlan(plan, (line) => screen.note(line));
  await confirm(screen, { verb: "issue to", customers: plan.distinct, rows });
  if ((await stateOf(file)) === before) return;
  const message = `Nothing was sent: ${file} has changed since the question.`;
  throw new Refusal("input-changed", message);
}

/** @param {string} file */
async function stateOf(file) {
  const { size, mtimeMs } = await stat(file);
  return `${size} ${mtimeMs}`;
}
