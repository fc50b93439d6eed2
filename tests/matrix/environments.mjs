// The environments of the matrix.

import { BUNDLERS } from "./environments/bundlers.mjs";
import { NEXT } from "./environments/next.mjs";
import { PAGES } from "./environments/pages.mjs";
import { RUNNERS } from "./environments/runners.mjs";
import { RUNTIMES } from "./environments/runtimes.mjs";
import { WORKERS } from "./environments/workers.mjs";

/** @typedef {import("./project.mjs").Project} Project */

/**
 * Where JavaScript runs, and how the program of the matrix gets there.
 *
 * @typedef {object} Environment
 * @property {string} name
 * @property {boolean} [core] part of `npm test`: needs no tool of tests/matrix/package.json
 * @property {boolean} [webkit] needs WebKitGTK, which `npm test` does not install
 * @property {string} [group] environments of one group share a project, prepared once
 * @property {(project: Project) => Promise<void> | void} prepare writes and builds what is to run
 * @property {(project: Project) => Promise<void>} run starts it; what it starts ends with
 *   `project.close()`
 * @property {(project: Project) => Promise<string[]> | string[] | null} shipped the files that
 *   hold the package here; null where there are none to see
 */

/** @type {Environment[]} */
export const ENVIRONMENTS = [
  ...RUNTIMES,
  ...PAGES,
  ...BUNDLERS,
  ...NEXT,
  ...WORKERS,
  ...RUNNERS,
];
