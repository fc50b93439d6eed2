/** The package with what no entry exports and the tests need, to break the core and its packing. */
export * from "./face.js";
export { Engine, engine } from "./engine.js";
export { Job } from "./job.js";
export { packed, unpacked } from "./packing.js";
export { prepare } from "./prepare.js";
