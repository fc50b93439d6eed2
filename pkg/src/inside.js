/**
 * What the build makes one file of: the face without what other entries share, which are the
 * engine, its errors and the runtime's fetch. Runtimes that load files one by one take half a
 * millisecond for each.
 */
export * from "./face.js";
export { Job } from "./job.js";
export { prepare } from "./prepare.js";
