import assert from "node:assert/strict";
import { test } from "node:test";
import { count, judge } from "./counts.mjs";

const CARGO = `
running 3 tests
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
test result: FAILED. 4 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.1s
`;

const NODE = `TAP version 13
# tests 9
# suites 1
# pass 5
# fail 1
# cancelled 1
# skipped 1
# todo 1
`;

test("cargo: summaries add up and an ignored test is a failed one", () => {
  assert.deepEqual(count("cargo", CARGO), { passed: 7, failed: 3 });
});

test("node: cancelled, skipped and todo tests are failed ones", () => {
  assert.deepEqual(count("node", NODE), { passed: 5, failed: 4 });
});

test("node: two runs in one log add up", () => {
  assert.deepEqual(count("node", "# pass 2\n# fail 0\n# pass 3\n# fail 0\n").passed, 5);
});

test("a suite without a count is one test", () => {
  assert.deepEqual(judge({ format: undefined, log: "", ok: true }), { passed: 1, failed: 0 });
  assert.deepEqual(judge({ format: undefined, log: "", ok: false }), { passed: 0, failed: 1 });
});

test("a suite that ran no test has failed", () => {
  assert.deepEqual(judge({ format: "cargo", log: "", ok: true }), { passed: 0, failed: 1 });
});

test("a command that failed is a failure even when every test it counted passed", () => {
  assert.deepEqual(judge({ format: "node", log: "# pass 5\n", ok: false }), {
    passed: 5,
    failed: 1,
  });
});

test("a clean suite keeps its counts", () => {
  assert.deepEqual(judge({ format: "node", log: "# pass 5\n# fail 0\n", ok: true }), {
    passed: 5,
    failed: 0,
  });
});
