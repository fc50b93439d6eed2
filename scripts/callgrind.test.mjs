import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "./callgrind.mjs";

test("a case that takes over two in a hundred more instructions is a loss", () => {
  assert.deepEqual(judge("a", 1_019, 1_000), {
    ok: true,
    line: "a: 1019 instructions, +1.9 %, within",
  });
  assert.deepEqual(judge("a", 1_021, 1_000), {
    ok: false,
    line: "a: 1021 instructions, +2.1 %, OVER",
  });
  assert.equal(judge("a", Infinity, 1_000).ok, false);
});

test("a gain is no failure, and says how to keep it", () => {
  const { ok, line } = judge("a", 900, 1_000);
  assert.equal(ok, true);
  assert.match(line, /-10\.0 %, within; .*--update/);
});
