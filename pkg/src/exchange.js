/**
 * One exchange over a transport: the request out, the answer in as it arrives, and what an error
 * of it proves.
 */
import { isBytes } from "./sources.js";

/** @typedef {import("./types/options.js").Transport} Transport */
/** @typedef {import("./types/options.js").PushedResponse} PushedResponse */
/** @typedef {Response | PushedResponse} Answer */
/** @typedef {{ url: string, headers: Record<string, string> }} Target */

const ACCEPT = Object.freeze({ Accept: "application/json" });
const POSTS = Object.freeze({ "Content-Type": "application/json", ...ACCEPT });

/** Bytes copied into the core at once: bounds what is held twice. */
const BYTES_SLICE = 1 << 18;

/**
 * Sends a POST, or a GET where there is no body, and waits for the head of its answer. Redirects
 * are never followed: they would carry the credentials elsewhere.
 *
 * @param {Transport} transport
 * @param {Target} target
 * @param {Uint8Array | undefined} bytes
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
export async function send(transport, { url, headers }, bytes, signal) {
  const body = /** @type {BodyInit | undefined} */ (bytes);
  const response = await transport(
    url,
    body === undefined
      ? { method: "GET", headers: { ...ACCEPT, ...headers }, redirect: "manual", signal }
      : { method: "POST", headers: { ...POSTS, ...headers }, body, redirect: "manual", signal },
  );
  if (!isHiddenRedirect(response) && !isStatus(response?.status)) {
    throw new TypeError("transport must resolve with a Response whose status is from 100 to 599");
  }
  return response;
}

/**
 * Whether this is a status of HTTP. `Response.error()` has 0, and what is beyond 16 bits must not
 * become another status in the core.
 *
 * @param {unknown} status
 */
function isStatus(status) {
  return typeof status === "number" && Number.isInteger(status) && status >= 100 && status <= 599;
}

/**
 * Whether this is a redirect that a page is not shown. The type alone tells of one.
 *
 * @param {(Answer & { type?: string }) | undefined} response
 */
function isHiddenRedirect(response) {
  return response?.type === "opaqueredirect";
}

/**
 * What the core reads of an answer's head; a header that is absent is empty.
 *
 * @param {Answer & { type?: string }} response
 */
export function headOf(response) {
  const { status, headers } = response;
  const header = (/** @type {string} */ name) => headers?.get(name) ?? "";
  return {
    status: isHiddenRedirect(response) ? 0 : status,
    retryAfter: header("retry-after"),
    date: header("date"),
    requestId: header("x-cap-requestid") || header("x-cap-request-id"),
  };
}

/**
 * Reads a body as it arrives, decoded by the runtime or the transport.
 *
 * @param {Answer} response
 * @param {(bytes: Uint8Array) => boolean} take `false` when the rest is not wanted
 */
export async function readBody(response, take) {
  const { body } = response;
  if (body === null) return;
  if (body !== undefined && "pushTo" in body) {
    await body.pushTo((bytes) => takePiece(bytes, take));
    return;
  }
  if (typeof body?.getReader !== "function") {
    // A polyfill without streams: the whole at once.
    const whole = /** @type {Response} */ (response);
    takePiece(new Uint8Array(await whole.arrayBuffer()), take);
    return;
  }
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    if (takePiece(value, take)) continue;
    // Nobody waits for it: what was read is enough, and a stream that failed has nothing to cancel.
    reader.cancel().catch(() => {});
    return;
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {(bytes: Uint8Array) => boolean} take
 * @returns {boolean} whether more is wanted
 */
function takePiece(bytes, take) {
  if (!isBytes(bytes)) throw new TypeError("the body of a Response must give bytes");
  if (bytes.length <= BYTES_SLICE) return take(bytes);
  for (let at = 0; at < bytes.length; at += BYTES_SLICE) {
    if (!take(bytes.subarray(at, at + BYTES_SLICE))) return false;
  }
  return true;
}

/** Codes with which Node, Bun and Deno say that no connection came about: nothing was sent. */
const NOT_CONNECTED = Object.freeze([
  "NOT_SENT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "UND_ERR_CONNECT_TIMEOUT",
  "ConnectionRefused",
  "FailedToOpenSocket",
]);
/** The same, when they come from the call that connects: a connection that stands has them too. */
const NOT_REACHED = Object.freeze(["EHOSTUNREACH", "ENETUNREACH"]);

/**
 * Whether an error of a transport proves that no byte of the request left (reliability.md d).
 * What is not proven is ambiguous.
 *
 * @param {unknown} error
 * @returns {boolean}
 */
export function wasNotSent(error) {
  try {
    const { cause } = /** @type {{ cause?: unknown }} */ (error);
    return provesIt(error) || provesIt(cause);
  } catch {
    // Anything can be thrown, also what has no properties.
    return false;
  }
}

/** @param {unknown} error */
function provesIt(error) {
  const { code, syscall } = /** @type {{ code?: any, syscall?: unknown }} */ (error ?? {});
  return NOT_CONNECTED.includes(code) || (NOT_REACHED.includes(code) && syscall === "connect");
}
