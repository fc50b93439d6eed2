/** A run's journal, which somebody else stores: read into the core, begun, gone on with. */
import type { Recovered } from "./core.js";
import type { Engine } from "./engine.js";
import { IssueBulkError } from "./errors.js";
import { isBytes, readerOf } from "./sources.js";
import type { Journal } from "./types/journal.js";

/** Bytes copied into the core at once. */
const BYTES_SLICE = 1 << 20;

/** Milliseconds that the end of a run waits for its journal to close. */
const CLOSE_MS = 5_000;

/**
 * Journals in use. A file's lock refuses a second opening, but not a second run that is given the
 * same open journal.
 */
const inUse = new WeakSet<Journal>();

/** A journal as it was read: its run, if one had begun, and its bytes. */
interface Found {
  recovered: Recovered | null;
  length: number;
}

type Reading = ReturnType<Journal["read"]>;

export class RunJournal {
  #engine: Engine;
  #journal: Journal;
  #isMine = false;
  /** The append in progress. */
  #appending: Promise<void> | null = null;

  constructor(engine: Engine, journal: Journal) {
    this.#engine = engine;
    this.#journal = journal;
  }

  /**
   * Makes sure that a new run may begin here.
   *
   * @throws {IssueBulkError} `journal-not-empty`, `journal-locked`, or why it cannot be read
   */
  async begin(): Promise<void> {
    const { recovered, length } = await this.#read(() => this.#journal.read());
    if (recovered !== null) {
      this.#engine.call(() => recovered.free());
      throw new IssueBulkError(
        "journal-not-empty",
        "The journal holds a run: go on with it by resumeIssueBulk, or give a new run another one.",
      );
    }
    if (length > 0) await this.#change("emptied", () => this.#journal.truncate(0));
    await this.#change("made", () => this.#journal.create?.());
  }

  /**
   * The run to go on with; a torn tail is cut off.
   *
   * @throws {IssueBulkError} `journal-missing`, `journal-empty`, `journal-locked`, or why it
   *   cannot be read or believed
   */
  async recover(): Promise<Recovered> {
    const found = await this.#read(() => this.#journal.read());
    const recovered = runOf(found);
    const bytes = this.#engine.call(() => recovered.bytes);
    if (found.length > bytes) {
      await this.#change("cut to its valid part", () => this.#journal.truncate(bytes));
    }
    return recovered;
  }

  /**
   * The run as it stands; nothing is written, and no lock is taken where the journal can do
   * without.
   *
   * @throws {IssueBulkError} as `recover`
   */
  async look(): Promise<Recovered> {
    return runOf(await this.#read(() => this.#journal.look?.() ?? this.#journal.read()));
  }

  /** Resolves once the bytes would survive a crash. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#appending = this.#journal.append(bytes);
    try {
      await this.#appending;
    } finally {
      this.#appending = null;
    }
  }

  /**
   * Appends a record to the journal of a run that does not go on.
   *
   * @throws {IssueBulkError} `journal-failed`
   */
  async note(bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await this.#change("written", () => this.append(bytes));
  }

  /**
   * Closes the journal, if it is open. Appended bytes are already stored, so a failure changes
   * nothing. A journal that never answers is not waited for, and stays in use until it does.
   */
  async close(): Promise<void> {
    if (!this.#isMine) return;
    this.#isMine = false;
    const isStuck = this.#appending !== null;
    const closed = this.#closed().finally(() => inUse.delete(this.#journal));
    if (!isStuck) await within(CLOSE_MS, closed);
  }

  async #closed(): Promise<void> {
    try {
      // A close beside an append that is on its way could take the file from it.
      await this.#appending;
    } catch {
      // The run was told.
    }
    try {
      await this.#journal.close?.();
    } catch {
      // The next one who wants it is told.
    }
  }

  #claim(): void {
    if (inUse.has(this.#journal)) {
      throw new IssueBulkError(
        "journal-locked",
        "Another run of this program has this journal open; wait for its end.",
      );
    }
    inUse.add(this.#journal);
    this.#isMine = true;
  }

  async #read(reading: () => Reading): Promise<Found> {
    this.#claim();
    const recovery = this.#engine.call((core) => new core.Recovery());
    let length = 0;
    for await (const piece of piecesOf(reading)) {
      for (let at = 0; at < piece.length; at += BYTES_SLICE) {
        this.#engine.call(() => recovery.feed(piece.subarray(at, at + BYTES_SLICE)));
      }
      length += piece.length;
    }
    return { recovered: this.#engine.call(() => recovery.finish()) ?? null, length };
  }

  /** @param what is done by it */
  async #change(what: string, change: () => Promise<void> | undefined): Promise<void> {
    try {
      await change();
    } catch (error) {
      throw failed(what, error);
    }
  }
}

async function* piecesOf(reading: () => Reading): AsyncGenerator<Uint8Array> {
  try {
    const read = reading();
    const iterator = "getReader" in read ? readerOf(read) : read[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return;
      if (!isBytes(value)) throw new TypeError("Journal.read must give Uint8Arrays");
      yield value;
    }
  } catch (error) {
    throw failed("read", error);
  }
}

async function within(ms: number, end: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const enough = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([end, enough]);
  clearTimeout(timer);
}

function runOf({ recovered, length }: Found): Recovered {
  if (recovered !== null) return recovered;
  if (length > 0) {
    // The run died while it wrote its first record, which comes before everything else.
    throw new IssueBulkError(
      "journal-empty",
      "The journal ends before its run began. If it was copied or restored, look for the whole " +
        "one; otherwise nothing was sent, and issueBulk begins the run.",
    );
  }
  throw new IssueBulkError(
    "journal-missing",
    "There is no journal of that name, or it is empty, so nobody knows what a run with it has " +
      "sent. Check the name and the place. issueBulk would begin a new run, which issues once " +
      "more to everybody whom a lost one had reached.",
  );
}

/**
 * @param what could not be done
 * @param error of the journal, which may have a code of ours
 */
function failed(what: string, error: unknown): unknown {
  if (Object(error).name === "IssueBulkError") return error;
  const message = `The journal could not be ${what}; see the cause.`;
  return new IssueBulkError("journal-failed", message, { cause: error });
}
