// What a terminal is shown.

import assert from "node:assert/strict";
import { test } from "node:test";
import { count, counted, jsonLine, printable, size, span, table } from "../text.js";

test("nothing that a terminal obeys or hides comes through", () => {
  const foreign = "a\u001b[31m\u0007\r\n\u009b\u202e\u200b\u{e0041}\ud800b";
  const shown = printable(foreign);
  assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Cs}]/u);
  assert.equal(printable("\u001b[2J"), "\\u{1b}[2J");
  assert.equal(printable("Köln, 東京 🎁"), "Köln, 東京 🎁");
  const line = jsonLine({ foreign });
  assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}]/u);
  assert.deepEqual(JSON.parse(line), { foreign });
});

test("numbers, spans and sizes are written for people", () => {
  assert.equal(count(1234567), "1,234,567");
  assert.equal(counted(1, "call"), "1 call");
  assert.equal(counted(2_000, "call"), "2,000 calls");
  const spans = [0, 3_449, 9_949, 59_400, 59_600, 185_000, 3_723_000, 7_384_000].map(span);
  const words = ["0.0 s", "3.4 s", "9.9 s", "59 s", "1:00", "3:05", "1:02:03", "2:03:04"];
  assert.deepEqual(spans, words);
  assert.deepEqual([7, 1_500, 2_500_000].map(size), ["7 bytes", "1.5 kB", "2.5 MB"]);
  assert.deepEqual(table([["a", "1"], ["bcd", "2"]]), ["a    1", "bcd  2"]);
});
