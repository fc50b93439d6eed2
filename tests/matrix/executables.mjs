// The runtimes of the matrix that npm brings: the executables themselves, since a script that
// starts one would leave it behind when it is stopped.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../../scripts/capture.mjs";
import { NODE, NODE_NEWER, ROOT, TOOLS } from "../../scripts/project.mjs";
import { run } from "../../scripts/run.mjs";
import { installNode } from "../../scripts/setup.mjs";

const MODULES = join(ROOT, "node_modules");

/**
 * Releases that are no dependency of the root: two packages named `node` would fight for one name
 * in its `.bin`. They go into `.tools`, when first asked for.
 */
const RELEASES = { 20: "20.20.2", 22: "22.23.3" };

/**
 * A Node of this major version: the user's own, the newer one, or one from npm.
 *
 * @param {20 | 22 | 24} major
 * @param {string} log
 * @returns {Promise<string>} its executable
 */
export async function nodeOf(major, log) {
  if (capture(NODE, ["--version"])?.startsWith(`v${major}.`)) return NODE;
  if (major === 24) return NODE_NEWER;
  const prefix = join(TOOLS, `node-${major}`);
  const folder = join(prefix, "node_modules", "node");
  if (!existsSync(folder)) {
    const flags = ["install", "--prefix", prefix, "--ignore-scripts", "--no-audit", "--no-fund"];
    await run("npm", [...flags, `node@${RELEASES[major]}`], { log });
  }
  await installNode(folder, log);
  return join(folder, "bin", "node");
}

/** Bun, whose package for this platform npm has picked. */
export const bun = () => picked("@oven", "bun-", join("bin", "bun"));

/** Deno, likewise. */
export const deno = () => picked("@deno", "", "deno");

/** The runtime of Cloudflare Workers, likewise. */
export const workerd = () => picked("@cloudflare", "workerd-", join("bin", "workerd"));

/**
 * @param {string} scope
 * @param {string} prefix of the package's name
 * @param {string} path
 */
function picked(scope, prefix, path) {
  const name = readdirSync(join(MODULES, scope)).find((one) => one.startsWith(prefix));
  if (name === undefined) throw new Error(`no ${scope}/${prefix} is for this platform`);
  return join(MODULES, scope, name, path);
}
