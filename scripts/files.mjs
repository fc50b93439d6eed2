// Every source file stays readable: at most 500 lines of at most 100 columns.

import { readFileSync, readdirSync } from "node:fs";
import { extname, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ROOT } from "./project.mjs";

const LINES_MAX = 500;
const COLUMNS_MAX = 100;

const SOURCES = new Set([".rs", ".js", ".mjs", ".cjs", ".ts", ".cts", ".mts", ".css", ".html"]);

/** Folders that are made, not written. */
const MADE = new Set(
  ["node_modules", "target", "dist", "generated", ".git", ".tools", ".wrangler"],
);

/**
 * What breaks a bound in the text of one file.
 *
 * @param {string} name
 * @param {string} text
 * @returns {string[]} one line for each
 */
export function faults(name, text) {
  const lines = text.trimEnd().split("\n");
  const long = lines.flatMap((line, index) =>
    [...line].length > COLUMNS_MAX ? [`${name}:${index + 1}: over ${COLUMNS_MAX} columns`] : [],
  );
  return lines.length > LINES_MAX ? [`${name}: ${lines.length} lines`, ...long] : long;
}

/**
 * The source files below a folder.
 *
 * @param {string} folder
 * @returns {Generator<string>}
 */
function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !MADE.has(entry.name)) yield* sources(path);
    else if (entry.isFile() && SOURCES.has(extname(entry.name))) yield path;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let files = 0;
  for (const path of sources(ROOT)) {
    files += 1;
    for (const fault of faults(relative(ROOT, path), readFileSync(path, "utf8"))) {
      console.log(fault);
      process.exitCode = 1;
    }
  }
  console.log(`${files} files`);
}
