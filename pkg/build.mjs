// Builds the package's generated files into `dist/`: one wasm, one glue file, the entries that
// load it in different ways, bundles for require() and <script>, and the types.

import { build } from "esbuild";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { LOGS, NODE, ROOT, TOOLS, WASM_TARGET, targetDirectory } from "../scripts/project.mjs";
import { printFailure, run, stopOnSignals } from "../scripts/run.mjs";
import { measure } from "../scripts/size.mjs";

const PACKAGE = join(ROOT, "pkg");
const DIST = join(PACKAGE, "dist");
const LOG = join(LOGS, "package.log");

/**
 * Build everything. Cargo skips what has not changed; the other steps take about a second.
 *
 * @returns {Promise<void>}
 */
export async function buildPackage() {
  await compile();
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  await bindgen();
  await optimise();
  patchGlue();
  inlineWasm();
  copySources();
  await bundle();
}

async function compile() {
  const what = ["--profile", "wasm", "--target", WASM_TARGET, "-p", "issue-bulk", "--lib"];
  // The manifest names no cdylib: beside the rlib of the tests it would switch off LTO.
  const kind = ["--features", "artifact", "--crate-type", "cdylib"];
  // Panic messages name source files; nobody needs to learn where this machine keeps them.
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const remap = Object.entries({ [cargoHome]: "cargo", [ROOT]: "." });
  const rustFlags = remap.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  const env = { CARGO_ENCODED_RUSTFLAGS: rustFlags.join("\x1f") };
  await run("cargo", ["rustc", ...what, ...kind], { env, log: LOG });
}

/** Without a default path the glue holds no `new URL`, which some bundlers trip over. */
async function bindgen() {
  const flags = [
    "--omit-default-module-path",
    "--remove-name-section",
    "--remove-producers-section",
    "--ts-typed-array-buffers",
  ];
  const names = ["--target", "web", "--out-dir", DIST, "--out-name", "core"];
  const input = join(targetDirectory(), WASM_TARGET, "wasm", "issue_bulk.wasm");
  await run(join(TOOLS, "bin", "wasm-bindgen"), [...names, ...flags, input], { log: LOG });
  // It describes the raw exports, which nobody may call.
  rmSync(join(DIST, "core_bg.wasm.d.ts"), { force: true });
}

async function optimise() {
  const tool = join(ROOT, "node_modules", "binaryen", "bin", "wasm-opt");
  const wasm = join(DIST, "core_bg.wasm");
  await run(NODE, [tool, "-Oz", "--converge", wasm, "-o", wasm], { log: LOG });
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

/** The wasm as text, for every runtime that cannot load a file beside a module. */
function inlineWasm() {
  const base64 = readFileSync(join(DIST, "core_bg.wasm")).toString("base64");
  writeFileSync(join(DIST, "wasm-base64.js"), `export default "${base64}";\n`);
}

/** Hand-written sources go beside the glue they import; both licences ask for their text. */
function copySources() {
  for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) cpSync(join(ROOT, name), join(DIST, name));
  cpSync(join(PACKAGE, "src"), DIST, { recursive: true });
  const types = join(PACKAGE, "types");
  for (const name of readdirSync(types)) cpSync(join(types, name), join(DIST, name));
}

async function bundle() {
  const common = {
    entryPoints: [join(DIST, "main.js")],
    bundle: true,
    target: "es2022",
    platform: /** @type {const} */ ("neutral"),
    logLevel: /** @type {const} */ ("warning"),
  };
  await build({ ...common, format: "cjs", outfile: join(DIST, "main.cjs") });
  await build({
    ...common,
    format: "iife",
    globalName: "IssueBulk",
    minify: true,
    outfile: join(DIST, "main.global.js"),
  });
}

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
