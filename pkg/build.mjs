// Builds the package's generated files into `dist/`: one wasm, one glue file, the entries that
// load it in different ways, bundles for require() and <script>, and the types.

import { build } from "esbuild";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { LOGS, ROOT } from "../scripts/project.mjs";
import { printFailure, stopOnSignals } from "../scripts/run.mjs";
import { measure } from "../scripts/size.mjs";
import { makeCore } from "../scripts/wasm.mjs";
import { bundleCommand } from "./bundle-cli.mjs";
import { declare } from "./declarations.mjs";
import { notices } from "./notices.mjs";

const PACKAGE = join(ROOT, "pkg");
const SRC = join(PACKAGE, "src");
const DIST = join(PACKAGE, "dist");
const LOG = join(LOGS, "package.log");

/**
 * Build everything. Cargo skips what has not changed; the other steps take about a second.
 *
 * @returns {Promise<void>}
 */
export async function buildPackage() {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  await makeCore({ folder: DIST, log: LOG });
  // It describes the raw exports, which nobody may call.
  rmSync(join(DIST, "core_bg.wasm.d.ts"));
  patchGlue();
  await completeGlue();
  await inlineWasm();
  await bundleModules();
  await bundleScripts();
  writeLicences(await bundleCommand(ROOT));
  await declare(DIST, LOG);
}

/**
 * Two places of the generated glue, and what stands there instead:
 *
 * - A sandbox such as Next's edge runtime passes a Module of another realm, for which
 *   `instanceof` is false. The tag of the object is the same in every realm.
 * - A core that was started while this one still loaded (`initSync`, the default entry) may be in
 *   the middle of a run; to replace it would give that run another memory.
 */
const PATCHES = [
  [
    "!(module instanceof WebAssembly.Module)",
    "Object.prototype.toString.call(module) !== '[object WebAssembly.Module]'",
  ],
  [
    "await __wbg_load(await module_or_path, imports);\n",
    "await __wbg_load(await module_or_path, imports);\n    if (wasm !== undefined) return wasm;\n",
  ],
];

function patchGlue() {
  const file = join(DIST, "core.js");
  let glue = readFileSync(file, "utf8");
  for (const [before, after] of PATCHES) {
    const parts = glue.split(before);
    if (parts.length !== 2) {
      throw new Error(`the glue has ${parts.length - 1} places to patch instead of 1: ${before}`);
    }
    glue = parts.join(after);
  }
  writeFileSync(file, glue);
}

/** @type {import("esbuild").BuildOptions} */
const COMMON = {
  bundle: true,
  target: "es2022",
  platform: "neutral",
  logLevel: "warning",
};

/** Gives the glue substitutes for what it needs while it is loaded. */
async function completeGlue() {
  const glue = join(DIST, "core.js");
  await build({
    ...COMMON,
    entryPoints: [glue],
    outfile: glue,
    allowOverwrite: true,
    format: "esm",
    inject: [join(SRC, "stand-ins.ts")],
  });
}

/** The wasm as text, for every runtime that cannot load a file beside a module. */
async function inlineWasm() {
  const packing = await build({
    ...COMMON,
    entryPoints: [join(SRC, "packing.ts")],
    format: "esm",
    write: false,
  });
  const [{ text: program = "" } = {}] = packing.outputFiles;
  /** @type {typeof import("./src/packing.js")} */
  const { packed } = await import(`data:text/javascript,${encodeURIComponent(program)}`);
  const { order, text } = packed(readFileSync(join(DIST, "core_bg.wasm")));
  const lines = [`export const order = [${order}];`, `export const text = "${text}";`, ""];
  writeFileSync(join(DIST, "wasm-text.js"), lines.join("\n"));
}

/**
 * Licence files belong to the root of a package.
 *
 * @param {string[]} inputs of the command line
 */
function writeLicences(inputs) {
  const names = ["LICENSE-APACHE", "LICENSE-MIT"];
  for (const name of names) cpSync(join(ROOT, name), join(PACKAGE, name));
  writeFileSync(join(PACKAGE, "THIRD-PARTY-NOTICES"), notices(inputs));
}

/**
 * The entries as modules. What several share goes into a few files: Node, Deno, Bun and a page
 * without a bundler look up, read and link each module that they meet. `inside` is for the tests.
 */
async function bundleModules() {
  const entries = ["main", "main.edge", "main.workerd", "slim", "node", "inside"];
  await build({
    ...COMMON,
    entryPoints: entries.map((name) => join(SRC, `${name}.ts`)),
    outdir: DIST,
    format: "esm",
    splitting: true,
    external: ["node:*", "undici"],
    plugins: [generated(({ path }) => ({ path, external: true }))],
    // Lets the user's bundler drop what it does not need, as from modules of their own.
    pure: ["Object.freeze"],
  });
}

/** The forms for require() and <script>, each in one file. */
async function bundleScripts() {
  const plugins = [generated(({ path }) => ({ path: join(DIST, path) }))];
  const main = { ...COMMON, entryPoints: [join(SRC, "main.ts")], plugins };
  await build({ ...main, format: "cjs", outfile: join(DIST, "main.cjs") });
  const script = { format: /** @type {const} */ ("iife"), globalName: "IssueBulk", minify: true };
  await build({ ...main, ...script, outfile: join(DIST, "main.global.js") });
  await build({
    ...COMMON,
    entryPoints: [join(SRC, "node.ts")],
    format: "cjs",
    external: ["node:*", "undici"],
    plugins: [SHARED_ERRORS],
    outfile: join(DIST, "node.cjs"),
  });
}

/**
 * What the sources import beside them and the build makes in `dist`: the glue and the wasm.
 *
 * @param {(args: import("esbuild").OnResolveArgs) => import("esbuild").OnResolveResult} resolve
 * @returns {import("esbuild").Plugin}
 */
function generated(resolve) {
  const filter = /^\.\/(?:core\.js|core_bg\.wasm(?:\?module)?|wasm-text\.js)$/;
  return { name: "generated", setup: ({ onResolve }) => onResolve({ filter }, resolve) };
}

/** With require(), too, there is one class of errors: that of the main bundle. */
const SHARED_ERRORS = {
  name: "shared-errors",
  setup(/** @type {import("esbuild").PluginBuild} */ { onResolve }) {
    onResolve({ filter: /\/errors\.js$/ }, () => ({ path: "./main.cjs", external: true }));
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  stopOnSignals();
  buildPackage()
    .then(measure)
    .then((sizes) => sizes.forEach(({ line }) => console.log(line)))
    .catch((error) => {
      printFailure(error);
      process.exitCode = 1;
    });
}
