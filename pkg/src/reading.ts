/** Reads an input to its end, or until it is cut. */
import type { Input, Intake } from "./core.js";
import type { Engine } from "./engine.js";
import { IssueBulkError, invalidArgument } from "./errors.js";
import { IntakeWriter, type Steps } from "./intake-writer.js";
import type { Source } from "./sources.js";

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;
type Arriving = Extract<Source, { kind: "arriving" }>;

/** Values taken from an iterable before they are pushed and the event loop gets a turn. */
const VALUES_SLICE = 1 << 16;

/** Lines, so no single id; one that ends in CR is an id that was cut off before its LF. */
const LINES = /\n|\r./s;

export class Reading {
  readonly #writer: IntakeWriter;
  #isCut = false;
  #interrupt: () => void = () => {};

  constructor(engine: Engine, intake: Intake) {
    this.#writer = new IntakeWriter(engine, intake);
  }

  /**
   * Stops the reading of an arriving input, and of a generator, which may have no end. An input
   * that is all in memory is read to its end without waiting, so that every id gets an outcome.
   */
  cut(): void {
    this.#isCut = true;
    this.#interrupt();
  }

  /**
   * @returns null when nothing can be said of an input that was cut: half a line may be half an
   *   id, which is another customer
   * @throws {IssueBulkError} what the core says of the input; `input-failed` when it breaks off
   */
  async read(source: Source): Promise<Input | null> {
    if (source.kind === "arriving") return this.#readArriving(source);
    if (source.kind === "longs") this.#writer.longs(source.longs);
    else if (source.kind === "text") await inTurns(this.#writer.text(source.text));
    else await this.#readValues(source.values);
    return this.#writer.finish();
  }

  async #readValues(values: Iterable<unknown>): Promise<void> {
    const iterator = callerRuns(() => values[Symbol.iterator]());
    for (;;) {
      const slice: unknown[] = [];
      const isDone = callerRuns(() => take(iterator, slice));
      await pushed(iterator, () => {
        // A list is ids, if perhaps invalid ones; what makes its strings may be cutting up a text.
        if (!Array.isArray(values)) slice.forEach(refusePieces);
        return this.#writer.values(slice);
      });
      if (isDone) return;
      await turn();
      if (this.#isCut && !isCounted(values)) return void leave(iterator);
    }
  }

  async #readArriving({ strings, open }: Arriving): Promise<Input | null> {
    const iterator = callerRuns(open);
    let count = 0;
    for (;;) {
      const step = await this.#step(iterator);
      if (step === null) return this.#afterCut(iterator, count);
      if (step.done) return this.#writer.finish();
      await pushed(iterator, () => this.#arrived(step.value, strings));
      count += 1;
    }
  }

  /**
   * Waits for the next piece or for the stop. Adds no reaction to a promise that lives as long as
   * the reading, which would hold memory for every piece.
   *
   * @returns null when it was cut
   */
  async #step(iterator: AsyncIterator<unknown>): Promise<IteratorResult<unknown> | null> {
    if (this.#isCut) return null;
    try {
      return await new Promise<IteratorResult<unknown> | null>((resolve, reject) => {
        this.#interrupt = () => resolve(null);
        iterator.next().then(resolve, reject);
      });
    } catch (error) {
      throw inputFailed(error);
    }
  }

  #arrived(piece: unknown, strings: Arriving["strings"]): Steps {
    if (typeof piece !== "string") return this.#writer.values([piece]);
    if (strings === "text") return this.#writer.text(piece);
    if (strings === "refused") {
      throw invalidArgument(
        "customerIds is a stream of strings, which may be ids or pieces of a text, and to mix " +
          "them up would name other customers: pass the bytes without decoding them, or an " +
          "async generator of ids.",
      );
    }
    refusePieces(piece);
    return this.#writer.values([piece]);
  }

  /** Ids that arrived whole are kept; a text is not, and neither is nothing at all. */
  #afterCut(iterator: AsyncIterator<unknown>, count: number): Input | null {
    void leave(iterator);
    return count === 0 || this.#writer.isText ? null : this.#writer.finish();
  }
}

/** Whether an iterable says how much it holds, as a list and a set do. */
function isCounted(values: Iterable<unknown>): boolean {
  const { length, size } = values as { length?: unknown; size?: unknown };
  return typeof length === "number" || typeof size === "number";
}

/** @throws {IssueBulkError} for a string of several lines: the next one may begin within an id */
function refusePieces(value: unknown): void {
  if (typeof value !== "string" || !LINES.test(value)) return;
  throw invalidArgument(
    "customerIds yields pieces of a text where one id per string is expected: pass the bytes of " +
      "the text, or one id at a time.",
  );
}

/** Fills a slice; whether the iterator is at its end. */
function take(iterator: Iterator<unknown>, slice: unknown[]): boolean {
  while (slice.length < VALUES_SLICE) {
    const step = iterator.next();
    if (step.done) return true;
    slice.push(step.value);
  }
  return false;
}

/** Runs the caller's own code, whose errors are not the core's. */
function callerRuns<T>(code: () => T): T {
  try {
    return code();
  } catch (error) {
    throw inputFailed(error);
  }
}

function inputFailed(cause: unknown): IssueBulkError {
  const message = "customerIds broke off while it was read, so nothing was sent; see the cause.";
  return new IssueBulkError("input-failed", message, { cause });
}

/** Pushes what came from `iterator`, which may close what it holds open when nobody wants more. */
async function pushed(iterator: AnyIterator, work: () => Steps): Promise<void> {
  try {
    await inTurns(work());
  } catch (error) {
    void leave(iterator);
    throw error;
  }
}

/** Nobody waits for it: a source that hangs may hang here too. */
async function leave(iterator: AnyIterator): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // A failure to close the source does not change the reason why it was left.
  }
}

/** Does the work, with a turn of the event loop for others wherever it yields. */
async function inTurns(work: Steps): Promise<void> {
  while (!work.next().done) await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
