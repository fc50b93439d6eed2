// The public types as one text: what a change of the interface shows in a review.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { ROOT } from "../../scripts/project.mjs";

const TYPES = join(ROOT, "pkg", "dist");

/** The package has no others of its own; `files` of its manifest leaves these out. */
const NOT_SHIPPED = ["core.d.ts"];

/** Declarations alone: the documentation may get better without being a change. */
const PRINTER = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

const HEAD = `// Every declaration of the package's types, without its documentation.
// Made by "npm run snapshots"; npm test compares it.
`;

/** @returns {string} */
export function api() {
  const names = readdirSync(TYPES, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.d\.c?ts$/.test(name) && !NOT_SHIPPED.includes(name))
    .sort();
  const parts = names.map((name) => {
    const text = readFileSync(join(TYPES, name), "utf8");
    const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022);
    return `\n// ${name}\n${PRINTER.printFile(file)}`;
  });
  return HEAD + parts.join("");
}
