// What the package shows to the world is what is written down, and one version stands everywhere.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { capture } from "../../scripts/capture.mjs";
import { ROOT, WASM_TARGET } from "../../scripts/project.mjs";
import { contents } from "./contents.mjs";
import { stale } from "./snapshots.mjs";

/**
 * What an installed package may weigh. Today it is 2.05 MB: the wasm is in it four times (as a
 * file, as text, and in the bundles for require() and <script>), the command line once.
 */
const UNPACKED_MAX = 2_100_000;

/** @param {string[]} path */
const read = (...path) => readFileSync(join(ROOT, ...path), "utf8");

/** @type {{ version: string, publishConfig: object, dependencies?: object }} */
const manifest = JSON.parse(read("pkg", "package.json"));

test("types, files and reference are those written down", async () => {
  const files = await stale();
  assert.deepEqual(files, [], "if the change is meant, run npm run snapshots and commit them");
});

test("the licence of everything inside is told, and that of the package stands at its root", () => {
  const notices = read("pkg", "THIRD-PARTY-NOTICES");
  const where = ["--target", WASM_TARGET, "--package", "issue-bulk", "--offline"];
  const names = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
  const crates = capture("cargo", ["tree", ...where, ...names])?.split("\n") ?? [];
  const foreign = crates.filter((line) => !line.includes(ROOT)).map((line) => line.split(" "));
  assert.ok(foreign.length > 10);
  for (const [name, version = ""] of foreign) {
    assert.ok(notices.includes(`\n${name} ${version.slice(1)} (`), name);
  }
  const libraries = ["talc", "wasm-bindgen", "js-sys", "commander", "csv-parse", "picocolors"];
  for (const name of [...libraries, "The Rust standard library"]) {
    const text = notices.split(`\n${name} `)[1]?.split("-".repeat(80))[0] ?? "";
    assert.match(text, /copyright|permission is hereby granted/i, name);
  }
  const { text } = contents();
  for (const name of ["LICENSE-APACHE", "LICENSE-MIT", "THIRD-PARTY-NOTICES"]) {
    assert.ok(text.split("\n").includes(name), name);
  }
});

test("an installed package stays within its budget", () => {
  const { unpacked } = contents();
  assert.ok(unpacked > 0 && unpacked <= UNPACKED_MAX, `${unpacked} bytes, over ${UNPACKED_MAX}`);
});

test("one version stands in the manifest, the workspace and the changelog", () => {
  const [, crate] = /^\[workspace\.package\]\nversion = "([^"]+)"$/m.exec(read("Cargo.toml")) ?? [];
  assert.equal(crate, manifest.version);
  const heading = /^## (\d+\.\d+\.\d+) - (unreleased|\d{4}-\d\d-\d\d)$/;
  const [top = ""] = /^## .*$/m.exec(read("CHANGELOG.md")) ?? [];
  assert.equal(heading.exec(top)?.[1], manifest.version);
  const { version, dependencies } = JSON.parse(read("www", "package.json"));
  assert.deepEqual([version, dependencies["issue-bulk"]], [manifest.version, manifest.version]);
});

test("npm would publish it, for everybody and with provenance, and nothing comes with it", () => {
  assert.deepEqual(manifest.publishConfig, { access: "public", provenance: true });
  assert.equal(manifest.dependencies, undefined);
  const pkg = join(ROOT, "pkg");
  const dry = capture("npm", ["publish", "--dry-run", "--ignore-scripts", "--json", pkg]);
  assert.ok(dry !== null, "npm publish --dry-run failed");
  assert.ok(dry.includes(`"issue-bulk@${manifest.version}"`));
});
