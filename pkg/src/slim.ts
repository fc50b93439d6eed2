/**
 * The same functions without the WebAssembly inside: call {@link init} or {@link initSync} once
 * before anything else. For pages that want to fetch `issue-bulk/wasm` as a file of its own and
 * compile it while it arrives.
 *
 * @packageDocumentation
 */
export * from "./face.js";

// The entry without the wasm: `init` or `initSync` bring it, from wherever the page wants.
import * as core from "./core.js";
import { engine } from "./engine.js";
import { assertComplete } from "./runtime.js";

/** Something the WebAssembly of `issue-bulk/wasm` can be compiled or fetched from. */
export type WasmSource = WasmModule | ArrayBuffer | ArrayBufferView | Response | URL | string;

/**
 * A compiled `WebAssembly.Module`. Named by its shape, since not every set of type libraries
 * declares `WebAssembly`.
 */
export type WasmModule = object;

/**
 * Compiles and starts the core. Calling it again, also at the same time, is harmless.
 *
 * @param source a compiled module, its bytes, a `Response` or an address to fetch it from
 * @throws {@link IssueBulkError} `core-not-ready`, as a rejection, with the `cause`; it may be
 *   called again with another source.
 */
export async function init(source: WasmSource | Promise<WasmSource>): Promise<void> {
  try {
    // Before the glue asks for `Response`: Node's own, under --jitless, ends the process.
    assertComplete();
    await core.default({ module_or_path: await source });
  } catch (error) {
    throwFailure(error);
  }
  engine.boot(core, () => {});
  engine.assertReady();
}

/**
 * The same without waiting, from a compiled module or from bytes. Browsers compile at most 8 MB
 * this way on the main thread, and older ones 4 KB.
 *
 * @throws {@link IssueBulkError} `core-not-ready` with the `cause`.
 */
export function initSync(source: WasmModule | ArrayBuffer | ArrayBufferView): void {
  engine.boot(core, () => void core.initSync({ module: source }));
  engine.assertReady();
}

/** Lets the engine say it, in the words it has for a core that could not be compiled. */
function throwFailure(error: unknown): never {
  engine.boot(core, () => {
    throw error;
  });
  engine.assertReady();
  throw error;
}
