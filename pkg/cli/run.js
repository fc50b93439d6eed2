/** `run`: issues the promotion to every customer of a file, or goes on where it was interrupted. */
import { issueBulk, resumeIssueBulk } from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { checkFirst } from "./check.js";
import { confirm, requireSomebody, retriedRows, serviceRow } from "./confirm.js";
import { confirmRest, storyOf } from "./earlier.js";
import { Refusal } from "./exit.js";
import { Customers, STDIN, isStream } from "./input.js";
import { issuing } from "./issuing.js";
import { SUFFIX, earlierRun, journalOf } from "./journal.js";
import { inputOf, paceOf, serviceOf } from "./options.js";
import { planOf, printPlan } from "./plan.js";
import { placesOf, refuseSharedFiles } from "./places.js";
import { areResults, openOut, resultsBeside } from "./results.js";
import { printable } from "./text.js";

/** @typedef {import("./options.js").Given} Given */
/** @typedef {import("./screen.js").Screen} Screen */

export const HELP = `
A run keeps a journal beside the file, FILE.issue-bulk. After an interruption of any kind, the same
command goes on where it stopped; after its end, the same command sends nothing. With another
journal (--journal) it is another run, which issues again to everybody who is in both.

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
  const place = given.out ?? ((await isStream(file)) ? undefined : resultsBeside(file));
  const places = path === null ? {} : placesOf(file, path);
  await refuseSharedFiles({ ...places, "the customers": file, "the results": place });
  const earlier = path === null ? null : await earlierRun(path);
  const out = await openOut(place, { ...given, earlier });
  const customers = new Customers(file);
  /** @type {(readonly [string, string])[]} */
  const rows = [
    ["Promotion", request.promotionId],
    ["Context", request.contextId],
    serviceRow(service, who),
  ];
  const first = () => checkFirst(request.promotionId, service, screen);
  const asked = { customers, given, screen, rows, first };
  const confirmed =
    earlier === null ? await confirmRun(asked) : await confirmMore({ ...asked, earlier });
  const customerIds = await customers.read({ isLast: true });
  const whole = { ...request, customerIds, confirmed };
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
      "that were not sent, go on with that run: issue-bulk resume JOURNAL.",
  );
}

/**
 * Says where an earlier run stands, and asks before it goes on. A list with all customers of the
 * earlier run and more adds the others to it; any other list is refused by the run.
 *
 * @param {{ customers: Customers, earlier: import("issue-bulk").Report, given: Given,
 *   screen: Screen, rows: (readonly [string, string])[], first: () => Promise<void> }} what
 * @returns {Promise<import("issue-bulk").Confirmed>} the list that was looked at
 */
async function confirmMore({ customers, earlier, given, screen, rows, first }) {
  const { distinct, digest } = await planOf(await customers.read({ isLast: false }), given);
  const added = Math.max(0, distinct - earlier.length);
  await confirmRest(screen, { earlier, given, rows, added, first });
  screen.note(storyOf(earlier, given, added));
  return { customers: distinct, digest };
}

/**
 * Asks before anything is sent, where nobody said `--yes`.
 *
 * @param {{ customers: Customers, given: Given, screen: Screen,
 *   rows: (readonly [string, string])[], first: () => Promise<void> }} what `first` is done before
 *   the question
 * @returns {Promise<import("issue-bulk").Confirmed | undefined>} what was confirmed
 */
async function confirmRun({ customers, given, screen, rows, first }) {
  requireSomebody(screen, given);
  if (given.yes) return undefined;
  await first();
  const plan = await planOf(await customers.read({ isLast: false }), given);
  printPlan(plan, (line) => screen.note(line));
  const all = [...rows, ...retriedRows(given)];
  await confirm(screen, { verb: "issue to", customers: plan.distinct, rows: all });
  return { customers: plan.distinct, digest: plan.digest };
}
