/**
 * Tells the kinds of input apart. Objects are recognised by what they can do, not by their class:
 * a Blob or an array of another realm (a test runner, an edge sandbox) is as good.
 */
import { IssueBulkError, invalidArgument, kindOf } from "./errors.js";

/**
 * An input, ready to be read:
 *
 * - `longs`: a BigInt64Array, which crosses in one call
 * - `text`: one text that is all here
 * - `values`: ids, or pieces of bytes, that are all here or are made without waiting
 * - `arriving`: the same over time; `isText` when its bytes are pieces of one text, in which case
 *   strings are refused
 *
 * @typedef {{ kind: "longs", longs: BigInt64Array }
 *   | { kind: "text", text: string | Uint8Array }
 *   | { kind: "values", values: Iterable<unknown> }
 *   | { kind: "arriving", isText: boolean, open: () => AsyncIterator<unknown> }} Source
 */

/**
 * @param {unknown} input
 * @returns {Source}
 * @throws {IssueBulkError} `invalid-argument`, `input-used` or `input-not-ok`
 */
export function sourceOf(input) {
  if (typeof input === "string") return { kind: "text", text: input };
  if (typeof input === "object" && input !== null) {
    const source = binarySource(input) ?? streamSource(input) ?? iterableSource(input);
    if (source !== null) return source;
  }
  throw invalidArgument(
    "customerIds must be ids (an array, an iterable, a BigInt64Array) or a text with ids (a " +
      `string, bytes, a Blob, a Response, a ReadableStream), not ${kindOf(input)}.`,
  );
}

/**
 * Whether a value is a Uint8Array, of any realm; a Node Buffer is one.
 *
 * @param {unknown} value
 * @returns {value is Uint8Array}
 */
export function isBytes(value) {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}

/**
 * @param {object} input
 * @returns {Source | null}
 */
function binarySource(input) {
  if (isBytes(input)) return { kind: "text", text: input };
  switch (Object.prototype.toString.call(input)) {
    case "[object BigInt64Array]":
      return { kind: "longs", longs: /** @type {BigInt64Array} */ (input) };
    case "[object ArrayBuffer]":
    case "[object SharedArrayBuffer]":
      return { kind: "text", text: new Uint8Array(/** @type {ArrayBuffer} */ (input)) };
    default:
      return null;
  }
}

/**
 * @param {object} input
 * @returns {Source | null}
 */
function streamSource(input) {
  if ("getReader" in input) return streamText(/** @type {ReadableStream} */ (input));
  if ("stream" in input && "size" in input && typeof input.stream === "function") {
    const blob = /** @type {Blob} */ (input);
    return { kind: "arriving", isText: true, open: () => readerOf(blob.stream()) };
  }
  if ("body" in input && "bodyUsed" in input) return responseText(/** @type {Response} */ (input));
  return null;
}

/**
 * @param {Response} response
 * @returns {Source}
 */
function responseText(response) {
  if (response.ok === false) {
    throw new IssueBulkError(
      "input-not-ok",
      `customerIds is a Response with status ${response.status}: its body is no list of ids. ` +
        "Check response.ok first.",
    );
  }
  if (response.bodyUsed) throw used();
  return response.body === null ? { kind: "text", text: "" } : streamText(response.body);
}

/**
 * @param {ReadableStream} stream
 * @returns {Source}
 */
function streamText(stream) {
  if (stream.locked) throw used();
  return { kind: "arriving", isText: true, open: () => readerOf(stream) };
}

function used() {
  return new IssueBulkError(
    "input-used",
    "customerIds was read before or is being read elsewhere; pass a fresh one, or a Blob.",
  );
}

/**
 * A stream as an async iterator. Not every runtime's streams are async iterable.
 *
 * @param {ReadableStream} stream
 * @returns {AsyncIterator<unknown>}
 */
export function readerOf(stream) {
  const reader = stream.getReader();
  return {
    next: () => /** @type {Promise<IteratorResult<unknown>>} */ (reader.read()),
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

/**
 * @param {object} input
 * @returns {Source | null}
 */
function iterableSource(input) {
  if (Symbol.asyncIterator in input) {
    const iterable = /** @type {AsyncIterable<unknown>} */ (input);
    const open = () => iterable[Symbol.asyncIterator]();
    const { destroy } = /** @type {{ destroy?: () => void }} */ (input);
    if (typeof destroy !== "function") return { kind: "arriving", isText: false, open };
    const openNode = () => destroyable(open(), () => destroy.call(input));
    return { kind: "arriving", isText: false, open: openNode };
  }
  if (Symbol.iterator in input) {
    return { kind: "values", values: /** @type {Iterable<unknown>} */ (input) };
  }
  return null;
}

/**
 * A Node stream's iterator, which is left at once: its own `return` would wait for bytes that may
 * never come, and the open file or socket would keep the process alive.
 *
 * @param {AsyncIterator<unknown>} iterator
 * @param {() => void} destroy
 * @returns {AsyncIterator<unknown>}
 */
function destroyable(iterator, destroy) {
  return {
    next: () => iterator.next(),
    return: async () => {
      destroy();
      return { done: true, value: undefined };
    },
  };
}
