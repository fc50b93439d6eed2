/** `resume`: goes on with an interrupted run from its journal alone. */
import { resumeIssueBulk } from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { confirm, requireSomebody } from "./confirm.js";
import { issuing } from "./issuing.js";
import { journalAt } from "./journal.js";
import { paceOf, serviceOf } from "./options.js";
import { reviewed } from "./report.js";
import { checkOut } from "./results.js";
import { isOver, storyOf } from "./run.js";

/**
 * @param {string} file the journal, or the customers it lies beside
 * @param {import("./options.js").Given} given
 * @param {import("./screen.js").Screen} screen
 * @returns {Promise<number>} the exit code
 */
export async function resume(file, given, screen) {
  const { service, who } = await serviceOf(given);
  const path = await journalAt(file);
  const { out } = given;
  await checkOut(out, { ...given, isResumed: true });
  const earlier = await reviewed(path);
  screen.note(storyOf(earlier));
  if (!isOver(earlier)) {
    requireSomebody(screen, given);
    const rows = /** @type {const} */ ([["Service", `${service.host}, as ${who}`]]);
    const what = { verb: "go on with", customers: earlier.counts.unsent, rows: [...rows] };
    if (!given.yes) await confirm(screen, what);
  }
  const options = { ...service, ...paceOf(given), ambiguous: given.ambiguous };
  return issuing(
    (watched) => resumeIssueBulk(fileJournal(path), { ...options, ...watched }),
    { out, screen, journal: path, isWhole: false },
  );
}
