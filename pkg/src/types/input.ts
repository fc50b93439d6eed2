/**
 * One customer id: a positive whole number of at most 9223372036854775807 (a 64-bit Long).
 *
 * A `bigint` or a string of plain digits is always exact. A `number` counts as exact up to
 * `Number.MAX_SAFE_INTEGER`; a larger one is an invalid input (`not-exact`), because its last
 * digits may already be lost. No sign, point, exponent, leading zero or inner blank is accepted.
 */
export type CustomerId = bigint | number | string;

/**
 * Where the customer ids come from.
 *
 * - Values: an iterable or async iterable of {@link CustomerId}, where **each string is one id**;
 *   a `BigInt64Array` (fastest), `Float64Array` or other typed array of numbers.
 * - Texts, read as {@link InputOptions.format} says: a `string`, bytes (`Uint8Array`, `Buffer`,
 *   `ArrayBuffer`), a `Blob` or `File`, a `Response`, a `ReadableStream` of bytes, or
 *   an iterable of `Uint8Array` such as a Node stream. Bytes are UTF-8. A Node stream with an
 *   encoding is a text, too.
 *
 * So `"123"` is a text with one line, `["123"]` a list with one id. A stream is always one text
 * in pieces: give ids that arrive as values as an async iterable, such as an async generator.
 */
export type CustomerIds =
  | Iterable<CustomerId | null | undefined>
  | AsyncIterable<CustomerId | null | undefined>
  | Iterable<Uint8Array>
  | AsyncIterable<Uint8Array>
  | BigInt64Array
  | Float64Array
  | Uint8Array
  | ArrayBuffer
  | string
  | Blob
  | Response
  | ReadableStream<Uint8Array>;

/** How a text is read. Values (arrays, typed arrays, generators) need none of it but `dedupe`. */
export interface InputOptions {
  /**
   * - `"auto"` (default): `[` starts JSON, `{` NDJSON, anything else is CSV or one id per line.
   * - `"lines"`: one id per line.
   * - `"csv"`: RFC 4180, with or without a header; see `column` and `delimiter`.
   * - `"ndjson"`: one number, string or object per line; see `column`.
   * - `"json"`: one array of numbers and strings. Numbers are taken digit for digit, never
   *   through a floating-point number.
   */
  format?: "auto" | "lines" | "csv" | "ndjson" | "json" | undefined;
  /**
   * The column with the ids: its name in the header of a CSV or in the objects of NDJSON, or its
   * number in a CSV, from 1. Default: the one with a usual name (`customer_id`, `customerId`,
   * `user_id`, `id` ...), or the only column of a text without a header. Otherwise the error
   * `column-not-found` or `ambiguous-column`: values never decide which column it is.
   */
  column?: string | number | undefined;
  /** The CSV delimiter: `","`, `";"`, `"\t"` or `"|"`. Default: found in the first line. */
  delimiter?: string | undefined;
  /** The older name of `column` for NDJSON; `column` counts where both are given. */
  field?: string | undefined;
  /**
   * Send every id once, however often it is given (default `true`; the others are counted as
   * duplicates). `false` saves the memory of the look-up for an input that is known to be
   * distinct: an id given twice is then sent twice.
   */
  dedupe?: boolean | undefined;
}

/** One input that was not sent because of itself. */
export interface Problem {
  /** The line of a text, or the position of a value, counted from 1. */
  readonly line: number;
  /** The field of a CSV line, counted from 1; otherwise 1. */
  readonly column: number;
  readonly reason: ProblemReason;
  /** The beginning of the input in question, at most 64 bytes; what nobody sees is an escape. */
  readonly text: string;
  /** For a duplicate: where the id was given first; otherwise null. */
  readonly firstLine: number | null;
}

/**
 * Why an input is not an id:
 *
 * - `duplicate`: given before, at `firstLine`
 * - `not-exact`: a number above `Number.MAX_SAFE_INTEGER`, or not a whole one
 * - `too-large`: above 9223372036854775807; `not-positive`: zero or negative
 * - `not-digits`, `leading-zero`, `empty`: not written as plain digits
 * - the others: a line that is not what the format asks for
 */
export type ProblemReason =
  | "duplicate"
  | "empty"
  | "not-digits"
  | "leading-zero"
  | "not-positive"
  | "too-large"
  | "not-exact"
  | "too-few-fields"
  | "too-many-fields"
  | "too-long"
  | "bad-quote"
  | "bad-json"
  | "not-an-object"
  | "no-field"
  | "repeated-field";
