// The table of suites: what `npm test` runs, in this order.

import { join } from "node:path";
import process from "node:process";
import { browserEnvironment } from "./browser.mjs";
import { NODE, ROOT, TOOLS, WASM_TARGET, testFiles } from "./project.mjs";

/**
 * @typedef {object} Command
 * @property {string} command
 * @property {string[]} args
 * @property {Record<string, string>} [env]
 * @property {string} [cwd]
 */

/**
 * @typedef {object} Suite
 * @property {string} name of its line and its log
 * @property {() => Command[]} commands one after the other; the first that fails ends the suite
 * @property {import("./counts.mjs").Format} [counts] how its log counts tests; without it the
 *   suite is one test
 * @property {number} [minutes] for each command; default 15
 */

/** The runner wants the crate built for wasm32 and finds Node on the path. */
const RUNNER = {
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: join(TOOLS, "bin", "wasm-bindgen-test-runner"),
};

/** @param {string[]} args */
const cargo = (...args) => ({ command: "cargo", args });

/** @param {string[]} args */
const node = (...args) => ({ command: NODE, args });

/**
 * A command line tool of an npm package, run by the user's Node.
 *
 * @param {string} path in `node_modules`
 * @param {string[]} args
 */
const tool = (path, ...args) => node(join(ROOT, "node_modules", path), ...args);

/**
 * The test files of a folder, one after the other: each starts browsers and servers of its own.
 *
 * @param {string} folder
 */
function nodeTests(folder) {
  const files = testFiles(folder);
  if (files.length === 0) throw new Error(`no test file in ${folder}`);
  return node("--test", "--test-reporter=tap", "--test-concurrency=1", ...files);
}

/** TypeScript 5.4, of a workspace of its own: the root has the newest. */
const OLD_TSC = join("tests", "package", "node_modules", "typescript", "bin", "tsc");

/** TypeScript 5.0, the oldest that the README names: it knows neither `using` nor its symbol. */
const OLDEST_TSC = join("typescript-5.0", "bin", "tsc");

const ATTW = "@arethetypeswrong/cli/dist/index.js";

/** Worlds of the simulator; the variable may ask for more, never for fewer. */
const SIM_SEEDS = String(Math.max(20_000, Number(process.env.SIM_SEEDS) || 0));

/** Every lint is an error. */
const DENY = ["--", "-D", "warnings"];

const WASM = ["--target", WASM_TARGET, "-p", "issue-bulk"];

/** @type {Suite[]} */
export const SUITES = [
  { name: "scripts", counts: "node", commands: () => [nodeTests("scripts")] },
  { name: "files", commands: () => [node("scripts/files.mjs")] },
  { name: "format", commands: () => [cargo("fmt", "--all", "--check")] },
  {
    name: "clippy",
    commands: () => [cargo("clippy", "--workspace", "--all-targets", ...DENY)],
  },
  {
    name: "clippy-wasm",
    commands: () => [
      cargo("clippy", ...WASM, "--all-targets", ...DENY),
      cargo("clippy", "--target", WASM_TARGET, "-p", "issue-bulk-bench-core", ...DENY),
    ],
  },
  { name: "native", counts: "cargo", commands: () => [cargo("test", "--workspace")] },
  {
    name: "simulation",
    counts: "cargo",
    commands: () => [
      {
        ...cargo("test", "--release", "-p", "issue-bulk", "--test", "sim"),
        env: { SIM_SEEDS },
      },
    ],
  },
  {
    name: "wasm-node",
    counts: "cargo",
    commands: () => [{ ...cargo("test", ...WASM), env: RUNNER }],
  },
  {
    name: "wasm-chromium",
    counts: "cargo",
    commands: () => [{ ...cargo("test", ...WASM), env: { ...RUNNER, ...browserEnvironment() } }],
  },
  { name: "build", commands: () => [node("scripts/build.mjs")], minutes: 20 },
  { name: "gateway-speed", commands: () => [node("scripts/gateway-speed.mjs")] },
  { name: "instructions", commands: () => [node("scripts/callgrind.mjs")] },
  {
    name: "command-line",
    counts: "node",
    commands: () => [nodeTests(join("pkg", "cli", "test"))],
  },
  { name: "packed-package", counts: "node", commands: () => [node("scripts/pack.mjs")] },
  {
    name: "matrix",
    counts: "node",
    commands: () => [
      nodeTests(join("tests", "matrix")),
      node(join("tests", "matrix", "main.mjs"), "--core"),
    ],
  },
  { name: "faults", counts: "node", commands: () => [node("scripts/faults.mjs")] },
  {
    name: "types",
    commands: () => [
      ...[
        "scripts",
        "pkg",
        join("pkg", "src", "node"),
        join("pkg", "cli"),
        join("pkg", "test"),
        "www",
        join("tests", "types"),
        join("tests", "faults"),
        join("tests", "otel"),
        join("tests", "matrix"),
        join("tests", "package"),
        join("tests", "bench"),
      ].map((part) => tool("typescript/bin/tsc", "--project", part)),
      // What a user may still have.
      node(OLD_TSC, "--project", join("tests", "types")),
      node(OLD_TSC, "--project", join("tests", "types", "node10")),
      tool(OLDEST_TSC, "--project", join("tests", "types", "oldest")),
    ],
  },
  { name: "publint", commands: () => [tool("publint/src/cli.js", "pkg", "--strict")] },
  { name: "package", counts: "node", commands: () => [nodeTests(join("tests", "package"))] },
  {
    name: "attw",
    // `./slim` has no CommonJS form, which its documentation says; `./wasm` is no module.
    commands: () => [
      tool(ATTW, "--pack", "pkg", "--entrypoints", "."),
      tool(ATTW, "--pack", "pkg", "--entrypoints", "node"),
      tool(ATTW, "--pack", "pkg", "--entrypoints", "slim", "--profile", "esm-only"),
    ],
  },
  { name: "size", commands: () => [node("scripts/size.mjs")] },
  { name: "bench", counts: "node", commands: () => [nodeTests(join("tests", "bench"))] },
  { name: "otel", counts: "node", commands: () => [nodeTests(join("tests", "otel"))] },
  { name: "worker-and-page", counts: "node", commands: () => [nodeTests("www/test")] },
];
