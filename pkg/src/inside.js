/**
 * What the build makes one file of: all of the face but the engine, its errors and the runtime's
 * fetch, which other entries share. Runtimes that load files one by one take half a millisecond for each.
 */
export * from "./face.js";
export { Job } from "./job.js";
export { prepare } from "./prepare.js";
