import assert from "node:assert/strict";
import { test } from "node:test";
import { Cases, bars, judged, shortfall } from "./bars.mjs";
import {
  MEMORY_DRAINED, MEMORY_MANY, MEMORY_TRUSTED, OURS, TWIN, answersName, wireName,
} from "./suite.mjs";

/**
 * @param {string} name
 * @param {Record<string, number>} medians
 * @param {Record<string, number>} [more] other figures of every subject
 * @returns {import("./processes.mjs").Result}
 */
function result(name, medians, more = {}) {
  const subjects = Object.entries(medians).map(([subject, median]) => {
    const figures = { median, low: median, high: median, samples: 1, wrong: 0, checked: 0 };
    return [subject, { ...figures, more }];
  });
  return { name, group: "group", unit: "ns", subjects: Object.fromEntries(subjects) };
}

test("a bar holds at its very value, from the right side", () => {
  assert.equal(judged("at least", "speed", 11, 11).holds, true);
  assert.equal(judged("at least", "speed", 10.99, 11).holds, false);
  assert.equal(judged("at most", "bytes", 60, 60).holds, true);
  assert.equal(judged("at most", "bytes", 60.01, 60).holds, false);
});

test("what was not measured does not hold, and says so", () => {
  const bar = judged("at most", "bytes", null, 60, { note: "no way to drain" });
  assert.equal(bar.holds, false);
  assert.equal(shortfall(bar), "not measured: no way to drain");
});

test("a bar that does not hold says by how much", () => {
  assert.equal(shortfall(judged("at least", "speed", 9.9, 11)), "10 % short");
  assert.equal(shortfall(judged("at most", "bytes", 61, 60)), "1.7 % over");
  assert.equal(shortfall(judged("at least", "speed", 12, 11)), "");
});

test("ratios are of medians, and null without both sides", () => {
  const cases = new Cases([result("a", { [OURS]: 50, [TWIN]: 600 })]);
  assert.equal(cases.ratio("a", TWIN), 12);
  assert.equal(cases.ratio("a", OURS, TWIN), 1 / 12);
  assert.equal(cases.ratio("a", "nobody"), null);
  assert.equal(cases.ratio("b", TWIN), null);
});

test("the bars of a run are computed from its cases", () => {
  const found = bars([
    result(answersName("documented", 1_000, 18), { [OURS]: 100, [TWIN]: 1_200 }),
    result(answersName("pretty", 10_000, 9), { [OURS]: 100, [TWIN]: 900 }),
    result(answersName("pretty", 1_000, 9), { [OURS]: 100, [TWIN]: 700 }),
    result(wireName(1_000, 6), {
      [OURS]: 1_100,
      "fetch + p-limit": 2_200,
      "fetch, bodies discarded": 1_000,
    }),
    result(MEMORY_MANY, { [OURS]: 50 }, { after: 40 }),
    result(MEMORY_DRAINED, { [OURS]: 29 }),
    result(MEMORY_TRUSTED, { [OURS]: 8.1 }, { peakMB: 81 }),
  ]);
  const value = (/** @type {string} */ name) => found.find((bar) => bar.name === name)?.value;
  assert.equal(value(answersName("documented", 1_000, 18)), 12);
  // The worse of the two sizes.
  assert.equal(value("answers, pretty"), 7);
  assert.equal(value("end to end over fetch, CPU of the loop"), 0.5);
  assert.ok(Math.abs(Number(value("end to end, CPU added to fetch and discard")) - 10) < 1e-9);
  assert.equal(value("intake, fastest CSV package"), null);
  assert.equal(value("memory, kept, after"), 40);
  assert.equal(value("memory, drained, at the peak"), 29);
  // All of it, not for each id.
  assert.equal(value("memory, drained, dedupe: false"), 81);
});

test("no two bars have one name", () => {
  const names = bars([]).map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
