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
 * - `arriving`: the same over time. `strings` says what a string in it is: an `id` of an iterable,
 *   a piece of one `text` that a Node stream decoded, or `refused` where nobody says which
 */
export type Source =
  | { kind: "longs"; longs: BigInt64Array }
  | { kind: "text"; text: string | Uint8Array }
  | { kind: "values"; values: Iterable<unknown> }
  | {
      kind: "arriving";
      strings: "id" | "text" | "refused";
      open: () => AsyncIterator<unknown>;
    };

/** @throws {IssueBulkError} `invalid-argument`, `input-used` or `input-not-ok` */
export function sourceOf(input: unknown): Source {
  // A String object is a text, too, and no iterable of its characters.
  if (typeof input === "string" || input instanceof String) {
    const text = String(input);
    if (isPath(text)) throw path();
    return { kind: "text", text };
  }
  if (typeof input === "object" && input !== null) {
    const source = binarySource(input) ?? streamSource(input) ?? iterableSource(input);
    if (source !== null) return source;
  }
  throw invalidArgument(
    "customerIds must be ids (an array, an iterable, a BigInt64Array) or a text with ids (a " +
      `string, bytes, a Blob, a Response, a ReadableStream), not ${kindOf(input)}.`,
  );
}

/** One line that begins or ends as the name of a file, and so is no list of ids. */
const PATH_BEGINS = /^(?:file:|~?\.{0,2}[\\/]|[a-z]:[\\/])/i;
const PATH_ENDS = /\.(?:csv|tsv|txt|json|ndjson|jsonl|gz|xlsx?)$/i;

function isPath(text: string): boolean {
  if (text.length > 4_096) return false;
  const line = text.trim();
  return !/[\n\r]/.test(line) && (PATH_BEGINS.test(line) || PATH_ENDS.test(line));
}

function path(): IssueBulkError {
  return invalidArgument(
    "customerIds is a path, but a string is read as the text with the ids: open the file, by " +
      'fileInput(path) of "issue-bulk/node" or createReadStream(path) of "node:fs".',
  );
}

/** Whether a value is a Uint8Array, of any realm; a Node Buffer is one. */
export function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}

function binarySource(input: object): Source | null {
  if (isBytes(input)) return { kind: "text", text: input };
  switch (Object.prototype.toString.call(input)) {
    case "[object BigInt64Array]":
      return { kind: "longs", longs: input as BigInt64Array };
    case "[object ArrayBuffer]":
    case "[object SharedArrayBuffer]":
      return { kind: "text", text: new Uint8Array(input as ArrayBuffer) };
    default:
      return null;
  }
}

function streamSource(input: object): Source | null {
  if ("getReader" in input) return streamText(input as ReadableStream);
  if ("stream" in input && "size" in input && typeof input.stream === "function") {
    const blob = input as Blob;
    return { kind: "arriving", strings: "refused", open: () => readerOf(blob.stream()) };
  }
  if ("body" in input && "bodyUsed" in input) return responseText(input as Response);
  return null;
}

function responseText(response: Response): Source {
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

function streamText(stream: ReadableStream): Source {
  if (stream.locked) throw used();
  return { kind: "arriving", strings: "refused", open: () => readerOf(stream) };
}

function used(): IssueBulkError {
  return new IssueBulkError(
    "input-used",
    "customerIds was read before or is being read elsewhere; pass a fresh one, or a Blob.",
  );
}

/** A stream as an async iterator. Not every runtime's streams are async iterable. */
export function readerOf(stream: ReadableStream): AsyncIterator<unknown> {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}

function iterableSource(input: object): Source | null {
  if (Symbol.asyncIterator in input) {
    const iterable = input as AsyncIterable<unknown>;
    const open = () => iterable[Symbol.asyncIterator]();
    const { destroy } = input as Partial<NodeStream>;
    const strings = stringsOf(input as Partial<NodeStream>);
    if (typeof destroy !== "function") return { kind: "arriving", strings, open };
    const openNode = () => destroyable(open(), () => destroy.call(input));
    return { kind: "arriving", strings, open: openNode };
  }
  if (Symbol.iterator in input) return { kind: "values", values: input as Iterable<unknown> };
  return null;
}

interface NodeStream {
  destroy: () => void;
  pipe: () => void;
  readableEncoding: string | null;
  readableObjectMode: boolean;
}

/** How Node writes bytes that are no text. */
const NO_TEXT = /^(?:hex|base64)/i;

/** A Node stream that has an encoding decodes its bytes to pieces of one text. */
function stringsOf(input: Partial<NodeStream>): "id" | "text" | "refused" {
  const { pipe, readableEncoding, readableObjectMode } = input;
  if (typeof pipe !== "function" || readableObjectMode === true) return "id";
  if (typeof readableEncoding !== "string") return "refused";
  return NO_TEXT.test(readableEncoding) ? "refused" : "text";
}

/**
 * A Node stream's iterator, which is left at once: its own `return` would wait for bytes that may
 * never come, and the open file or socket would keep the process alive.
 */
function destroyable(iterator: AsyncIterator<unknown>, destroy: () => void) {
  return {
    next: () => iterator.next(),
    return: async () => {
      destroy();
      return { done: true as const, value: undefined };
    },
  };
}
