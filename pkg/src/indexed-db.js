/**
 * A journal in the browser's IndexedDB: it is there on every page and in every worker, and keeps
 * what it confirmed across crashes, which the origin-private file system does in workers only.
 * A Web Lock, which ends with its page, keeps two runs apart.
 */
import { IssueBulkError } from "./errors.js";

/** @typedef {import("./types/journal.js").BrowserJournal} BrowserJournal */

const STORE = "pieces";

/**
 * @param {string} name
 * @returns {BrowserJournal}
 */
export function indexedDbJournal(name) {
  return new IndexedDbJournal(`issue-bulk:${name}`);
}

/** @implements {BrowserJournal} */
class IndexedDbJournal {
  #name;
  /** @type {Promise<{ database: IDBDatabase, release: () => void }> | null} */
  #opened = null;

  /** @param {string} name of the database and of the lock */
  constructor(name) {
    this.#name = name;
  }

  async *read() {
    let after = 0;
    for (;;) {
      const pieces = await this.#pieces("readonly");
      const cursor = await result(pieces.openCursor(IDBKeyRange.lowerBound(after, true)));
      if (cursor === null) return;
      after = Number(cursor.key);
      yield /** @type {Uint8Array} */ (cursor.value);
    }
  }

  /** @param {Uint8Array} bytes */
  async append(bytes) {
    const pieces = await this.#pieces("readwrite");
    pieces.add(bytes);
    await complete(pieces.transaction);
  }

  /** @param {number} length */
  async truncate(length) {
    const pieces = await this.#pieces("readwrite");
    let left = length;
    const request = pieces.openCursor();
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor === null) return;
      const piece = /** @type {Uint8Array} */ (cursor.value);
      if (left <= 0) cursor.delete();
      else if (left < piece.length) cursor.update(piece.slice(0, left));
      left -= piece.length;
      cursor.continue();
    };
    await complete(pieces.transaction);
  }

  async close() {
    const opened = this.#opened;
    this.#opened = null;
    if (opened === null) return;
    const { database, release } = await opened;
    database.close();
    release();
  }

  async delete() {
    // Opened anew, so that a run with this very object is in the way as any other is.
    const { database, release } = await open(this.#name);
    try {
      database.close();
      await result(indexedDB.deleteDatabase(this.#name));
    } finally {
      release();
    }
  }

  /** @param {IDBTransactionMode} mode */
  async #pieces(mode) {
    const { database } = await this.#open();
    // Confirmed once it is on the disk, not merely handed to the operating system.
    return database.transaction(STORE, mode, { durability: "strict" }).objectStore(STORE);
  }

  #open() {
    this.#opened ??= open(this.#name).catch((error) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }
}

/** @param {string} name */
async function open(name) {
  const release = await locked(name);
  try {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(STORE, { autoIncrement: true });
    };
    return { database: await result(request), release };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * @param {string} name
 * @returns {Promise<() => void>} what releases the lock
 */
function locked(name) {
  const { locks } = globalThis.navigator ?? {};
  if (locks === undefined) {
    throw new IssueBulkError(
      "journal-failed",
      "A journal in the browser needs Web Locks, which pages have over https or on localhost.",
    );
  }
  return new Promise((resolve, reject) => {
    const hold = (/** @type {Lock | null} */ lock) => {
      if (lock !== null) return new Promise((release) => resolve(() => release(undefined)));
      const message = "A run, here or in another page, has this journal open; wait for its end.";
      reject(new IssueBulkError("journal-locked", message));
      return undefined;
    };
    locks.request(name, { ifAvailable: true }, hold).catch(reject);
  });
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {IDBTransaction} transaction */
function complete(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
}
