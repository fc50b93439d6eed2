/** The files of a command, told apart by what they are: one file may have several names. */
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Refusal } from "./exit.js";
import { printable } from "./text.js";

/**
 * Refuses one file in two roles: results would replace the customers or the journal of the run.
 *
 * @param {Record<string, string | null | undefined>} places role, such as `the journal`, and path;
 *   null where the command has no such file
 * @throws {Refusal} `same-file`
 */
export async function refuseSharedFiles(places) {
  /** @type {Map<string, string>} */
  const roles = new Map();
  for (const [role, path] of Object.entries(places)) {
    if (path === null || path === undefined || path === "-") continue;
    const identity = await identityOf(path);
    if (identity === null) continue;
    const other = roles.get(identity);
    if (other !== undefined) {
      const message = `${printable(path)} cannot be ${other} and ${role}: name another file.`;
      throw new Refusal("same-file", message);
    }
    roles.set(identity, role);
  }
}

/**
 * What a path leads to: device and inode of a file, the real path of one that is not there yet.
 * Null for what is no file, which several roles may share, such as a terminal.
 *
 * @param {string} path
 * @returns {Promise<string | null>}
 */
export async function identityOf(path) {
  const stats = await stat(path, { bigint: true }).catch(() => null);
  if (stats === null) return join(await realpath(dirname(path)).catch(() => ""), basename(path));
  return stats.isFile() ? `${stats.dev}:${stats.ino}` : null;
}

/**
 * The files that an argument means: a journal with its lock, and the customers it lies beside.
 *
 * @param {string} file the journal, or the customers it lies beside
 * @param {string} journal
 */
export function placesOf(file, journal) {
  return {
    "the customers": file === journal ? null : file,
    "the journal": journal,
    "the lock of the journal": `${journal}.lock`,
  };
}
