// Runtimes without a page: what is installed is imported as it is.

import { rmSync } from "node:fs";
import { build } from "esbuild";
import { bun, deno, nodeOf } from "../executables.mjs";
import { loaded } from "../shipped.mjs";

/** @typedef {import("../environments.mjs").Environment} Environment */
/** @typedef {import("../project.mjs").Project} Project */

/** A module that plays the program. */
export const ESM = `import { issueBulk, version } from "issue-bulk";
import { play } from "./program.js";
import { where } from "./where.js";

play({ issueBulk, version }, where);
`;

/** The same as CommonJS. */
export const CJS = `const { issueBulk, version } = require("issue-bulk");
const { play } = require("./program.cjs");
const { where } = require("./where.cjs");

play({ issueBulk, version }, where);
`;

/**
 * @param {20 | 22 | 24} major
 * @param {"ESM" | "CJS"} form
 * @returns {Environment}
 */
function node(major, form) {
  const [file, text] = form === "ESM" ? ["main.js", ESM] : ["main.cjs", CJS];
  return {
    name: `Node ${major} ${form}`,
    core: major !== 22,
    prepare: (project) => project.write(file, text),
    run: async (project) => project.exec(await nodeOf(major, project.log), [file]),
    shipped: (project) => loaded(project, form === "ESM" ? "import" : "require"),
  };
}

/** @type {Environment} */
const BUN = {
  name: "Bun",
  core: true,
  prepare: (project) => project.write("main.js", ESM),
  run: (project) => project.exec(bun(), ["run", "main.js"]),
  shipped: loaded,
};

/** It may talk to this machine, and nothing else. */
const DENO_FLAGS = ["--no-prompt", "--allow-net=127.0.0.1", "--node-modules-dir=manual"];

/** @type {Environment} */
const DENO = {
  name: "Deno, --allow-net alone",
  core: true,
  prepare: (project) => project.write("main.js", ESM),
  run: (project) =>
    project.exec(deno(), ["run", ...DENO_FLAGS, "main.js"], {
      env: { DENO_DIR: project.path("deno") },
    }),
  shipped: loaded,
};

/** @type {Environment} */
const MOVED = {
  name: "bundled for Node, then moved",
  prepare: async (project) => {
    project.write("main.js", ESM);
    await build({
      absWorkingDir: project.folder,
      entryPoints: ["main.js"],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: project.path("elsewhere", "moved.mjs"),
    });
    // Nothing is left that the bundle could find by luck.
    for (const name of ["node_modules", "main.js", "program.js", "where.js", "package.json"]) {
      rmSync(project.path(name), { recursive: true });
    }
  },
  run: async (project) => {
    const cwd = project.path("elsewhere");
    await project.exec(await nodeOf(24, project.log), ["moved.mjs"], { cwd });
  },
  shipped: (project) => [project.path("elsewhere", "moved.mjs")],
};

/** @type {Environment[]} */
export const RUNTIMES = [
  ...([20, 22, 24]).flatMap((major) => [
    node(/** @type {20 | 22 | 24} */ (major), "ESM"),
    node(/** @type {20 | 22 | 24} */ (major), "CJS"),
  ]),
  BUN,
  DENO,
  MOVED,
];
