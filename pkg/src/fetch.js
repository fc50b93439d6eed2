/** The runtime's own way to send. */

/**
 * The runtime's fetch, looked up at each call: it may be replaced later, and called as somebody's
 * method it throws in Workers.
 *
 * @param {string} url
 * @param {RequestInit} init
 * @returns {Promise<Response>}
 */
export function runtimeFetch(url, init) {
  return globalThis.fetch(url, "Deno" in globalThis ? unrepeatable(init) : init);
}

/**
 * Deno's fetch sends a request again by itself when the connection ends without an answer, a POST
 * too, and shows only the second answer. What it read from a stream it cannot send again.
 *
 * @param {RequestInit} init
 * @returns {RequestInit}
 */
function unrepeatable(init) {
  const { body } = init;
  if (!(body instanceof Uint8Array)) return init;
  const stream = new ReadableStream({
    start: (controller) => {
      controller.enqueue(body);
      controller.close();
    },
  });
  return /** @type {RequestInit} */ ({ ...init, body: stream, duplex: "half" });
}
