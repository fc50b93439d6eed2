// Bundlers with no configuration, their output in Chromium.

import { join } from "node:path";
import { NODE, NODE_NEWER, ROOT } from "../../../scripts/project.mjs";
import { built, loaded } from "../shipped.mjs";
import { errors, page } from "./pages.mjs";
import { ESM } from "./runtimes.mjs";

/** @typedef {import("../environments.mjs").Environment} Environment */
/** @typedef {import("../project.mjs").Project} Project */

/**
 * A page whose script is bundled into `out/main.js`.
 *
 * @param {string} name
 * @param {(project: Project) => Promise<void>} bundle
 * @param {{ core?: boolean }} [more]
 * @returns {Environment}
 */
function bundled(name, bundle, more = {}) {
  return {
    name,
    ...more,
    prepare: async (project) => {
      project.write("main.js", ESM);
      await bundle(project);
      project.write("out/errors.js", errors(project));
      project.write("out/index.html", page('<script type="module" src="/main.js"></script>'));
    },
    run: async (project) => project.browse("chromium", await project.serve("out")),
    shipped: (project) => built(project.path("out")).filter((path) => !path.endsWith("errors.js")),
  };
}

const ESBUILD = bundled(
  "esbuild",
  (project) =>
    project.exec(join(ROOT, "node_modules", "esbuild", "bin", "esbuild"), [
      "main.js", "--bundle", "--minify", "--format=esm", "--outfile=out/main.js",
    ]),
  { core: true },
);

const ROLLUP = bundled("rollup", (project) => {
  const flags = ["--plugin", "@rollup/plugin-node-resolve", "--format", "es", "--file"];
  return project.exec(NODE, [project.tool("rollup/dist/bin/rollup"), "main.js", ...flags, OUT]);
});

const OUT = "out/main.js";

const WEBPACK = bundled("webpack", (project) => {
  const flags = ["--mode", "production", "--entry", "./main.js", "--output-path", "out"];
  return project.exec(NODE_NEWER, [project.tool("webpack/bin/webpack.js"), ...flags]);
});

const RSPACK = bundled("rspack", (project) => {
  const flags = ["build", "--mode", "production", "--entry", "./main.js", "--output-path", "out"];
  return project.exec(NODE_NEWER, [project.tool("@rspack/cli/bin/rspack.js"), ...flags]);
});

/** The command line of the Vite in this checkout. */
const VITE = join(ROOT, "node_modules", "vite", "bin", "vite.js");

/**
 * A page as Vite wants it.
 *
 * @param {Project} project
 */
function writeVitePage(project) {
  project.write("main.js", ESM);
  project.write("public/errors.js", errors(project));
  project.write("index.html", page('<script type="module" src="/main.js"></script>'));
}

/** @type {Environment} */
const VITE_BUILD = {
  name: "Vite, build",
  core: true,
  prepare: async (project) => {
    writeVitePage(project);
    await project.exec(NODE, [VITE, "build"]);
  },
  run: async (project) => project.browse("chromium", await project.serve("dist")),
  shipped: (project) => built(project.path("dist", "assets")),
};

/** @type {Environment} */
const VITE_DEV = {
  name: "Vite, dev",
  prepare: writeVitePage,
  run: async (project) => {
    const ready = /Local:\s+(http:\/\/[\w.:]+\/)/;
    const url = await project.start(NODE, [VITE, "--host", "127.0.0.1", "--port", "0"], { ready });
    await project.browse("chromium", url);
  },
  shipped: loaded,
};

/** @type {Environment[]} */
export const BUNDLERS = [VITE_DEV, VITE_BUILD, ESBUILD, ROLLUP, WEBPACK, RSPACK];
