// Where things are and which versions this checkout asks for, read from the files that decide it.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** The root of the checkout. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** One log file per suite or step; ignored by git with the rest of `target`. */
export const LOGS = join(ROOT, "target", "logs");

/** Command line tools built for this checkout alone. */
export const TOOLS = join(ROOT, ".tools");

/** The target triple of the shipped artifact. */
export const WASM_TARGET = "wasm32-unknown-unknown";

/**
 * The Node that npm itself runs on. `node_modules/.bin` holds a newer one that npm scripts find
 * first, so `process.execPath` differs between the first run and later ones; this does not.
 */
export const NODE = process.env.npm_node_execpath ?? process.execPath;

/** The newer Node that wrangler needs: the npm package `node`. */
export const NODE_NEWER = join(ROOT, "node_modules", "node", "bin", "node");

/**
 * The environment of every child: this checkout's own tools come first on the path, the newer
 * Node of `node_modules/.bin` is off it, and no tool reports home or asks a question.
 *
 * @param {Record<string, string>} [more] variables on top
 * @returns {NodeJS.ProcessEnv}
 */
export function environment(more = {}) {
  const bins = join("node_modules", ".bin");
  const path = (process.env.PATH ?? "").split(delimiter).filter((entry) => !entry.endsWith(bins));
  return {
    ...process.env,
    PATH: [join(TOOLS, "bin"), ...path].join(delimiter),
    CARGO_TERM_COLOR: "never",
    CARGO_TERM_PROGRESS_WHEN: "never",
    NO_UPDATE_NOTIFIER: "1",
    ...more,
  };
}

/**
 * The pinned toolchain, its components and targets.
 *
 * @param {string} [text] the content of rust-toolchain.toml
 * @returns {{ channel: string, components: string[], targets: string[] }}
 * @throws {Error} when no channel is named
 */
export function toolchain(text = readFileSync(join(ROOT, "rust-toolchain.toml"), "utf8")) {
  const channel = /^\s*channel\s*=\s*"([^"]+)"/m.exec(text)?.[1];
  if (channel === undefined) throw new Error("rust-toolchain.toml names no channel");
  return { channel, components: strings(text, "components"), targets: strings(text, "targets") };
}

/**
 * @param {string} text
 * @param {string} key
 */
function strings(text, key) {
  const list = new RegExp(`^\\s*${key}\\s*=\\s*\\[([^\\]]*)\\]`, "m").exec(text)?.[1] ?? "";
  return [...list.matchAll(/"([^"]+)"/g)].map((match) => String(match[1]));
}

/**
 * The version of a crate in Cargo.lock. A tool that must match a crate takes its version from
 * here, so that the two cannot differ.
 *
 * @param {string} name
 * @param {string} [lock] the content of Cargo.lock
 * @returns {string}
 * @throws {Error} when the lock file does not name the crate
 */
export function lockedVersion(name, lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8")) {
  const version = new RegExp(`\\nname = "${name}"\\nversion = "([^"]+)"`).exec(lock)?.[1];
  if (version === undefined) throw new Error(`Cargo.lock names no ${name}`);
  return version;
}

/** @type {string | undefined} */
let target;

/**
 * Cargo's target directory, asked once: an environment variable or a user's configuration may
 * have moved it.
 *
 * @returns {string}
 */
export function targetDirectory() {
  if (target === undefined) {
    const args = ["metadata", "--format-version", "1", "--no-deps", "--quiet"];
    const options = { cwd: ROOT, env: environment(), maxBuffer: 64 << 20 };
    /** @type {{ target_directory: string }} */
    const metadata = JSON.parse(execFileSync("cargo", args, options).toString());
    target = metadata.target_directory;
  }
  return target;
}

/** The gateway built with `--release`. */
export function gatewayBinary() {
  return join(targetDirectory(), "release", "issue-bulk-gateway");
}

/**
 * The test files of a folder, sorted. Listed here because `node --test FOLDER` means different
 * things to Node 20 and to later ones.
 *
 * @param {string} folder relative to the root
 * @returns {string[]} absolute paths; empty when the folder is missing
 */
export function testFiles(folder) {
  const path = join(ROOT, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => /\.test\.m?js$/.test(name))
    .sort()
    .map((name) => join(path, name));
}
