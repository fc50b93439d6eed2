/** The runtime's own way to send. */
import { withEvidence } from "./evidence.js";

/**
 * The runtime's fetch, looked up at each call, since it may be replaced later; called as a method
 * of an object it throws in Workers. Rejects with a `NotSentError` if nothing was sent.
 */
export function runtimeFetch(url: string, init: RequestInit): Promise<Response> {
  const sent = "Deno" in globalThis ? unrepeatable(init) : init;
  return withEvidence(() => globalThis.fetch(url, sent));
}

/**
 * Deno's fetch resends a request by itself when the connection ends without an answer, even a POST,
 * and shows only the second answer. A body from a stream it cannot resend.
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
