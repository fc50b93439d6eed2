/**
 * The lines of a stream. What follows the last line break is a line that was cut and is left out.
 *
 * @param {ReadableStream<Uint8Array>} bytes
 */
export async function* lines(bytes) {
  const reader = bytes.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const parts = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      yield* parts;
    }
  } finally {
    // Whoever stops listening lets the other side know; at its end there is nothing to cancel.
    reader.cancel().catch(() => {});
  }
}
