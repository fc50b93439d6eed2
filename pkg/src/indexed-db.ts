/**
 * A journal in the browser's IndexedDB: it is there on every page and in every worker, and keeps
 * what it confirmed across crashes, which the origin-private file system does in workers only.
 * A Web Lock, which ends with its page, keeps two runs apart.
 */
import { IssueBulkError } from "./errors.js";
import type { BrowserJournal } from "./types/journal.js";

const STORE = "pieces";

/**
 * A journal in the browser's IndexedDB, for pages and workers of one origin. `name` tells journals
 * apart. A new run makes it; reading it and going on with it never do. A second run with the same
 * journal, in whichever tab, is refused with `journal-locked`; a page that is closed or crashes
 * lets go of it. Needs https or localhost.
 *
 * The browser may drop it when the disk is full, unless `navigator.storage.persist()` was granted.
 * It is missing then (`journal-missing`), and a run that was under way ends before its next call.
 */
export function indexedDbJournal(name: string): BrowserJournal {
  return new IndexedDbJournal(`issue-bulk:${name}`);
}

interface Opened {
  /** Null if there was none when it was looked for. */
  database: IDBDatabase | null;
  release: () => void;
}

class IndexedDbJournal implements BrowserJournal {
  /** Of the database and of the lock. */
  #name: string;
  #opened: Promise<Opened> | null = null;

  constructor(name: string) {
    this.#name = name;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const { database } = await this.#open();
    if (database === null) return;
    let after = 0;
    for (;;) {
      const pieces = piecesOf(database, "readonly");
      const cursor = await result(pieces.openCursor(IDBKeyRange.lowerBound(after, true)));
      if (cursor === null) return;
      after = Number(cursor.key);
      yield cursor.value as Uint8Array;
    }
  }

  async create(): Promise<void> {
    await this.#made();
  }

  async append(bytes: Uint8Array): Promise<void> {
    const pieces = piecesOf(await this.#made(), "readwrite");
    pieces.add(bytes);
    await complete(pieces.transaction);
  }

  async truncate(length: number): Promise<void> {
    const pieces = piecesOf(await this.#made(), "readwrite");
    let left = length;
    const request = pieces.openCursor();
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor === null) return;
      const piece = cursor.value as Uint8Array;
      if (left <= 0) cursor.delete();
      else if (left < piece.length) cursor.update(piece.slice(0, left));
      left -= piece.length;
      cursor.continue();
    };
    await complete(pieces.transaction);
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    if (opened === null) return;
    const { database, release } = await opened;
    database?.close();
    release();
  }

  async delete(): Promise<void> {
    // Locked anew, so that a run with this very object is in the way as any other is.
    const release = await locked(this.#name);
    try {
      await result(indexedDB.deleteDatabase(this.#name));
    } finally {
      release();
    }
  }

  /** The database; it is made, if there was none. */
  async #made(): Promise<IDBDatabase> {
    const opened = await this.#open();
    opened.database ??= await databaseOf(this.#name, true);
    return opened.database as IDBDatabase;
  }

  #open(): Promise<Opened> {
    this.#opened ??= open(this.#name).catch((error) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }
}

async function open(name: string): Promise<Opened> {
  const release = await locked(name);
  try {
    return { database: await databaseOf(name, false), release };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * @param isMade whether it is made if there is none; a browser can only try to make one and break
 *   that off
 */
async function databaseOf(name: string, isMade: boolean): Promise<IDBDatabase | null> {
  const request = indexedDB.open(name, 1);
  let isMissing = false;
  request.onupgradeneeded = () => {
    isMissing = !isMade;
    if (isMade) request.result.createObjectStore(STORE, { autoIncrement: true });
    else request.transaction?.abort();
  };
  try {
    return await result(request);
  } catch (error) {
    if (isMissing) return null;
    throw error;
  }
}

function piecesOf(database: IDBDatabase, mode: IDBTransactionMode): IDBObjectStore {
  // Confirmed once it is on the disk, not merely handed to the operating system.
  return database.transaction(STORE, mode, { durability: "strict" }).objectStore(STORE);
}

/** Takes the lock; gives what releases it. */
function locked(name: string): Promise<() => void> {
  const { locks } = globalThis.navigator ?? {};
  if (locks === undefined) {
    throw new IssueBulkError(
      "journal-failed",
      "A journal in the browser needs Web Locks, which pages have over https or on localhost.",
    );
  }
  return new Promise((resolve, reject) => {
    const hold = (lock: Lock | null) => {
      if (lock !== null) return new Promise<void>((release) => resolve(() => release()));
      const message = "A run, here or in another page, has this journal open; wait for its end.";
      reject(new IssueBulkError("journal-locked", message));
      return undefined;
    };
    locks.request(name, { ifAvailable: true }, hold).catch(reject);
  });
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function complete(transaction: IDBTransaction): Promise<unknown> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
}
