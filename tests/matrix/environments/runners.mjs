// Test runners: what a user's own tests meet.

import { NODE, NODE_NEWER } from "../../../scripts/project.mjs";
import { loaded } from "../shipped.mjs";
import { CJS, ESM } from "./runtimes.mjs";

/** @typedef {import("../environments.mjs").Environment} Environment */

/**
 * Makes a test of a program.
 *
 * @param {string} program
 */
const test = (program) => program.replace(/^play\(.*$/m, 'test("plays", () => $&);').replace(
  ";);", ");",
);

/** @type {Environment} */
const JEST = {
  name: "jest",
  prepare: (project) => project.write("main.test.cjs", test(CJS)),
  run: (project) => project.exec(NODE, [project.tool("jest/bin/jest.js"), "--rootDir", "."]),
  shipped: (project) => loaded(project, "require"),
};

/** @type {Environment} */
const VITEST = {
  name: "vitest",
  prepare: (project) =>
    project.write("main.test.js", `import { test } from "vitest";\n${test(ESM)}`),
  run: (project) => project.exec(NODE_NEWER, [project.tool("vitest/vitest.mjs"), "run"]),
  shipped: loaded,
};

/** @type {Environment[]} */
export const RUNNERS = [JEST, VITEST];
