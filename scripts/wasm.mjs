// From a crate to the wasm that is shipped and its glue: compile, bind, optimise. The package, the
// size report and the benchmark make theirs here, so that all three look at the same code.

import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { NODE, ROOT, TOOLS, WASM_TARGET, targetDirectory } from "./project.mjs";
import { run } from "./run.mjs";

/**
 * @typedef {object} Core
 * @property {string} folder gets `core.js`, `core.d.ts` and `core_bg.wasm`
 * @property {string} log
 * @property {string} [crate] whose library becomes the wasm; default `issue-bulk`
 * @property {string} [features] of that crate; default none
 * @property {boolean} [isNamed] whether functions keep their names, for a report on them
 */

/**
 * Make a wasm and its glue. Cargo skips what has not changed; the other steps take about a second.
 *
 * @param {Core} core
 * @returns {Promise<void>}
 */
export async function makeCore({
  folder, log, crate = "issue-bulk", features = "", isNamed = false,
}) {
  await compile(crate, features, log);
  const compiled = `${crate.replaceAll("-", "_")}.wasm`;
  const input = join(targetDirectory(), WASM_TARGET, "wasm", compiled);
  mkdirSync(folder, { recursive: true });
  await bindgen(input, folder, log);
  await optimise(join(folder, "core_bg.wasm"), isNamed, log);
}

/**
 * Flags that build the wasm without reference types and without multivalue. wasm-bindgen chooses
 * the form of an export from the section of features, which the linker writes.
 *
 * - With reference types an export returns a `JsValue` as an externref. V8 of Node 20 and 22
 *   inlines the call, and aborts the process where what the export calls in JavaScript changes the
 *   shape of a known object meanwhile (`pkg/test/v8-abort.test.mjs`).
 * - With multivalue an export returns several results, for which Node 20 has no ready call path and
 *   compiles one at every start.
 */
const PLAIN_EXPORTS = [
  "-Ctarget-feature=-reference-types,-multivalue",
  // The objects of the standard library name both features; none of their code uses them.
  "-Clink-arg=--no-check-features",
  `-Clink-arg=--features=${[
    "bulk-memory",
    "bulk-memory-opt",
    "call-indirect-overlong",
    "mutable-globals",
    "nontrapping-fptoint",
    "sign-ext",
  ]}`,
];

/**
 * @param {string} crate
 * @param {string} features
 * @param {string} log
 */
async function compile(crate, features, log) {
  const what = ["--profile", "wasm", "--target", WASM_TARGET, "-p", crate, "--lib"];
  // The manifest names no cdylib: beside the rlib of the tests it would switch off LTO.
  const kind = ["--features", features, "--crate-type", "cdylib"];
  // Panic messages name source files; nobody needs to learn where this machine keeps them.
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const remap = Object.entries({ [cargoHome]: "cargo", [ROOT]: "." });
  const rustFlags = remap.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  const env = { CARGO_ENCODED_RUSTFLAGS: [...PLAIN_EXPORTS, ...rustFlags].join("\x1f") };
  await run("cargo", ["rustc", ...what, ...kind], { env, log });
}

/**
 * Without a default path the glue holds no `new URL`, which some bundlers trip over.
 *
 * @param {string} input
 * @param {string} folder
 * @param {string} log
 */
async function bindgen(input, folder, log) {
  const flags = [
    "--omit-default-module-path",
    "--remove-producers-section",
    "--ts-typed-array-buffers",
  ];
  const names = ["--target", "web", "--out-dir", folder, "--out-name", "core"];
  await run(join(TOOLS, "bin", "wasm-bindgen"), [...names, ...flags, input], { log });
}

/**
 * Engines compile a function when it is first called. So a large one that is called in one place
 * stays by itself, where the tool would put it into its caller: what is rare costs no start.
 */
const ONE_CALLER_MAX = "--one-caller-inline-max-function-size=50";

/** Nothing lies at the first 1,024 addresses: they are the far end of the stack. */
const LOW_MEMORY_UNUSED = "--low-memory-unused";

/**
 * For the download: control flow is built anew from flat code before the passes for size, and
 * functions of one module, which are much alike, stand side by side. Each saves 0.3 kB of brotli.
 */
const SMALLER_BEFORE = ["--flatten", "--rereloop"];
const SMALLER_AFTER = ["--reorder-functions-by-name"];

/** What no value can reach goes, seen over the whole program, and then what that leaves. 0.6 kB. */
const UNREACHABLE_VALUES = ["--gufa-optimizing", "-Oz"];

/**
 * @param {string} wasm
 * @param {boolean} isNamed
 * @param {string} log
 */
async function optimise(wasm, isNamed, log) {
  const tool = join(ROOT, "node_modules", "binaryen", "bin", "wasm-opt");
  const options = ["--converge", ONE_CALLER_MAX, LOW_MEMORY_UNUSED];
  const passes = [...SMALLER_BEFORE, "-Oz", ...UNREACHABLE_VALUES, ...SMALLER_AFTER];
  const flags = [...options, ...passes, ...(isNamed ? ["-g"] : [])];
  await run(NODE, [tool, ...flags, wasm, "-o", wasm], { log });
}
