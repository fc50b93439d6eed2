// The releases of Node, Bun and Deno that the matrix runs on.

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
export const bun = () => only("@oven", join("bin", "bun"));

/** Deno, likewise. */
export const deno = () => only("@deno", "deno");

/**
 * @param {string} scope
 * @param {string} path
 */
function only(scope, path) {
  const [name] = readdirSync(join(MODULES, scope));
  if (name === undefined) throw new Error(`no package of ${scope} is for this platform`);
  return join(MODULES, scope, name, path);
}
