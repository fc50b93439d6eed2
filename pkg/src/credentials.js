/** Brings new credentials: from the service for an OAuth client, else from the caller. */
import { readBody, send } from "./exchange.js";

/**
 * What came of it: a token with its life in seconds, the headers of the caller, or neither.
 *
 * @typedef {{ token: string, ttlSeconds: number }
 *   | { headers: [string, string][] }
 *   | { isRefused: boolean }} Credentials
 */

/** Asking again will not help. */
const REFUSED = Object.freeze({ isRefused: true });
/** It may work later. */
const UNAVAILABLE = Object.freeze({ isRefused: false });

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
    const { status } = response;
    const text = await readText(response);
    if (status === 429 || status >= 500) return UNAVAILABLE;
    return text === null ? REFUSED : tokenOf(text);
  } catch {
    return UNAVAILABLE;
  }
}

/**
 * @param {import("./exchange.js").Answer} response
 * @returns {Promise<string | null>} null for an answer too long to be a token
 */
async function readText(response) {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  await readBody(response, (piece) => {
    bytes += piece.length;
    text += decoder.decode(piece, { stream: true });
    return bytes <= ANSWER_BYTES_MAX;
  });
  return bytes > ANSWER_BYTES_MAX ? null : text;
}

/**
 * @param {string} text
 * @returns {Credentials}
 */
function tokenOf(text) {
  try {
    const { accessToken, ttlSeconds } = JSON.parse(text).data;
    if (typeof accessToken !== "string" || typeof ttlSeconds !== "number") return REFUSED;
    return { token: accessToken, ttlSeconds };
  } catch {
    return REFUSED;
  }
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
    return areTexts ? { headers } : REFUSED;
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
