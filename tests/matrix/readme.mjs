// The programs that the package's README shows: each block of JavaScript has a comment before it
// that names its recipe, which nobody sees on the page.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/project.mjs";

/**
 * @typedef {object} Block
 * @property {string | null} recipe null when the block has no comment
 * @property {string} code
 */

const BLOCK = /(?:^<!-- recipe: (.+) -->\n)?^```js\n([\s\S]*?)^```$/gm;

/**
 * @param {string} [text] Markdown; default the package's README
 * @returns {Block[]} in the order of the page
 */
export function blocks(text = readFileSync(join(ROOT, "pkg", "README.md"), "utf8")) {
  const found = [...text.matchAll(BLOCK)];
  return found.map(([, recipe, code]) => ({ recipe: recipe ?? null, code: String(code) }));
}

/**
 * The code of one recipe.
 *
 * @param {string} name
 * @throws {Error} when the README has it not once
 */
export function recipe(name) {
  const found = blocks().filter((block) => block.recipe === name);
  if (found.length !== 1) throw new Error(`pkg/README.md has ${found.length} recipes ${name}`);
  return String(found[0]?.code);
}
