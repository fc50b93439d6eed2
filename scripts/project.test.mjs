import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { CUSTOMERS, make } from "../tests/data/make.mjs";
import { faults } from "./files.mjs";
import { ROOT, TOOLS, environment, lockedVersion, testFiles, toolchain } from "./project.mjs";

test("the toolchain file is read with its lists", () => {
  const text = '[toolchain]\nchannel = "1.2.3"\ntargets = ["a", "b"]\n';
  assert.deepEqual(toolchain(text), { channel: "1.2.3", components: [], targets: ["a", "b"] });
  assert.throws(() => toolchain("[toolchain]\n"), /names no channel/);
});

test("a crate version comes from the lock file, by its whole name", () => {
  const entry = (/** @type {string} */ name, /** @type {string} */ version) =>
    `[[package]]\nname = "${name}"\nversion = "${version}"\n\n`;
  const lock = `\n${entry("wasm-bindgen-test", "9")}${entry("wasm-bindgen", "2")}`;
  assert.equal(lockedVersion("wasm-bindgen", lock), "2");
  assert.throws(() => lockedVersion("bindgen", lock), /names no bindgen/);
});

test("children find this checkout's tools first and no node_modules/.bin", () => {
  const before = process.env.PATH;
  process.env.PATH = [join("/a", "node_modules", ".bin"), "/b"].join(delimiter);
  try {
    const path = environment({ MORE: "1" }).PATH?.split(delimiter);
    assert.deepEqual(path, [join(TOOLS, "bin"), "/b"]);
  } finally {
    process.env.PATH = before;
  }
});

test("test files are found by name, and a missing folder holds none", () => {
  assert.ok(testFiles("scripts").includes(join(ROOT, "scripts", "project.test.mjs")));
  assert.deepEqual(testFiles("no-such-folder"), []);
});

test("the sample customers are what the generator makes: distinct, exact, all there", () => {
  const text = readFileSync(join(ROOT, "tests", "data", "customers-10k.csv"), "utf8");
  assert.equal(text, make());
  const ids = text.trimEnd().split("\n").slice(1).map((line) => line.slice(0, line.indexOf(",")));
  assert.equal(ids.length, CUSTOMERS);
  assert.equal(new Set(ids).size, CUSTOMERS);
  for (const id of ids) {
    assert.match(id, /^[1-9]\d{8,18}$/);
    assert.ok(BigInt(id) <= 9_223_372_036_854_775_807n, id);
  }
  assert.ok(ids.includes("9007199254740993") && ids.includes("9223372036854775807"));
});

test("a file over a bound is named with the line", () => {
  assert.deepEqual(faults("a.rs", `${"x".repeat(100)}\n${"y".repeat(101)}\n`), [
    "a.rs:2: over 100 columns",
  ]);
  assert.deepEqual(faults("b.rs", "x\n".repeat(501)), ["b.rs: 501 lines"]);
  assert.deepEqual(faults("c.rs", "x\n".repeat(500)), []);
});
