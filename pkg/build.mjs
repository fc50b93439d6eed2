// Builds the package's generated files into `dist/`: one wasm, one glue file, the entries that
// load it in different ways, bundles for require() and <script>, and the types.

import { build, transformSync } from "esbuild";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { LOGS, ROOT } from "../scripts/project.mjs";
import { printFailure, stopOnSignals } from "../scripts/run.mjs";
import { measure } from "../scripts/size.mjs";
import { makeCore } from "../scripts/wasm.mjs";
import { packed } from "./src/packing.js";
import { bundleCommand } from "./bundle-cli.mjs";
import { declare } from "./declarations.mjs";
import { notices } from "./notices.mjs";

const PACKAGE = join(ROOT, "pkg");
const DIST = join(PACKAGE, "dist");
const LOG = join(LOGS, "package.log");

/**
 * Build everything. Cargo skips what has not changed; the other steps take about a second.
 *
 * @returns {Promise<void>}
 */
export async function buildPackage() {
  rmSync(DIST, { recursive: true, force: true });
  mkdirSync(DIST, { recursive: true });
  await makeCore({ folder: DIST, log: LOG });
  // It describes the raw exports, which nobody may call.
  rmSync(join(DIST, "core_bg.wasm.d.ts"));
  patchGlue();
  inlineWasm();
  copySources();
  await completeGlue();
  await joinFace();
  await bundle();
  writeLicences(await bundleCommand(ROOT));
  await declare(DIST, LOG);
}

/**
 * Two places of the generated glue, and what stands there instead:
 *
 * - A sandbox such as Next's edge runtime passes a Module of another realm, for which
 *   `instanceof` is false. The tag of the object is the same in every realm.
 * - A core that was started while this one still loaded (`initSync`, the default entry) may be in
 *   the middle of a run; to replace it would give that run another memory.
 */
const PATCHES = [
  [
    "!(module instanceof WebAssembly.Module)",
    "Object.prototype.toString.call(module) !== '[object WebAssembly.Module]'",
  ],
  [
    "await __wbg_load(await module_or_path, imports);\n",
    "await __wbg_load(await module_or_path, imports);\n    if (wasm !== undefined) return wasm;\n",
  ],
];

function patchGlue() {
  const file = join(DIST, "core.js");
  let glue = readFileSync(file, "utf8");
  for (const [before, after] of PATCHES) {
    const parts = glue.split(before);
    if (parts.length !== 2) {
      throw new Error(`the glue has ${parts.length - 1} places to patch instead of 1: ${before}`);
    }
    glue = parts.join(after);
  }
  writeFileSync(file, glue);
}

/** Gives the glue substitutes for what it needs while it is loaded (`src/stand-ins.ts`). */
async function completeGlue() {
  const glue = join(DIST, "core.js");
  await build({
    entryPoints: [glue],
    outfile: glue,
    allowOverwrite: true,
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    inject: [join(DIST, "stand-ins.js")],
  });
  rmSync(join(DIST, "stand-ins.js"));
}

/** The wasm as text, for every runtime that cannot load a file beside a module. */
function inlineWasm() {
  const { order, text } = packed(readFileSync(join(DIST, "core_bg.wasm")));
  const lines = [`export const order = [${order}];`, `export const text = "${text}";`, ""];
  writeFileSync(join(DIST, "wasm-text.js"), lines.join("\n"));
}

/**
 * Sources go beside the glue they import: JavaScript as it is, TypeScript without its types, which
 * the suite `types` checks. Both are imported as `./x.js`.
 */
function copySources() {
  const sources = join(PACKAGE, "src");
  for (const path of readdirSync(sources, { recursive: true, encoding: "utf8" })) {
    const to = join(DIST, path.replace(/\.ts$/, ".js"));
    // Nothing is left of these.
    if (dirname(path) === "types") continue;
    if (path.endsWith(".ts") && !path.endsWith(".d.ts")) {
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, withoutTypes(readFileSync(join(sources, path), "utf8")));
    } else if (path.endsWith(".js")) {
      cpSync(join(sources, path), to);
    }
  }
}

/**
 * Licence files belong to the root of a package.
 *
 * @param {string[]} inputs of the command line
 */
function writeLicences(inputs) {
  const names = ["LICENSE-APACHE", "LICENSE-MIT"];
  for (const name of names) cpSync(join(ROOT, name), join(PACKAGE, name));
  writeFileSync(join(PACKAGE, "THIRD-PARTY-NOTICES"), notices(inputs));
}

/** @param {string} source in TypeScript */
function withoutTypes(source) {
  const options = /** @type {const} */ ({ loader: "ts", target: "es2022" });
  return transformSync(source, {
    ...options,
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  }).code;
}

/**
 * Puts the modules of the face into one, `inside.js`, and leaves of `face.js` what it exports:
 * Node, Deno, Bun and a page without a bundler look up, read and link each module that they meet.
 */
async function joinFace() {
  const options = {
    bundle: true,
    format: /** @type {const} */ ("esm"),
    target: "es2022",
    platform: /** @type {const} */ ("neutral"),
    logLevel: /** @type {const} */ ("warning"),
    absWorkingDir: DIST,
    outdir: DIST,
    external: ["./engine.js", "./errors.js", "./evidence.js", "./fetch.js"],
    // Lets the user's bundler drop what it does not need, as from modules of their own.
    pure: ["Object.freeze"],
    metafile: true,
    write: /** @type {const} */ (false),
  };
  const face = await build({ ...options, entryPoints: ["face.js"] });
  const { outputFiles, metafile } = await build({ ...options, entryPoints: ["inside.js"] });
  const names = Object.values(face.metafile.outputs).flatMap((output) => output.exports);
  for (const name of Object.keys(metafile.inputs)) rmSync(join(DIST, name));
  for (const { path, contents } of outputFiles) writeFileSync(path, contents);
  writeFileSync(join(DIST, "face.js"), `export { ${names.join(", ")} } from "./inside.js";\n`);
}

async function bundle() {
  const common = {
    entryPoints: [join(DIST, "main.js")],
    bundle: true,
    target: "es2022",
    platform: /** @type {const} */ ("neutral"),
    logLevel: /** @type {const} */ ("warning"),
  };
  await build({ ...common, format: "cjs", outfile: join(DIST, "main.cjs") });
  await build({
    ...common,
    format: "iife",
    globalName: "IssueBulk",
    minify: true,
    outfile: join(DIST, "main.global.js"),
  });
  await build({
    ...common,
    entryPoints: [join(DIST, "node.js")],
    format: "cjs",
    external: ["node:*"],
    plugins: [SHARED_ERRORS],
    outfile: join(DIST, "node.cjs"),
  });
}

/** With require(), too, there is one class of errors: that of the main bundle. */
const SHARED_ERRORS = {
  name: "shared-errors",
  setup(/** @type {import("esbuild").PluginBuild} */ { onResolve }) {
    onResolve({ filter: /\/errors\.js$/ }, () => ({ path: "./main.cjs", external: true }));
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  stopOnSignals();
  buildPackage()
    .then(measure)
    .then((sizes) => sizes.forEach(({ line }) => console.log(line)))
    .catch((error) => {
      printFailure(error);
      process.exitCode = 1;
    });
}
