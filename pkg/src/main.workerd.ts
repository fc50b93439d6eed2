/** The entry for Cloudflare Workers, which give an imported wasm file as a compiled module. */
import * as core from "./core.js";
import module from "./core_bg.wasm";
import { engine } from "./engine.js";

engine.boot(core, () => void core.initSync({ module }));

export * from "./face.js";
