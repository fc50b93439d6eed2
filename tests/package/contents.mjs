// What `npm publish` would put into the package.

import { join } from "node:path";
import { capture } from "../../scripts/capture.mjs";
import { ROOT } from "../../scripts/project.mjs";

/** What several entries share is in files that are named after their content. */
const CHUNK = /^(dist\/chunk-)[A-Z0-9]+/;

/**
 * @typedef {object} Contents
 * @property {string} text the files, one a line
 * @property {number} unpacked bytes
 */

/**
 * @returns {Contents}
 * @throws {Error} when npm cannot pack
 */
export function contents() {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts", join(ROOT, "pkg")];
  const json = capture("npm", args);
  if (json === null) throw new Error("npm pack --dry-run failed: is the package built?");
  const packed = JSON.parse(json);
  // An array before npm 11.5, then an object by name.
  const [{ files, unpackedSize }] = /** @type {any[]} */ (Object.values(packed));
  /** @type {string[]} */
  const names = files.map((/** @type {{ path: string }} */ { path }) => path);
  const text = names.map((name) => `${name.replace(CHUNK, "$1HASH")}\n`).sort().join("");
  return { text, unpacked: unpackedSize };
}
