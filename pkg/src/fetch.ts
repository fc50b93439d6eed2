/** The runtime's own way to send. */
import { withEvidence } from "./evidence.js";

/**
 * The {@link Transport} that is used if none is given: the runtime's `fetch`, so that programs can
 * wrap it. Rejects with the code `NOT_SENT` if nothing was sent; in Deno it sends a request once.
 */
export function fetchTransport(url: string, init: RequestInit): Promise<Response> {
  // Looked up at each call, since it may be replaced later; called as a method of an object it
  // throws in Workers.
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
