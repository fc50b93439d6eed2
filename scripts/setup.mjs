// Make a fresh machine ready: it has rustup's cargo and Node >= 20 with npm, and nothing else.
// Every step looks first and installs only what is missing. Downloads come from the registries of
// cargo, npm and the distribution, and from rustup.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { capture } from "./capture.mjs";
import {
  LOGS, NODE, NODE_NEWER, ROOT, TOOLS, WASM_TARGET, lockedVersion, toolchain,
} from "./project.mjs";
import { installPrograms } from "./programs.mjs";
import { printFailure, run, step, stopOnSignals } from "./run.mjs";

const LOG = join(LOGS, "setup.log");

/**
 * @typedef {object} Wanted
 * @property {boolean} [programs] browsers and nginx: only the tests need them
 * @property {boolean} [peers] what the benchmark compares with
 */

/**
 * Install what is missing.
 *
 * @param {Wanted} [wanted]
 * @returns {Promise<void>}
 * @throws {Error} whose message says in one line what is missing
 */
export async function setUp({ programs = false, peers = false } = {}) {
  checkNode();
  await step("set-up: Rust toolchain and wasm target", installToolchain);
  await step("set-up: npm packages", installPackages);
  await step("set-up: newer Node for the Worker runtime", installNewerNode);
  await step("set-up: wasm-bindgen command line", installWasmBindgen);
  if (programs) await step("set-up: browsers and nginx", () => installPrograms(LOG));
  if (peers) await step("set-up: peers of the benchmark", installPeers);
}

function checkNode() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) throw new Error(`Node 20 or newer is needed; this is ${process.version}`);
}

async function installToolchain() {
  const { channel, components, targets } = toolchain();
  if (capture("rustup", ["--version"]) === null) return checkRustc(channel);
  const installed = capture("rustup", ["toolchain", "list"])?.split("\n") ?? [];
  if (!installed.some((line) => line.startsWith(`${channel}-`))) {
    await run("rustup", ["toolchain", "install", channel, "--profile", "minimal"], { log: LOG });
  }
  const has = (/** @type {string} */ kind) =>
    capture("rustup", [kind, "list", "--installed", "--toolchain", channel])?.split("\n") ?? [];
  const parts = { target: targets, component: components };
  for (const [kind, names] of Object.entries(parts)) {
    const present = has(kind);
    const missing = names.filter((name) => !present.some((line) => line.startsWith(name)));
    if (missing.length === 0) continue;
    await run("rustup", [kind, "add", "--toolchain", channel, ...missing], { log: LOG });
  }
}

/**
 * Without rustup the compiler has to be the right one already.
 *
 * @param {string} channel
 */
function checkRustc(channel) {
  const version = capture("rustc", ["--version"]);
  if (version?.startsWith(`rustc ${channel} `) !== true) {
    throw new Error(`Rust ${channel} is needed: install rustup, which brings it by itself`);
  }
  const library = capture("rustc", ["--print", "target-libdir", "--target", WASM_TARGET]);
  if (library === null || !existsSync(library)) {
    throw new Error(`the Rust target ${WASM_TARGET} is needed: install rustup, which adds it`);
  }
}

/**
 * `npm ci` when what is installed is not what the lock file says. Install scripts stay off: no
 * package needs one, and some of them download.
 */
async function installPackages() {
  const stamp = join(ROOT, "node_modules", ".issue-bulk-installed");
  const folders = ["", "pkg", "www", join("tests", "package")];
  const manifests = folders.map((folder) => join(folder, "package.json"));
  const wanted = digestOf(["package-lock.json", ...manifests]);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  await run("npm", ["ci", "--ignore-scripts"], { log: LOG });
  writeFileSync(stamp, wanted);
}

/**
 * The packages that the benchmark compares with. They are no workspace: who only builds or starts
 * something has no use for them.
 */
async function installPeers() {
  const folder = join("tests", "bench");
  const stamp = join(ROOT, folder, "node_modules", ".issue-bulk-installed");
  const wanted = digestOf(["package-lock.json", "package.json"].map((name) => join(folder, name)));
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  await run("npm", ["ci", "--ignore-scripts"], { cwd: join(ROOT, folder), log: LOG });
  writeFileSync(stamp, wanted);
}

/** @param {string[]} names of files below the root */
function digestOf(names) {
  const hash = createHash("sha256");
  for (const name of names) hash.update(readFileSync(join(ROOT, name)));
  return hash.digest("hex");
}

/** What the install script of the npm package `node` does, asked for by name. */
async function installNewerNode() {
  await installNode(dirname(dirname(NODE_NEWER)), LOG);
}

/**
 * What the install script of the npm package `node` does, asked for by name.
 *
 * @param {string} folder of the package
 * @param {string} log
 */
export async function installNode(folder, log) {
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (capture(join(folder, "bin", "node"), ["--version"]) === `v${version}`) return;
  await run(NODE, ["installArchSpecificPackage.js"], { cwd: folder, log });
}

/**
 * The command line tool and the test runner, of exactly the version of the crate. `--locked` is
 * absent because the lock file inside the published crate cannot always be resolved. The debug
 * profile halves the build; the tool's input is small.
 */
async function installWasmBindgen() {
  const version = lockedVersion("wasm-bindgen");
  const tools = ["wasm-bindgen", "wasm-bindgen-test-runner"];
  const right = (/** @type {string} */ tool) =>
    capture(join(TOOLS, "bin", tool), ["--version"]) === `${tool} ${version}`;
  if (tools.every(right)) return;
  const args = ["install", "wasm-bindgen-cli", "--version", version, "--root", TOOLS, "--force"];
  await run("cargo", [...args, "--debug"], { log: LOG, minutes: 30 });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  stopOnSignals();
  setUp({ programs: process.argv.includes("--programs") }).catch((error) => {
    printFailure(error);
    process.exitCode = 1;
  });
}
