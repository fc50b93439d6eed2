// Every case of the catalogue has a test, and every test that is named for one is there.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ROOT } from "../../scripts/project.mjs";
import { CASES, ELSEWHERE } from "./catalogue.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));

/** The beginning of a test's name, as an argument, a property or the first cell of a row. */
const NAME = /(?:test\(|name: |\[\s*)["`](\d\d?) (?=[\w$])/g;

/** The cases that the names of tests in this folder begin with. */
function casesHere() {
  const files = readdirSync(HERE, { recursive: true, encoding: "utf8" }).filter(
    (name) => name.endsWith(".mjs") && !name.includes("node_modules"),
  );
  const found = new Set();
  for (const name of files) {
    const text = readFileSync(join(HERE, name), "utf8");
    for (const [, number] of text.matchAll(NAME)) found.add(Number(number));
  }
  return found;
}

test("every case of the catalogue is shown here or by a named test elsewhere", () => {
  const here = casesHere();
  const missing = CASES.filter((number) => !here.has(number) && !(number in ELSEWHERE));
  assert.deepEqual(missing, []);
  const twice = Object.keys(ELSEWHERE).filter((number) => here.has(Number(number)));
  assert.deepEqual(twice, [], "shown here: it needs no place in the table");
});

for (const [number, [file, name]] of Object.entries(ELSEWHERE)) {
  test(`${number} is shown by ${file}: ${name}`, () => {
    const text = readFileSync(join(ROOT, file), "utf8");
    assert.ok(text.includes(name), `${file} has no test of this name any more`);
  });
}
