/** The runtime's own way to send. */
import { withEvidence } from "./evidence.js";

/**
 * The runtime's fetch, looked up at each call: it may be replaced later, and called as somebody's
 * method it throws in Workers. It rejects with a `NotSentError` where nothing left.
 */
export function runtimeFetch(url: string, init: RequestInit): Promise<Response> {
  const sent = "Deno" in globalThis ? unrepeatable(init) : init;
  return withEvidence(() => globalThis.fetch(url, sent));
}

/**
 * Deno's fetch sends a request again by itself when the connection ends without an answer, a POST
 * too, and shows only the second answer. What it read from a stream it cannot send again.
 */
function unrepeatable(init: RequestInit): RequestInit {
  const { body } = init;
  if (!(body instanceof Uint8Array)) return init;
  const stream = new ReadableStream({
    start: (controller) => {
      controller.enqueue(body);
      controller.close();
    },
  });
  return { ...init, body: stream, duplex: "half" } as RequestInit;
}
