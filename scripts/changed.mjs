// Leaves out a build step whose inputs have not changed since it last succeeded.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT } from "./project.mjs";

/** Folders below an input that a build makes, or that it does not read. */
const NO_INPUT = new Set(["node_modules", "target", "dist", "generated", "test", ".wrangler"]);

/**
 * @typedef {object} Step
 * @property {string} name of its stamp; one for each step
 * @property {string[]} inputs files and folders, relative to `root`
 * @property {string[]} outputs files that it makes; one that is missing, or that somebody else
 *   made meanwhile, counts as a change
 * @property {string} [root] default: the checkout
 * @property {string} [stamps] folder of the stamps; default `target/stamps`
 */

/**
 * Build unless all inputs and outputs are as they were when this step last succeeded. They are
 * compared by content: a checkout or a copy changes the times of files, not the build.
 *
 * @param {Step} step
 * @param {() => Promise<void>} build
 * @returns {Promise<boolean>} whether it was built
 */
export async function buildIfChanged(step, build) {
  const { name, outputs, root = ROOT, stamps = join(ROOT, "target", "stamps") } = step;
  const stamp = join(stamps, name);
  const isThere = outputs.every((path) => existsSync(join(root, path)));
  const state = () => digestOf([...step.inputs, ...outputs], root);
  if (isThere && existsSync(stamp) && readFileSync(stamp, "utf8") === state()) return false;
  // A build that fails or is stopped leaves no stamp, so the next one starts again.
  rmSync(stamp, { force: true });
  await build();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(stamp, state());
  return true;
}

/**
 * @param {string[]} names files and folders
 * @param {string} root
 * @returns {string} digest of the names and contents of all files
 */
function digestOf(names, root) {
  const hash = createHash("sha256");
  for (const path of names.flatMap((each) => [...files(join(root, each))])) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/**
 * @param {string} path of a file or folder
 * @returns {Generator<string>} files, in the order of their names
 */
function* files(path) {
  if (!statSync(path).isDirectory()) {
    yield path;
    return;
  }
  for (const name of readdirSync(path).sort()) {
    if (!NO_INPUT.has(name)) yield* files(join(path, name));
  }
}
