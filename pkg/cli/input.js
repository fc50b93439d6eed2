/** The customers: a file or standard input, packed with gzip or not. */
import { open, stat } from "node:fs/promises";
import process from "node:process";
import { Readable, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { Refusal, systemError } from "./exit.js";

/** How gzip begins (RFC 1952, 2.3.1); no text of ids does. */
const GZIP = [0x1f, 0x8b];

/** Stands for standard input, as usual. */
export const STDIN = "-";

/**
 * Whether a path can be read only once: standard input, a named pipe, `<(...)` of a shell.
 *
 * @param {string} path or `-`
 */
export async function isStream(path) {
  if (path === STDIN) return true;
  const stats = await stat(path).catch(() => null);
  return stats !== null && !stats.isFile() && !stats.isDirectory();
}

/**
 * Customers that a command reads more than once: to ask about them, and to issue to them. The bytes
 * of a stream are kept from the first reading for the others; a file is read again.
 */
export class Customers {
  #path;
  /** @type {Uint8Array[] | null} the bytes of a stream, as they came */
  #kept = null;

  /** @param {string} path or `-` */
  constructor(path) {
    this.#path = path;
  }

  /**
   * The bytes, unpacked where they are packed.
   *
   * @param {{ isLast: boolean }} reading a stream need not be kept for the last reading
   * @returns {Promise<AsyncIterable<Uint8Array>>}
   * @throws {Refusal} `no-input`
   */
  async read({ isLast }) {
    if (this.#kept !== null) return unpacked(Readable.from(this.#kept));
    if (isLast || !(await isStream(this.#path))) return openInput(this.#path);
    this.#kept = [];
    return unpacked(keeping(await opened(this.#path), this.#kept));
  }
}

/**
 * @param {AsyncIterable<Uint8Array>} source
 * @param {Uint8Array[]} kept
 */
async function* keeping(source, kept) {
  for await (const piece of source) {
    kept.push(piece);
    yield piece;
  }
}

/**
 * The bytes of a file or of standard input, unpacked where they are packed.
 *
 * @param {string} path or `-`
 * @returns {Promise<AsyncIterable<Uint8Array>>}
 * @throws {Refusal} `no-input`
 */
export async function openInput(path) {
  return unpacked(await opened(path));
}

/** @param {string} path */
async function opened(path) {
  return path === STDIN ? process.stdin : openFile(path);
}

/** @param {string} path */
async function openFile(path) {
  try {
    const file = await open(path);
    const stats = await file.stat();
    if (!stats.isDirectory()) return file.createReadStream();
    await file.close();
  } catch (error) {
    throw new Refusal("no-input", `The customers cannot be read: ${systemError(error).message}.`);
  }
  throw new Refusal("no-input", `${path} is a folder; name the file with the customers.`);
}

/**
 * @param {AsyncIterable<Uint8Array>} source
 * @returns {AsyncIterable<Uint8Array>}
 */
async function* unpacked(source) {
  const pieces = source[Symbol.asyncIterator]();
  const { head, isEnded } = await firstBytes(pieces);
  const all = rejoined(head, isEnded ? null : pieces);
  if (!GZIP.every((byte, at) => head[at] === byte)) {
    yield* all;
    return;
  }
  const unzip = createGunzip();
  // Whatever goes wrong in the source is thrown by `unzip` too.
  pipeline(Readable.from(all, { objectMode: false }), unzip, () => {});
  yield* unzip;
}

/**
 * Enough of the beginning to tell gzip: a pipe may deliver a single byte first.
 *
 * @param {AsyncIterator<Uint8Array>} pieces
 */
async function firstBytes(pieces) {
  let head = new Uint8Array();
  while (head.length < GZIP.length) {
    const { done, value } = await pieces.next();
    if (done) return { head, isEnded: true };
    head = head.length === 0 ? new Uint8Array(value) : joined(head, value);
  }
  return { head, isEnded: false };
}

/**
 * @param {Uint8Array} first
 * @param {Uint8Array} second
 */
function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/**
 * @param {Uint8Array} head
 * @param {AsyncIterator<Uint8Array> | null} rest
 */
async function* rejoined(head, rest) {
  try {
    yield head;
    for (; rest !== null; ) {
      const { done, value } = await rest.next();
      if (done) return;
      yield value;
    }
  } finally {
    await rest?.return?.();
  }
}
