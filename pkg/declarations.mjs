// The package's types, made of its sources: what the compiler says of each module, without what is
// marked `@internal`. The modules of the entries' types become `.d.cts` files, which both kinds of
// module can import, so that a class or a symbol is one and the same for both.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { NODE, ROOT } from "../scripts/project.mjs";
import { run } from "../scripts/run.mjs";

const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");
const PROJECT = join(ROOT, "pkg", "tsconfig.declarations.json");

/** `slim` has no CommonJS form, since its glue has none. */
const ENTRIES = [
  { name: "main", isCommon: true },
  { name: "node", isCommon: true },
  { name: "slim", isCommon: false },
];

const IMPORT = /(?<=(?:from |import\()")(\.{1,2}\/[^"]+)\.js(?=")/g;

/**
 * @param {string} dist where they go
 * @param {string} log
 * @returns {Promise<void>}
 */
export async function declare(dist, log) {
  const made = mkdtempSync(join(tmpdir(), "issue-bulk-types-"));
  try {
    await run(NODE, [TSC, "--project", PROJECT, "--outDir", made], { log });
    /** @type {Map<string, string>} */
    const texts = new Map();
    for (const { name } of ENTRIES) gather(made, name, texts);
    for (const { name, isCommon } of ENTRIES) {
      write(join(dist, `${name}.d.ts`), texts.get(name));
      if (!isCommon) texts.delete(name);
    }
    for (const [name, text] of texts) write(join(dist, `${name}.d.cts`), text);
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/**
 * The text of a module and of those that it imports.
 *
 * @param {string} folder
 * @param {string} name of the module: its path in the folder without an ending
 * @param {Map<string, string>} texts by name
 */
function gather(folder, name, texts) {
  if (texts.has(name)) return;
  const text = readFileSync(join(folder, `${name}.d.ts`), "utf8");
  texts.set(name, text.replace(IMPORT, "$1.cjs"));
  for (const [, path] of text.matchAll(IMPORT)) {
    gather(folder, join(dirname(name), String(path)), texts);
  }
}

/**
 * @param {string} path
 * @param {string | undefined} text
 */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, String(text));
}
