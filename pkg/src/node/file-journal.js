/**
 * A journal in a file. What is appended is on the disk before it counts (`fdatasync`); so is the
 * file's name in its folder, once.
 */
import { constants, open } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { acquire } from "./lock.js";

/** @typedef {import("../types/journal.js").Journal} Journal */
/** @typedef {import("node:fs/promises").FileHandle} FileHandle */

const PIECE_BYTES = 1 << 18;
/** It holds customers: for its owner alone. */
const MODE = 0o600;

/** @param {string | URL} path */
export function fileJournal(path) {
  return new FileJournal(path instanceof URL ? fileURLToPath(path) : path);
}

/** @implements {Journal} */
class FileJournal {
  #path;
  /** @type {Promise<{ file: FileHandle, release: () => Promise<void> }> | null} */
  #opened = null;
  /** Where the next bytes go. */
  #length = 0;

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
  }

  async *read() {
    const { file } = await this.#open();
    let at = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(PIECE_BYTES), 0, null, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    this.#length = at;
  }

  /** @param {Uint8Array} bytes */
  async append(bytes) {
    const { file } = await this.#open();
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, at, bytes.length - at, this.#length);
      at += bytesWritten;
      this.#length += bytesWritten;
    }
    await file.datasync();
  }

  /** @param {number} length */
  async truncate(length) {
    const { file } = await this.#open();
    await file.truncate(length);
    await file.sync();
    this.#length = length;
  }

  async close() {
    const opened = this.#opened;
    this.#opened = null;
    if (opened === null) return;
    const { file, release } = await opened;
    try {
      await file.close();
    } finally {
      await release();
    }
  }

  #open() {
    this.#opened ??= openLocked(this.#path).catch((error) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }
}

/** @param {string} path */
async function openLocked(path) {
  const release = await acquire(`${path}.lock`);
  try {
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, MODE);
    await syncFolder(dirname(path));
    return { file, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Makes the name of a new file last. Windows and some file systems cannot, and do so themselves.
 *
 * @param {string} folder
 */
async function syncFolder(folder) {
  try {
    const handle = await open(folder, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // A journal whose name is lost in a crash is an empty one: nothing of it had been sent.
  }
}
