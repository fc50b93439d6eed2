/** A file as what it is, device and inode: it may have several names, and a name several files. */
import { lstat, readlink, realpath, stat } from "node:fs/promises";
import type { BigIntStats } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { IssueBulkError } from "../errors.js";

export type Identity = BigIntStats;

/** Null if there is nothing of this name. */
export async function statOf(path: string): Promise<Identity | null> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function isSame(one: Identity, other: Identity): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/**
 * The path without symbolic links, also of a file that is not there yet.
 *
 * @throws the error of the file system if its folder is missing
 */
export async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const link = await lstat(path).catch(() => null);
    if (link?.isSymbolicLink()) return targetOf(resolve(dirname(path), await readlink(path)));
    return join(await realpath(dirname(path)), basename(path));
  }
}

/**
 * Refuses what keeps nothing: a device takes all that is written to it, a named pipe waits.
 *
 * @throws IssueBulkError `journal-failed`
 */
export function assertFile(identity: Identity, path: string): void {
  if (identity.isFile()) return;
  throw failed(`${path} is ${kindOf(identity)}; a journal must be a file, to be read again.`);
}

function kindOf(identity: Identity): string {
  if (identity.isDirectory()) return "a folder";
  if (identity.isFIFO()) return "a named pipe";
  return identity.isSocket() ? "a socket" : "a device";
}

/**
 * Refuses a file with several names where no lock could tell that they are one.
 *
 * @throws IssueBulkError `journal-failed`
 */
export function assertOneName(identity: Identity, path: string): void {
  if (identity.nlink <= 1n) return;
  throw failed(
    `${path} has ${identity.nlink} names (hard links), so it cannot be locked here: remove the ` +
      "others, or install the command flock.",
  );
}

/**
 * Makes sure that a file which is written still has its name: what was deleted or replaced is
 * gone once the process ends.
 *
 * @throws IssueBulkError `journal-failed`
 */
export async function assertStill(path: string, identity: Identity): Promise<void> {
  const now = await statOf(path);
  if (now !== null && isSame(now, identity)) return;
  const what = now === null ? "deleted or moved away" : "replaced by another file";
  throw failed(`The journal ${path} was ${what} while a run had it open.`);
}

function failed(message: string): IssueBulkError {
  return new IssueBulkError("journal-failed", message);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
