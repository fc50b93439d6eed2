/** Reads an input to its end, or until it is cut. */
import { IssueBulkError, invalidArgument } from "./errors.js";
import { Pusher } from "./pusher.js";

/** Values taken from an iterable before they are pushed and the event loop gets a turn. */
const VALUES_SLICE = 1 << 16;

export class Reading {
  #pusher;
  #isCut = false;
  /** @type {() => void} */
  #interrupt = () => {};

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {import("./core.js").Intake} intake
   */
  constructor(engine, intake) {
    this.#pusher = new Pusher(engine, intake);
  }

  /**
   * Ends the reading of what is still arriving. What is all here is read on, which takes no
   * waiting, so that every id of it gets an outcome.
   */
  cut() {
    this.#isCut = true;
    this.#interrupt();
  }

  /**
   * @param {import("./sources.js").Source} source
   * @returns {Promise<import("./core.js").Input | null>} null when nothing can be said of an
   *   input that was cut: half a line may be half an id, which is another customer
   * @throws {IssueBulkError} what the core says of the input; `input-failed` when it breaks off
   */
  async read(source) {
    if (source.kind === "arriving") return this.#readArriving(source);
    if (source.kind === "longs") this.#pusher.longs(source.longs);
    else if (source.kind === "text") await unhurried(this.#pusher.text(source.text));
    else await this.#readValues(source.values);
    return this.#pusher.finish();
  }

  /** @param {Iterable<unknown>} values */
  async #readValues(values) {
    const iterator = yours(() => values[Symbol.iterator]());
    for (;;) {
      /** @type {unknown[]} */
      const slice = [];
      const isDone = yours(() => take(iterator, slice));
      await pushed(iterator, () => this.#pusher.values(slice));
      if (isDone) return;
      await turn();
    }
  }

  /** @param {Extract<import("./sources.js").Source, { kind: "arriving" }>} source */
  async #readArriving({ isText, open }) {
    const iterator = yours(open);
    let count = 0;
    for (;;) {
      const step = await this.#step(iterator);
      if (step === null) return this.#afterCut(iterator, count);
      if (step.done) return this.#pusher.finish();
      await pushed(iterator, () => this.#arrived(step.value, isText));
      count += 1;
    }
  }

  /**
   * Waits for the next piece or for the cut, and leaves no reaction on a promise that lives as
   * long as the reading, which would hold memory for every piece.
   *
   * @param {AsyncIterator<unknown>} iterator
   * @returns {Promise<IteratorResult<unknown> | null>} null when it was cut
   */
  async #step(iterator) {
    if (this.#isCut) return null;
    try {
      return await new Promise((resolve, reject) => {
        this.#interrupt = () => resolve(null);
        iterator.next().then(resolve, reject);
      });
    } catch (error) {
      throw inputFailed(error);
    }
  }

  /**
   * @param {unknown} piece
   * @param {boolean} isText
   */
  #arrived(piece, isText) {
    if (isText && typeof piece === "string") {
      throw invalidArgument(
        "customerIds is a stream of strings, which may be ids or pieces of a text, and to mix " +
          "them up would name other customers: pass the bytes without decoding them, or an " +
          "async generator of ids.",
      );
    }
    if (typeof piece === "string" && piece.includes("\n")) {
      throw invalidArgument(
        "customerIds yields pieces of a text where one id per string is expected: read a Node " +
          "stream without setEncoding, or pass a ReadableStream.",
      );
    }
    return this.#pusher.values([piece]);
  }

  /**
   * Ids that arrived whole are kept; a text is not, and neither is nothing at all.
   *
   * @param {AsyncIterator<unknown>} iterator
   * @param {number} count
   */
  #afterCut(iterator, count) {
    void leave(iterator);
    return count === 0 || this.#pusher.isText ? null : this.#pusher.finish();
  }
}

/**
 * @param {Iterator<unknown>} iterator
 * @param {unknown[]} slice
 * @returns {boolean} whether the iterator is at its end
 */
function take(iterator, slice) {
  while (slice.length < VALUES_SLICE) {
    const step = iterator.next();
    if (step.done) return true;
    slice.push(step.value);
  }
  return false;
}

/**
 * Runs the caller's own code, whose errors are not the core's.
 *
 * @template T
 * @param {() => T} code
 * @returns {T}
 */
function yours(code) {
  try {
    return code();
  } catch (error) {
    throw inputFailed(error);
  }
}

/** @param {unknown} cause */
function inputFailed(cause) {
  const message = "customerIds broke off while it was read, so nothing was sent; see the cause.";
  return new IssueBulkError("input-failed", message, { cause });
}

/**
 * Pushes what came from `iterator`, which may close what it holds open when nobody wants more.
 *
 * @param {Iterator<unknown> | AsyncIterator<unknown>} iterator
 * @param {() => Generator<undefined, void>} work
 */
async function pushed(iterator, work) {
  try {
    await unhurried(work());
  } catch (error) {
    void leave(iterator);
    throw error;
  }
}

/**
 * Nobody waits for it: a source that hangs may hang here too.
 *
 * @param {Iterator<unknown> | AsyncIterator<unknown>} iterator
 */
async function leave(iterator) {
  try {
    await iterator.return?.();
  } catch {
    // A source that cannot even be closed changes nothing about why it was left.
  }
}

/** @param {Generator<undefined, void>} work that yields where others should get a turn */
async function unhurried(work) {
  while (!work.next().done) await turn();
}

function turn() {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
