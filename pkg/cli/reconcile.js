/** `reconcile`: looks what became of the customers that a run left unknown. */
import { reconcile as readBack } from "issue-bulk";
import { EXIT, Refusal } from "./exit.js";
import { issuing } from "./issuing.js";
import { journalAt } from "./journal.js";
import { paceOf, readBackOf, serviceOf } from "./options.js";
import { placesOf, refuseSharedFiles } from "./places.js";
import { reviewed } from "./report.js";
import { openOut, resultsBeside } from "./results.js";
import { counted, printable, span } from "./text.js";

/** As in the library: 15 minutes. */
const QUIET_MS = 900_000;

export const HELP = `
It waits until the run has been over for 15 minutes, for a lost call may still be acted on, then
reads the promotions of each unknown customer twice, a minute apart. Where both say the same, the
customer is issued or provably not. It issues nothing, and leaves the journal as it is; the new
results go to FILE.reconciled.csv where --out says nothing else.

It cannot tell this run's issuance from one that somebody else made for the same customer and
promotion at the same time.`;

/**
 * @param {string} file the journal, or the customers it lies beside
 * @param {import("./options.js").Given} given
 * @param {import("./screen.js").Screen} screen
 * @returns {Promise<number>} the exit code
 */
export async function reconcile(file, given, screen) {
  const path = await journalAt(file);
  const { list } = given;
  const place = given.out ?? resultsBeside(path, "reconciled");
  await refuseSharedFiles({ ...placesOf(file, path), "the results": place });
  const { service } = await serviceOf(given);
  const out = await openOut(place, given);
  const report = await reviewed(path);
  if (list === "unsent" && report.stopped !== null) {
    throw new Refusal(
      "run-not-over",
      "The run can go on, and would issue to the customers of this list once more: go on with it " +
        `first (issue-bulk resume ${printable(path)}), then reconcile it.`,
    );
  }
  const { unknown } = report.counts;
  const quiet = readBackOf(given).quietMs ?? QUIET_MS;
  const when = quiet > 0 ? `, at the earliest ${span(quiet)} after the run's end` : "";
  if (unknown > 0) screen.note(`Looking at ${counted(unknown, "customer")}${when}.`);
  const { rate, concurrency, timeoutMs, attempts } = paceOf(given);
  const options = { ...service, rate, concurrency, timeoutMs, attempts, ...readBackOf(given) };
  let isInterrupted = () => false;
  const exitCode = await issuing(
    (watched) => {
      isInterrupted = () => watched.signal?.aborted === true;
      return readBack(report, { ...options, ...watched });
    },
    { out, list, screen, journal: null, isWhole: false },
  );
  return isInterrupted() ? EXIT.interrupted : exitCode;
}
