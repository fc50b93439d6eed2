/** Bundles the page's modules and the package into public/generated/page.js. */
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const at = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

await rm(at("public/generated"), { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: [at("src/page/main.js")],
  outfile: at("public/generated/page.js"),
  bundle: true,
  format: "esm",
  platform: "browser",
  // The package's default entry: the wasm is inlined, so the page is one file to load.
  conditions: ["browser"],
  target: ["es2022"],
  minify: true,
  metafile: true,
  logLevel: "warning",
});
for (const [path, { bytes }] of Object.entries(metafile.outputs)) {
  console.log(`${path} ${(bytes / 1024).toFixed(1)} KiB`);
}
