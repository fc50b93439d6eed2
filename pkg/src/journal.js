/** A run's journal, which somebody else stores: read into the core, begun, gone on with. */
import { IssueBulkError } from "./errors.js";
import { isBytes, readerOf } from "./sources.js";

/** @typedef {import("./types/journal.js").Journal} Journal */

/** Bytes copied into the core at once. */
const BYTES_SLICE = 1 << 20;

/**
 * Journals that somebody works with. A lock keeps two openings of one file apart, and cannot tell
 * two runs apart that share what is open already.
 *
 * @type {WeakSet<Journal>}
 */
const inUse = new WeakSet();

export class Keeper {
  #engine;
  #journal;
  #isMine = false;

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {Journal} journal
   */
  constructor(engine, journal) {
    this.#engine = engine;
    this.#journal = journal;
  }

  /**
   * Makes sure that a new run may begin here.
   *
   * @throws {IssueBulkError} `journal-not-empty`, `journal-locked`, or why it cannot be read
   */
  async begin() {
    const { recovered, length } = await this.#read();
    if (recovered !== null) {
      this.#engine.call(() => recovered.free());
      throw new IssueBulkError(
        "journal-not-empty",
        "The journal holds a run: go on with it by resumeIssueBulk, or give a new run another one.",
      );
    }
    if (length > 0) await this.#truncate(0);
  }

  /**
   * The run to go on with; a torn tail is cut off.
   *
   * @returns {Promise<import("./core.js").Recovered>}
   * @throws {IssueBulkError} `journal-empty`, `journal-locked`, or why it cannot be read or
   *   believed
   */
  async recover() {
    const { recovered, length } = await this.#read();
    if (recovered === null) throw empty();
    const bytes = this.#engine.call(() => recovered.bytes);
    if (length > bytes) await this.#truncate(bytes);
    return recovered;
  }

  /**
   * The run as it stands; nothing is written.
   *
   * @returns {Promise<import("./core.js").Recovered>}
   */
  async look() {
    const { recovered } = await this.#read();
    if (recovered === null) throw empty();
    return recovered;
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {Promise<void>} once they would survive a crash
   */
  async append(bytes) {
    await this.#journal.append(bytes);
  }

  /** Lets go of it, if it has it. What was appended lasts, so a failure changes nothing. */
  async close() {
    if (!this.#isMine) return;
    try {
      await this.#journal.close?.();
    } catch {
      // The next one who wants it is told.
    } finally {
      this.#isMine = false;
      inUse.delete(this.#journal);
    }
  }

  #claim() {
    if (inUse.has(this.#journal)) {
      throw new IssueBulkError(
        "journal-locked",
        "Another run of this program has this journal open; wait for its end.",
      );
    }
    inUse.add(this.#journal);
    this.#isMine = true;
  }

  /** @returns {Promise<{ recovered: import("./core.js").Recovered | null, length: number }>} */
  async #read() {
    this.#claim();
    const recovery = this.#engine.call((core) => new core.Recovery());
    let length = 0;
    for await (const piece of pieces(this.#journal)) {
      for (let at = 0; at < piece.length; at += BYTES_SLICE) {
        this.#engine.call(() => recovery.feed(piece.subarray(at, at + BYTES_SLICE)));
      }
      length += piece.length;
    }
    return { recovered: this.#engine.call(() => recovery.finish()) ?? null, length };
  }

  /** @param {number} length */
  async #truncate(length) {
    try {
      await this.#journal.truncate(length);
    } catch (error) {
      throw failed("cut to its valid part", error);
    }
  }
}

/** @param {Journal} journal */
async function* pieces(journal) {
  try {
    const read = journal.read();
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

function empty() {
  return new IssueBulkError(
    "journal-empty",
    "The journal holds no run that had begun, so nothing was sent: start it by issueBulk.",
  );
}

/**
 * @param {string} what could not be done
 * @param {any} error of the journal, which may have a code of ours
 */
function failed(what, error) {
  if (error?.name === "IssueBulkError") return error;
  const message = `The journal could not be ${what}; see the cause.`;
  return new IssueBulkError("journal-failed", message, { cause: error });
}
