// How many bytes an environment loads or ships to run the program.

import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { build } from "esbuild";

/** @typedef {{ raw: number, brotli: number }} Shipped bytes */

/** A text of the package that no minifier may change. */
const MARK = "IssueBulkError";

/**
 * The files that a runtime without a bundler loads for an import of the package.
 *
 * @param {import("./project.mjs").Project} project
 * @param {"import" | "require"} [kind]
 * @param {string} [path] of the entry
 * @returns {Promise<string[]>}
 */
export async function loaded(project, kind = "import", path = "issue-bulk") {
  const contents = kind === "import" ? `import "${path}";` : `require("${path}");`;
  const { metafile } = await build({
    stdin: { contents, resolveDir: project.folder },
    absWorkingDir: project.folder,
    bundle: true,
    metafile: true,
    platform: "neutral",
    write: false,
    logLevel: "silent",
  });
  const inputs = Object.keys(metafile.inputs).filter((name) => name.startsWith("node_modules"));
  return inputs.map((name) => project.path(name));
}

/**
 * The scripts and wasm files below a folder.
 *
 * @param {string} folder
 * @returns {string[]}
 */
export function built(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  return paths.filter((path) => /\.(js|mjs|cjs|wasm)$/.test(path));
}

/**
 * Those of `built` that hold the package: what it adds to an app of many files.
 *
 * @param {string} folder
 * @param {RegExp} place of the part of the app that is meant, in `folder`
 */
export function withPackage(folder, place) {
  return built(folder).filter((path) => {
    if (!place.test(relative(folder, path))) return false;
    return path.endsWith(".wasm") || readFileSync(path, "latin1").includes(MARK);
  });
}

/**
 * @param {string[]} files
 * @returns {Shipped}
 * @throws {Error} when there is none: then the measurement is wrong
 */
export function weigh(files) {
  if (files.length === 0) throw new Error("nothing was shipped");
  const total = { raw: 0, brotli: 0 };
  for (const file of files) {
    total.raw += statSync(file).size;
    total.brotli += brotliCompressSync(readFileSync(file)).length;
  }
  return total;
}
