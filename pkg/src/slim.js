/** The entry without the wasm: `init` or `initSync` bring it, from wherever the page wants. */
import * as core from "./core.js";
import { engine } from "./engine.js";

export * from "./face.js";

/** @type {typeof import("../types/slim.js").init} */
export async function init(source) {
  try {
    await core.default({ module_or_path: /** @type {BufferSource} */ (await source) });
  } catch (error) {
    throwFailure(error);
  }
  engine.boot(core, () => {});
}

/** @type {typeof import("../types/slim.js").initSync} */
export function initSync(source) {
  engine.boot(core, () => void core.initSync({ module: /** @type {BufferSource} */ (source) }));
  engine.assertReady();
}

/**
 * Lets the engine say it, in the words it has for a core that could not be compiled.
 *
 * @param {unknown} error
 */
function throwFailure(error) {
  engine.boot(core, () => {
    throw error;
  });
  engine.assertReady();
}
