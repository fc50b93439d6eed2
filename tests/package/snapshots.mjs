// What the package shows to the world, written down so that no change of it goes unseen:
//   npm run snapshots            writes the public declarations, the files of the package and the
//                                API reference; the package must be built
//   npm test                     compares all three

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ROOT } from "../../scripts/project.mjs";
import { api } from "./api.mjs";
import { contents } from "./contents.mjs";
import { reference } from "./reference.mjs";

const DOCS = join("pkg", "docs");

/**
 * What each file must hold.
 *
 * @returns {Promise<Map<string, string>>} by path from the root
 */
async function wanted() {
  const files = new Map([
    [join("tests", "package", "api.txt"), api()],
    [join("tests", "package", "contents.txt"), contents().text],
  ]);
  for (const [name, text] of await reference()) files.set(join(DOCS, name), text);
  return files;
}

/**
 * The files that are not what they must be.
 *
 * @returns {Promise<string[]>}
 */
export async function stale() {
  const files = await wanted();
  const differing = [...files].filter(([path, text]) => read(path) !== text).map(([path]) => path);
  return [...differing, ...leftOver(files)];
}

/** @param {string} path */
function read(path) {
  const file = join(ROOT, path);
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** @param {Map<string, string>} files */
function leftOver(files) {
  const folder = join(ROOT, DOCS);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.map((name) => join(DOCS, name)).filter((path) => !files.has(path));
}

async function write() {
  const files = await wanted();
  for (const path of leftOver(files)) rmSync(join(ROOT, path));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
  }
  console.log([...files.keys()].join("\n"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await write();
