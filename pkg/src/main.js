/**
 * The default entry: the wasm is inside and compiled on import, so that it works without
 * configuration in Node, Bun, Deno, browsers and every bundler.
 */
import * as core from "./core.js";
import { engine } from "./engine.js";
import base64 from "./wasm-base64.js";

engine.boot(core, () => void core.initSync({ module: decoded(base64) }));

export * from "./face.js";

/**
 * The bytes of a base64 text. The loop is for runtimes without `Uint8Array.fromBase64`: it is
 * twenty times faster than `Uint8Array.from` with a function.
 *
 * @param {string} text
 * @returns {BufferSource}
 */
function decoded(text) {
  const native = /** @type {{ fromBase64?: (text: string) => BufferSource }} */ (Uint8Array);
  if (typeof native.fromBase64 === "function") return native.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
