// npm run size: where the bytes of the wasm are, by module and by function, and every file that is
// shipped, against the limits of the size gate.
//   npm run size                       the 30 largest functions
//   npm run size -- --functions 100    more of them

import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync } from "node:zlib";
import { capture } from "./capture.mjs";
import { LOGS, NODE, ROOT, TOOLS } from "./project.mjs";
import { printFailure, run, step, stopOnSignals } from "./run.mjs";
import { setUp } from "./setup.mjs";
import { measure } from "./size.mjs";
import { makeCore } from "./wasm.mjs";

/** Reads what a wasm is made of. Only this command needs it, so only this command installs it. */
const TWIGGY = { version: "0.8.0", binary: join(TOOLS, "bin", "twiggy") };

const LOG = join(LOGS, "size.log");
const FOLDER = join(ROOT, "target", "size");
const DIST = join(ROOT, "pkg", "dist");

/**
 * @typedef {object} Item
 * @property {string} name
 * @property {number} bytes before compression
 */

/** What the linker and wasm-bindgen add: the shapes of functions, what is imported and exported. */
const FRAME = /^(?:type|import|export|elem|table|code|global|memory|custom section|"\w+ names?")\b/;

/** Crates of the standard library, and what stands for a crate in the names of their functions. */
const STANDARD = new Set(["core", "std", "__rustc", "compiler_builtins", "alloc", "hashbrown"]);

/** An exported method, with all code of the core and of crates that was put into it. */
const EXPORTED =
  /^(checkrun|input|intake|issuerun|outcomes|plan|readbackrun|recovered|recovery|revokerun|run)_/;

/**
 * The part of the program that an item of a wasm belongs to. Generic code, drop glue and
 * implementations of a foreign trait belong to the module of the crate that they were made for, and
 * else to the crate that they come from.
 *
 * @param {string} name as twiggy prints it
 * @returns {string} a module of the crate, a crate, or what else there is in a wasm
 */
export function partOf(name) {
  const ours = /issue_bulk\w*?(?:\[\w+\])?::(\w+)/.exec(name)?.[1];
  if (ours !== undefined) return `issue-bulk: ${ours}`;
  if (/ shim$/.test(name)) return "issue-bulk: wasm";
  const exported = EXPORTED.exec(name)?.[1];
  if (exported !== undefined) return `issue-bulk: exports of ${exported}`;
  if (name.startsWith("data segment")) return "constants";
  if (FRAME.test(name)) return "imports, exports and types";
  // The first crate of the name that is not the standard library, as serde_core is in
  // `<alloc::string::String as serde_core::de::Deserialize>::deserialize`.
  const crates = [...name.matchAll(/(?<![\w:])([a-z_]\w*)(?:\[\w+\])?::/g)].map(([, it]) => it);
  const crate = crates.find((it) => it !== undefined && !STANDARD.has(it)) ?? crates[0];
  if (crate !== undefined) return `crate ${crate}`;
  // Methods of built-in types, as `<str>::trim_ascii`.
  if (/^<&?\[?\w+\]?>/.test(name) || /^(?:mem\w+|__multi3)$/.test(name)) return "crate core";
  return "the rest of the wasm";
}

/**
 * Sums by part, the largest first.
 *
 * @param {readonly Item[]} items
 * @returns {Item[]}
 */
export function byPart(items) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const { name, bytes } of items) {
    const part = partOf(name);
    sums.set(part, (sums.get(part) ?? 0) + bytes);
  }
  return [...sums].map(([name, bytes]) => ({ name, bytes })).sort((a, b) => b.bytes - a.bytes);
}

async function installTwiggy() {
  const { version, binary } = TWIGGY;
  if (capture(binary, ["--version"])?.endsWith(` ${version}`) === true) return;
  const args = ["install", "twiggy", "--locked", "--version", version, "--root", TOOLS, "--force"];
  await run("cargo", args, { log: LOG });
}

/** @returns {Item[]} without the names themselves, which are not shipped */
function items() {
  const wasm = join(FOLDER, "core_bg.wasm");
  const args = ["top", "-n", "1000000", "-f", "json", wasm];
  const { status, stdout } = spawnSync(TWIGGY.binary, args, { maxBuffer: 64 << 20 });
  if (status !== 0) throw new Error(`twiggy failed with status ${status}`);
  /** @type {{ name: string, shallow_size: number }[]} */
  const rows = JSON.parse(stdout.toString());
  return rows
    .filter(({ name }) => name !== '"function names" subsection')
    .map(({ name, shallow_size: bytes }) => ({ name, bytes }));
}

/** Every file that a runtime may load. @returns {(Item & { brotli: number })[]} */
function files() {
  return readdirSync(DIST)
    .filter((name) => /\.(js|cjs|wasm)$/.test(name))
    .map((name) => {
      const content = readFileSync(join(DIST, name));
      return { name, bytes: content.length, brotli: brotliCompressSync(content).length };
    })
    .sort((a, b) => b.brotli - a.brotli);
}

/** @param {number} count of functions to print */
async function report(count) {
  await setUp();
  mkdirSync(FOLDER, { recursive: true });
  await step("size: twiggy", installTwiggy);
  await step("size: package", () => run(NODE, [join("pkg", "build.mjs")], { log: LOG }));
  await step("size: wasm with names", () => makeCore({ folder: FOLDER, log: LOG, isNamed: true }));
  const all = items();
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const line = (/** @type {Item} */ { name, bytes }) =>
    `${String(bytes).padStart(7)} ${((100 * bytes) / total).toFixed(1).padStart(5)} %  ${name}`;
  print(`The wasm by part, ${total} bytes in all, before compression`, byPart(all).map(line));
  // The hash at the end of a name tells nothing to people.
  const largest = all.slice(0, count).map((item) => ({ ...item, name: withoutHash(item.name) }));
  print("The largest functions and constants", largest.map(line));
  const sizes = files().map(
    ({ name, bytes, brotli }) =>
      `${String(bytes).padStart(7)} ${String(brotli).padStart(7)}  ${name}`,
  );
  print("Files of the package: bytes, with brotli", sizes);
  const limits = await measure();
  print("The limits of npm test", limits.map((limit) => limit.line));
  if (limits.some(({ ok }) => !ok)) process.exitCode = 1;
}

/** @param {string} name */
function withoutHash(name) {
  return name.replace(/::h[0-9a-f]{16}$/, "");
}

/**
 * @param {string} heading
 * @param {string[]} lines
 */
function print(heading, lines) {
  console.log(`\n${heading}:\n${lines.join("\n")}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { functions: { type: "string", default: "30" } } });
  stopOnSignals();
  report(Number(values.functions)).catch((error) => {
    printFailure(error);
    process.exitCode = 1;
  });
}
