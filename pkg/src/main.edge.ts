/** The entry for edge runtimes that give a compiled module for `?module` (Vercel, Next). */
import * as core from "./core.js";
import module from "./core_bg.wasm?module";
import { engine } from "./engine.js";

engine.boot(core, () => void core.initSync({ module }));

export * from "./face.js";
