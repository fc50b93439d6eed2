// The size gate: what a user of the package downloads, compressed, against the limits in
// size-limits.json (bytes after brotli at its highest quality). A limit is a ratchet: what is
// reached, with 1 % of room, so that nothing grows unseen. The goal is where it must come down to.

import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { ROOT } from "./project.mjs";

/**
 * @typedef {object} Limit
 * @property {string} what
 * @property {string} file in `pkg/dist`
 * @property {boolean} bundle whether to measure the file with everything it imports, minified
 * @property {number} brotliMax bytes
 * @property {number} brotliGoal bytes
 */

/**
 * @typedef {object} Size
 * @property {string} what
 * @property {number} bytes
 * @property {number} brotli bytes after compression
 * @property {number} brotliGoal
 * @property {boolean} ok
 * @property {string} line for people
 */

/**
 * Measure every file that has a limit.
 *
 * @returns {Promise<Size[]>}
 */
export async function measure() {
  /** @type {Limit[]} */
  const limits = JSON.parse(readFileSync(new URL("size-limits.json", import.meta.url), "utf8"));
  return Promise.all(limits.map(measureOne));
}

/**
 * @param {Limit} limit
 * @returns {Promise<Size>}
 */
async function measureOne({ what, file, bundle, brotliMax, brotliGoal }) {
  const path = join(ROOT, "pkg", "dist", file);
  const bytes = bundle ? await bundled(path) : readFileSync(path);
  const brotli = brotliCompressSync(bytes).length;
  const ok = brotli <= brotliMax;
  const verdict = ok ? "within" : "OVER";
  const sizes = `${bytes.length} bytes, ${brotli} with brotli`;
  const line = `${what}: ${sizes}, ${verdict} ${brotliMax}; the goal is ${brotliGoal}`;
  return { what, bytes: bytes.length, brotli, brotliGoal, ok, line };
}

/** @param {string} path */
async function bundled(path) {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const sizes = await measure();
  for (const { line } of sizes) console.log(line);
  if (sizes.some(({ ok }) => !ok)) process.exitCode = 1;
}
