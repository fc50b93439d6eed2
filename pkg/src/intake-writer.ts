/**
 * Writes ids and pieces of text into the core's intake. It looks at the types of values only; the
 * core decides what is an id.
 */
import type { Input, Intake } from "./core.js";
import type { Engine } from "./engine.js";
import { type IssueBulkError, invalidArgument, kindOf } from "./errors.js";
import { isBytes } from "./sources.js";

type Id = bigint | number | string | null | undefined;

/** Work in steps: it yields where the event loop should get a turn. */
export type Steps = Generator<undefined, void>;

/** Bytes copied into the core at once: bounds what is held twice, costs a call per MiB. */
const BYTES_SLICE = 1 << 20;
/** UTF-16 units turned into bytes at once; they give at most three times as many bytes. */
const TEXT_SLICE = 1 << 18;
/** Bigints gathered for one call, which costs as much as a hundred of them. */
const LONGS_SLICE = 1 << 12;

export class IntakeWriter {
  readonly #engine: Engine;
  readonly #intake: Intake;
  /** What came first: ids and text cannot be mixed. */
  #kind: "ids" | "text" | null = null;
  /** Ids so far, for the place in an error. */
  #ids = 0;
  readonly #longs = new BigInt64Array(LONGS_SLICE);
  #longsUsed = 0;
  readonly #encoder = new TextEncoder();
  /** First half of a surrogate pair whose second half comes with the next piece. */
  #half = "";

  constructor(engine: Engine, intake: Intake) {
    this.#engine = engine;
    this.#intake = intake;
  }

  /** Whether a text is being read, whose pieces may end in the middle of an id. */
  get isText(): boolean {
    return this.#kind === "text";
  }

  /** A piece of the one text. */
  *text(piece: string | Uint8Array): Steps {
    this.#kind = "text";
    if (typeof piece !== "string") {
      yield* this.#bytes(piece);
      return;
    }
    for (let at = 0; at < piece.length; at += TEXT_SLICE) {
      if (at > 0) yield;
      yield* this.#bytes(this.#encoded(piece.slice(at, at + TEXT_SLICE)));
    }
  }

  /** Ids, or pieces of bytes. */
  *values(values: readonly unknown[]): Steps {
    let at = 0;
    while (at < values.length) {
      const value = values[at];
      this.#kind ??= isBytes(value) ? "text" : "ids";
      if (this.#kind === "text" && isBytes(value)) {
        yield* this.#bytes(value);
        at += 1;
      } else if (this.#kind === "ids" && isId(value)) {
        at = this.#idsFrom(values, at);
      } else {
        throw this.#misplaced(value);
      }
    }
  }

  /** All at once, so that nobody can change them on the way. */
  longs(longs: BigInt64Array): void {
    const count = BYTES_SLICE / longs.BYTES_PER_ELEMENT;
    for (let at = 0; at < longs.length; at += count) {
      this.#engine.call(() => this.#intake.pushLongs(longs.subarray(at, at + count)));
    }
  }

  finish(): Input {
    return this.#engine.call(() => {
      if (this.#half !== "") this.#intake.pushBytes(this.#encoder.encode(this.#half));
      return this.#intake.finish();
    });
  }

  *#bytes(bytes: Uint8Array): Steps {
    for (let at = 0; at < bytes.length; at += BYTES_SLICE) {
      if (at > 0) yield;
      this.#engine.call(() => this.#intake.pushBytes(bytes.subarray(at, at + BYTES_SLICE)));
    }
  }

  #encoded(piece: string): Uint8Array {
    const text = this.#half + piece;
    const last = text.charCodeAt(text.length - 1);
    const isCut = last >= 0xd800 && last <= 0xdbff;
    this.#half = isCut ? text.slice(-1) : "";
    return this.#encoder.encode(isCut ? text.slice(0, -1) : text);
  }

  /**
   * Writes ids until a value is not one.
   *
   * @returns where it stopped
   */
  #idsFrom(values: readonly unknown[], from: number): number {
    let at = from;
    this.#engine.call(() => {
      while (at < values.length && isId(values[at])) {
        this.#id(values[at] as Id);
        at += 1;
      }
      this.#flush();
    });
    this.#ids += at - from;
    return at;
  }

  #id(value: Id): void {
    if (typeof value === "bigint" && BigInt.asIntN(64, value) === value) {
      if (this.#longsUsed === LONGS_SLICE) this.#flush();
      this.#longs[this.#longsUsed] = value;
      this.#longsUsed += 1;
      return;
    }
    this.#flush();
    if (typeof value === "number") this.#intake.pushNumber(value);
    else this.#intake.pushText(String(value));
  }

  #flush(): void {
    if (this.#longsUsed === 0) return;
    this.#intake.pushLongs(this.#longs.subarray(0, this.#longsUsed));
    this.#longsUsed = 0;
  }

  #misplaced(value: unknown): IssueBulkError {
    const found = isBytes(value) ? "bytes" : kindOf(value);
    if (this.#kind === "text") {
      return invalidArgument(`customerIds mixes bytes with ${found}; give it one of them.`);
    }
    return invalidArgument(
      `customerIds has ${found} at position ${this.#ids + 1}; an id is a bigint, a number or a ` +
        "string of digits.",
    );
  }
}

/**
 * True if a value counts as an input, even an invalid one: a list may have gaps. Any other value
 * means that the list does not hold ids, which is a mistake of the program.
 */
function isId(value: unknown): value is Id {
  const type = typeof value;
  const isPlain = type === "bigint" || type === "number" || type === "string";
  return isPlain || value === undefined || value === null;
}
