/** `resume`: goes on with an interrupted run whose list of customers need not be there. */
import { resumeIssueBulk } from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { serviceRow } from "./confirm.js";
import { confirmRest, storyOf } from "./earlier.js";
import { issuing } from "./issuing.js";
import { journalAt } from "./journal.js";
import { paceOf, serviceOf } from "./options.js";
import { placesOf, refuseSharedFiles } from "./places.js";
import { reviewed } from "./report.js";
import { openOut } from "./results.js";

export const HELP = `
Promotion, context, customers and batch size are in the journal, and so is what became of whom. All
else is not: give host, credentials, pace and --ambiguous as to run, or their defaults hold.`;

/**
 * @param {string} file the journal, or the customers it lies beside
 * @param {import("./options.js").Given} given
 * @param {import("./screen.js").Screen} screen
 * @returns {Promise<number>} the exit code
 */
export async function resume(file, given, screen) {
  const { service, who } = await serviceOf(given);
  const path = await journalAt(file);
  await refuseSharedFiles({ ...placesOf(file, path), "the results": given.out });
  const earlier = await reviewed(path);
  const out = await openOut(given.out, { ...given, earlier });
  screen.note(storyOf(earlier, given));
  await confirmRest(screen, { earlier, given, rows: [serviceRow(service, who)] });
  const options = { ...service, ...paceOf(given), ambiguous: given.ambiguous };
  return issuing(
    (watched) => resumeIssueBulk(fileJournal(path), { ...options, ...watched }),
    { out, screen, journal: path, isWhole: false },
  );
}
