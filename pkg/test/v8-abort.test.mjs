// Reading outcomes never aborts the process. Built with reference types, V8 of Node 20 and 22 died
// in the middle of a run (SIGTRAP, exit 133): see the flags of the build.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const SCRIPT = fileURLToPath(new URL("v8-abort-run.mjs", import.meta.url));

/** The abort depends on when the optimiser gets to the loop. */
const TIMES = 20;

const PROGRAMS = /** @type {const} */ ([
  ["rows", 30_000],
  ["outcomes", 400_000],
  ["runs", 2_000],
]);

for (const [name, count] of PROGRAMS) {
  test(`${name}: ${TIMES} processes of ${count} end well`, async () => {
    const sums = new Set();
    for (let time = 0; time < TIMES; time += 1) {
      const args = [SCRIPT, name, String(count)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      sums.add(JSON.parse(stdout).sum);
    }
    assert.equal(sums.size, 1);
    assert.ok([...sums][0] > 0);
  });
}
