/** What an error of a transport proves, for the calls of the command line. */

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
/** These prove it only if `connect` failed; an open connection can fail with them, too. */
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
