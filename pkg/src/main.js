/**
 * The default entry: the wasm is inside and compiled on import, so that it works without
 * configuration in Node, Bun, Deno, browsers and every bundler.
 */
import * as core from "./core.js";
import { engine } from "./engine.js";
import { unpacked } from "./packing.js";
import { order, text } from "./wasm-text.js";

engine.boot(core, () => void core.initSync({ module: unpacked(order, text) }));

export * from "./face.js";
