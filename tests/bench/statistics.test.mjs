import assert from "node:assert/strict";
import { test } from "node:test";
import { median, orderOf, spread } from "./statistics.mjs";

test("the median is the middle, whatever the order and whatever one sample does", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([10, 1, 2, 1_000_000]), 6);
  assert.equal(median([7]), 7);
  assert.throws(() => median([]), RangeError);
});

test("samples are compared as numbers and not as texts", () => {
  assert.equal(median([100, 9, 10]), 10);
});

test("a spread keeps the extremes", () => {
  assert.deepEqual(spread([2, 8, 5]), { median: 5, low: 2, high: 8, samples: 3 });
});

test("every other round is reversed", () => {
  assert.deepEqual(orderOf(["a", "b", "c"], 0), ["a", "b", "c"]);
  assert.deepEqual(orderOf(["a", "b", "c"], 1), ["c", "b", "a"]);
  assert.deepEqual(orderOf(["a", "b", "c"], 2), ["a", "b", "c"]);
});
