/** The journal of a run: a file beside the customers, so that the same command goes on with it. */
import { access, lstat, realpath } from "node:fs/promises";
import { IssueBulkError, readJournal } from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { Refusal } from "./exit.js";
import { STDIN, isStream } from "./input.js";
import { identityOf } from "./places.js";
import { printable } from "./text.js";

/** @typedef {import("./options.js").Given} Given */

/** What the name of a journal ends with. */
export const SUFFIX = ".issue-bulk";

/**
 * Where a run keeps its journal; null for nowhere.
 *
 * @param {string} file the customers
 * @param {Given} given
 * @returns {Promise<string | null>}
 * @throws {Refusal}
 */
export async function journalOf(file, { journal }) {
  if (typeof journal === "string") return journal;
  if (journal === false) {
    await refuseEarlier(file);
    return null;
  }
  if (!(await isStream(file))) return journalBeside(file);
  throw new Refusal(
    "no-journal-place",
    "A pipe has no place beside it for the journal that an interrupted run goes on from. " +
      "Use --journal FILE, or --no-journal to do without.",
  );
}

/**
 * The journal beside a list. A link and the list that it leads to have one: that of the list,
 * unless the link has had one of its own.
 *
 * @param {string} file
 * @throws {Refusal} `two-journals`
 */
async function journalBeside(file) {
  const own = file + SUFFIX;
  const stats = await lstat(file).catch(() => null);
  if (stats === null || !stats.isSymbolicLink()) return own;
  const ofTarget = (await realpath(file).catch(() => file)) + SUFFIX;
  if (!(await isThere(own))) return ofTarget;
  if (!(await isThere(ofTarget))) return own;
  if ((await identityOf(own)) === (await identityOf(ofTarget))) return own;
  throw new Refusal(
    "two-journals",
    `${printable(own)} and ${printable(ofTarget)} are journals of one list: name the one that is ` +
      "meant with --journal.",
  );
}

/**
 * Without a journal a command cannot know what an earlier run did; where there is one it must.
 *
 * @param {string} file
 */
async function refuseEarlier(file) {
  if (file === STDIN) return;
  const path = await journalBeside(file);
  if (!(await isThere(path))) return;
  throw new Refusal(
    "journal-not-empty",
    `${printable(path)} is the journal of an earlier run. Without --no-journal this command goes ` +
      "on from it; to issue to all of them once more, move it away first.",
  );
}

/**
 * The journal that an argument means: itself, or the one beside the customers it names.
 *
 * @param {string} file
 */
export async function journalAt(file) {
  const beside = await journalBeside(file);
  if (!file.endsWith(SUFFIX) && (await isThere(beside))) return beside;
  if (await isThere(file)) return file;
  throw new Refusal("no-journal", `There is no journal ${printable(file)}, and none beside it.`);
}

/**
 * The run that a journal tells of, as it stands; null where none has begun.
 *
 * @param {string} path
 * @returns {Promise<import("issue-bulk").Report | null>}
 */
export async function earlierRun(path) {
  if (!(await isThere(path))) return null;
  try {
    return await readJournal(fileJournal(path));
  } catch (error) {
    if (!(error instanceof IssueBulkError)) throw error;
    if (error.code === "journal-empty") return null;
    if (error.code !== "journal-missing") throw error;
    throw new Refusal(
      error.code,
      `${printable(path)} is empty, so nobody knows what a run with it has sent: it may have ` +
        "been emptied. Look for the journal that is meant; delete this file only if no run has " +
        "begun.",
    );
  }
}

/** @param {string} path */
function isThere(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}
