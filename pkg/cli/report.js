/** `report`: what a journal says, without going on. */
import { giveOutUnsent, readJournal } from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { Refusal } from "./exit.js";
import { finish } from "./finish.js";
import { journalAt } from "./journal.js";
import { placesOf, refuseSharedFiles } from "./places.js";
import { openOut } from "./results.js";

/**
 * @param {string} file the journal, or the customers it lies beside
 * @param {import("./options.js").Given} given
 * @param {import("./screen.js").Screen} screen
 * @returns {Promise<number>} the exit code: that of the run
 */
export async function report(file, given, screen) {
  const path = await journalAt(file);
  const { list } = given;
  if (list !== undefined && given.out === undefined) {
    throw new Refusal("no-out", "Where to? Use --list with --out FILE.");
  }
  await refuseSharedFiles({ ...placesOf(file, path), "the results": given.out });
  const out = await openOut(given.out, given);
  const told = list === "unsent" ? await giveOutUnsent(fileJournal(path)) : await reviewed(path);
  return finish(told, { out, list, screen, journal: path, isWhole: false });
}

/**
 * @param {string} path
 * @throws {import("issue-bulk").IssueBulkError} `journal-missing`, `journal-empty`
 */
export function reviewed(path) {
  return readJournal(fileJournal(path));
}
