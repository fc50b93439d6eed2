/**
 * A transport on undici's `request`, which costs a fraction of what `fetch` does: no streams of
 * the web, no promise for each piece. Everything else is as with `fetch`.
 */
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { pipeline } from "node:stream";
import { IssueBulkError } from "../errors.js";

/** @typedef {import("node:stream").Readable} Readable */
/** @typedef {Record<string, string | string[] | undefined>} Headers */

/** @type {typeof import("../../types/node.cjs").undiciTransport} */
export async function undiciTransport({ dispatcher } = {}) {
  const { request } = await loaded();
  return async (url, { method, headers, body, signal }) => {
    const answer = await request(url, {
      method,
      headers,
      body,
      signal,
      ...(dispatcher === undefined ? {} : { dispatcher }),
      // The core has its own timeout, and ends a call by the signal.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    return /** @type {any} */ (responseOf(answer));
  };
}

/** @returns {Promise<{ request: (url: string, options: object) => Promise<any> }>} */
async function loaded() {
  try {
    // A name that no bundler follows: it is there only for those who use this transport.
    const name = "undici";
    return await import(name);
  } catch (cause) {
    const message = "undiciTransport needs the package undici: npm install undici.";
    throw new IssueBulkError("invalid-argument", message, { cause });
  }
}

/**
 * What the driver reads of a Response.
 *
 * @param {{ statusCode: number, headers: Headers, body: Readable }} answer
 */
function responseOf({ statusCode, headers, body }) {
  const header = (/** @type {string} */ name) => {
    const value = headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(", ") : (value ?? null);
  };
  const decoded = decodedBy(header("content-encoding"), body);
  const getReader = () => reader(decoded);
  return { status: statusCode, headers: { get: header }, body: { getReader } };
}

/** `request` decodes nothing, and asks for no encoding; a proxy may still choose one. */
const DECODERS = Object.freeze({
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
});

/**
 * @param {string | null} encoding
 * @param {Readable} body
 * @returns {Readable}
 */
function decodedBy(encoding, body) {
  const decoder = DECODERS[/** @type {keyof typeof DECODERS} */ (encoding?.toLowerCase() ?? "")];
  return decoder === undefined ? body : pipeline(body, decoder(), () => {});
}

/** @param {Readable} body */
function reader(body) {
  const iterator = body[Symbol.asyncIterator]();
  return {
    read: () => iterator.next(),
    cancel: async () => {
      // What follows of the answer is not wanted, nor what becomes of it.
      body.on("error", () => {});
      body.destroy();
    },
  };
}
