// The installed package with `play`, bundled as a user's bundler would for each place.

import { build } from "esbuild";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));

/**
 * @param {string} source of the entry
 * @param {{ conditions?: string[] }} [where] export conditions of the place
 * @returns {Promise<string>} an ES module; an imported wasm stays an import
 */
export async function bundled(source, { conditions = [] } = {}) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: HERE, sourcefile: "entry.mjs" },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions,
    external: ["*.wasm"],
    logLevel: "warning",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild made no file");
  return file.text;
}
