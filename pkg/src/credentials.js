/** Brings new credentials: from the service for an OAuth client, else from the caller. */
import { headOf, readBody, send } from "./exchange.js";

/**
 * What came of it: the answer of the token endpoint, which the core reads, the headers of the
 * caller, or neither.
 *
 * @typedef {{ status: number, body: Uint8Array }
 *   | { headers: [string, string][] }
 *   | { isUnreadable: boolean }} Credentials
 */

/** Asking again would bring the same. */
const UNREADABLE = Object.freeze({ isUnreadable: true });
/** It may work later. */
const UNAVAILABLE = Object.freeze({ isUnreadable: false });

/** A token is some kilobytes; an answer beyond this is not one. */
const ANSWER_BYTES_MAX = 1 << 16;

/**
 * The token endpoint of api.md 7: `{"data":{"accessToken","ttlSeconds"},"errors"}`.
 *
 * @param {import("./exchange.js").Transport} transport
 * @param {{ url: string, body: string }} request
 * @param {AbortSignal} signal
 * @returns {Promise<Credentials>}
 */
export async function fetchToken(transport, request, signal) {
  try {
    const body = new TextEncoder().encode(request.body);
    const response = await send(transport, { url: request.url, headers: {} }, body, signal);
    return { status: headOf(response).status, body: await readWhole(response) };
  } catch {
    return UNAVAILABLE;
  }
}

/**
 * @param {import("./exchange.js").Answer} response
 * @returns {Promise<Uint8Array>} its body, or what of it is already too long to be a token
 */
async function readWhole(response) {
  /** @type {Uint8Array[]} */
  const pieces = [];
  let length = 0;
  await readBody(response, (piece) => {
    pieces.push(piece.slice());
    length += piece.length;
    return length <= ANSWER_BYTES_MAX;
  });
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * @param {import("./types/options.js").AuthCallback | undefined} callback
 * @param {(error: unknown) => void} onFailure
 * @returns {Promise<Credentials>}
 */
export async function askCaller(callback, onFailure) {
  try {
    const headers = headersOf(await callback?.());
    const areTexts = headers.every(([, value]) => typeof value === "string");
    return areTexts ? { headers } : UNREADABLE;
  } catch (error) {
    // A function that throws may work later; headers that cannot be sent will not.
    onFailure(error);
    return UNAVAILABLE;
  }
}

/**
 * @param {unknown} headers
 * @returns {[string, string][]}
 */
function headersOf(headers) {
  if (typeof headers !== "object" || headers === null) throw new TypeError("auth gave no headers");
  return Symbol.iterator in headers
    ? [.../** @type {Iterable<[string, string]>} */ (headers)]
    : Object.entries(headers);
}
