// Bytes that a user downloads: the package against the loops that would replace it, each bundled,
// minified and compressed with brotli at its highest quality.

import { build } from "esbuild";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { ROOT } from "../../scripts/project.mjs";
import { measure } from "../../scripts/size.mjs";
import { OURS } from "./suite.mjs";

/** What the loops of `peers/wire.mjs` import. @type {Record<string, string>} */
const IMPORTS = {
  "p-limit": 'export { default } from "p-limit";',
  "ky + p-map": 'export { default } from "ky"; export { default as map } from "p-map";',
  "axios + p-queue": 'export { default } from "axios"; export { default as Queue } from "p-queue";',
};

/** @returns {Promise<import("./processes.mjs").Result>} */
export async function bytesShipped() {
  const [entry, wasm] = await measure();
  /** @type {[string, number][]} */
  const sizes = [
    [OURS, entry?.brotli ?? NaN],
    ["the wasm alone", wasm?.brotli ?? NaN],
  ];
  for (const [name, source] of Object.entries(IMPORTS)) sizes.push([name, await bundled(source)]);
  const subjects = sizes.map(([name, size]) => {
    const figures = { median: size, low: size, high: size, samples: 1, wrong: 0, checked: 0 };
    return [name, { ...figures, more: {} }];
  });
  const unit = "bytes with brotli";
  return { name: "bytes", group: "bytes", unit, subjects: Object.fromEntries(subjects) };
}

/** @param {string} contents */
async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(ROOT, "tests", "bench") },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    write: false,
  });
  return brotliCompressSync(outputFiles[0]?.contents ?? new Uint8Array()).length;
}
