/**
 * A journal in a file. What is appended is on the disk before it counts (`fdatasync`); so is the
 * file's name in its folder, once.
 *
 * Its locks belong to the file, not to the path: a symbolic link, a hard link and another spelling
 * lead to the same one.
 */
import { constants, open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { IssueBulkError } from "../errors.js";
import type { Journal } from "../types/journal.js";
import { assertFile, assertOneName, assertStill, isSame, statOf, targetOf } from "./identity.js";
import type { Identity } from "./identity.js";
import { lockInKernel } from "./kernel-lock.js";
import { acquire, assertFree, taken } from "./lock.js";

const PIECE_BYTES = 1 << 18;
/** It holds customers: for its owner alone. */
const MODE = 0o600;

/** A file that this process alone may write. */
interface Opened {
  file: FileHandle;
  identity: Identity;
  /** Path without symbolic links. */
  target: string;
  isNew: boolean;
  unlock: () => Promise<void>;
}

/**
 * A journal in a file, readable by its owner alone. A new run makes it; reading it and going on
 * with it never do. Every append is on the disk (`fdatasync`) before its request leaves. A file
 * that is deleted or replaced during the run ends the run before its next call.
 *
 * A second run, in whichever process and by whatever name of the file, is refused with
 * `journal-locked`. On Linux the kernel has the lock, where the command `flock` is installed (as
 * in nearly every distribution and container image): it ends with its process, however that
 * ends. Beside the file stands `<file>.lock` while a run has it open. Where there is no `flock`,
 * that file is the lock, and one that a crash left behind is taken over where it is certain that
 * its process is gone (same machine, on Linux also the same PID namespace, of which a container
 * that was started anew has another); else the error names the file to delete.
 *
 * `readJournal` takes no lock, so it works in a folder that cannot be written, and is refused
 * while a run has the file open.
 *
 * In Deno it needs `--allow-read` and `--allow-write` for the folder and
 * `--allow-sys=hostname`; the kernel's lock takes `--allow-run=flock`.
 */
export function fileJournal(path: string | URL): Journal & {
  /** Closes the file and gives its lock back. A run does so at its end. */
  close(): Promise<void>;
} {
  return new FileJournal(path instanceof URL ? fileURLToPath(path) : path);
}

class FileJournal implements Journal {
  #path: string;
  /** Null if there was no file when it was looked for. */
  #opened: Promise<Opened | null> | null = null;
  /** Offset of the next bytes. */
  #length = 0;

  constructor(path: string) {
    // A later change of the working directory means no other file.
    this.#path = resolve(path);
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const opened = await this.#keep(() => openedAt(this.#path));
    this.#length = 0;
    if (opened === null) return;
    for await (const piece of piecesOf(opened.file)) {
      this.#length += piece.length;
      yield piece;
    }
  }

  async *look(): AsyncGenerator<Uint8Array> {
    const identity = await statOf(this.#path);
    if (identity === null) return;
    assertFile(identity, this.#path);
    const file = await open(this.#path, constants.O_RDONLY);
    try {
      await assertNoRun(this.#path);
      yield* piecesOf(file);
    } finally {
      await file.close();
    }
  }

  async create(): Promise<void> {
    await this.#opening();
  }

  async append(bytes: Uint8Array): Promise<void> {
    const { file, identity } = await this.#opening();
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, at, bytes.length - at, this.#length);
      at += bytesWritten;
      this.#length += bytesWritten;
    }
    await file.datasync();
    await assertStill(this.#path, identity);
  }

  async truncate(length: number): Promise<void> {
    const { file } = await this.#opening();
    await file.truncate(length);
    await file.sync();
    this.#length = length;
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    const mine = await opened;
    if (mine === null) return;
    try {
      if (mine.isNew) await removeEmpty(mine);
      await mine.file.close();
    } finally {
      await mine.unlock();
    }
  }

  /** The file; it is made, if it was not there. */
  async #opening(): Promise<Opened> {
    const there = await this.#keep(() => openedAt(this.#path));
    if (there !== null) return there;
    this.#opened = null;
    const made = madeAt(this.#path);
    await this.#keep(() => made);
    return made;
  }

  /** Opens once, and once more after a failure. */
  #keep(open: () => Promise<Opened | null>): Promise<Opened | null> {
    this.#opened ??= open().catch((error) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }
}

/** Opens and locks a file that is there; null if none is. */
async function openedAt(path: string): Promise<Opened | null> {
  const identity = await statOf(path);
  if (identity === null) {
    // A folder that is missing is a mistake, and no journal that is not there yet.
    await targetOf(path);
    return null;
  }
  assertFile(identity, path);
  return locked(path, await open(path, constants.O_RDWR), false);
}

/** Makes the file: a new one, or none. */
async function madeAt(path: string): Promise<Opened> {
  const target = await targetOf(path);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  try {
    const file = await open(target, flags, MODE);
    await syncFolder(dirname(target));
    return await locked(path, file, true);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const message = `Another run began with the journal ${path} just now. Wait for its end.`;
    throw new IssueBulkError("journal-locked", message, { cause: error });
  }
}

/** Takes both locks of an open file, which is closed again if they cannot be had. */
async function locked(path: string, file: FileHandle, isNew: boolean): Promise<Opened> {
  try {
    const target = await targetOf(path);
    const identity = await file.stat({ bigint: true });
    await assertStill(path, identity);
    const inKernel = await lockInKernel(file.fd, "exclusive");
    if (inKernel === "taken") throw await taken(lockOf(target));
    const isOfKernel = inKernel === "locked";
    // Only the kernel knows a file by all its names.
    if (!isOfKernel) assertOneName(identity, path);
    const unlock = await acquire(lockOf(target), isOfKernel ? String(identity.ino) : null);
    return { file, identity, target, isNew, unlock };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Makes sure that no run has the file open; nothing of a lock is left behind.
 *
 * @throws IssueBulkError `journal-locked`
 */
async function assertNoRun(path: string): Promise<void> {
  const lock = lockOf(await targetOf(path));
  const file = await open(path, constants.O_RDONLY);
  try {
    const inKernel = await lockInKernel(file.fd, "shared");
    if (inKernel === "taken") throw await taken(lock);
    const { ino } = await file.stat({ bigint: true });
    await assertFree(lock, inKernel === "locked" ? String(ino) : null);
  } finally {
    await file.close();
  }
}

function lockOf(target: string): string {
  return `${target}.lock`;
}

/** Removes what a run made that ended before its first record: it says nothing. */
async function removeEmpty({ file, target, identity }: Opened): Promise<void> {
  if ((await file.stat()).size > 0) return;
  const now = await statOf(target);
  if (now !== null && isSame(now, identity)) await rm(target, { force: true });
}

async function* piecesOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(new Uint8Array(PIECE_BYTES), 0, null, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Makes the name of a new file last. Windows and some file systems do so themselves. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // A journal whose name is lost in a crash of the machine is missing, which resuming says.
  }
}
