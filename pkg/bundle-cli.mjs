// The command line in one file, `dist/cli.js`: its libraries are inside, so that the package has
// no dependencies, and the package's own entries stay outside, so that the core is there once.
//
// The libraries, and why these:
//
// - commander 14 (MIT, no dependencies): the most used parser, with the help that people know;
//   15 asks for Node 22.12. cac and citty are smaller, but their help knows no groups of options,
//   and citty is still 0.x.
// - picocolors (ISC, no dependencies, 3 kB): all the colours that are needed. ansis and chalk know
//   more than anybody wants here.
// - csv-parse (MIT, no dependencies): reads results back, which spreadsheets may have saved anew.

import { build } from "esbuild";
import { chmodSync } from "node:fs";
import { join } from "node:path";

/** Entries of the package by the names that the sources use, and where they are beside cli.js. */
const ENTRIES = new Map([
  ["issue-bulk", "./main.js"],
  ["issue-bulk/node", "./node.js"],
]);

/**
 * @param {string} root of the checkout
 * @returns {Promise<string[]>} the files inside, relative to the root
 */
export async function bundleCommand(root) {
  const dist = join(root, "pkg", "dist");
  const outfile = join(dist, "cli.js");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, "pkg", "cli", "main.js")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minify: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
    // Libraries in CommonJS call require() for what Node brings along.
    banner: {
      js:
        'import { createRequire as makeRequire } from "node:module";' +
        "const require = makeRequire(import.meta.url);",
    },
    plugins: [{ name: "own-entries", setup: leaveOwnEntries }],
  });
  chmodSync(outfile, 0o755);
  return Object.keys(metafile.inputs);
}

/** @param {import("esbuild").PluginBuild} build */
function leaveOwnEntries({ onResolve }) {
  onResolve({ filter: /^issue-bulk(?:\/|$)/ }, ({ path }) => {
    const entry = ENTRIES.get(path);
    if (entry === undefined) return { errors: [{ text: `the package has no entry ${path}` }] };
    return { path: entry, external: true };
  });
}
