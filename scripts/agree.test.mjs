import assert from "node:assert/strict";
import { test } from "node:test";
import { disagreements } from "./agree.mjs";

/**
 * @param {string} outcome
 * @param {number} issued
 */
const one = (outcome, issued) =>
  disagreements([{ customerId: "7", outcome }], [{ id: "7", issued }]);

test("an outcome agrees only with what it promises", async () => {
  const table = /** @type {const} */ ([
    ["issued", [false, true, false]],
    ["unknown", [true, true, false]],
    ["rejected", [true, false, false]],
    ["unsent", [true, false, false]],
  ]);
  for (const [outcome, agrees] of table) {
    for (const [times, agreed] of agrees.entries()) {
      const found = await one(outcome, times);
      assert.equal(found.length === 0, agreed, `${outcome}, issued ${times} times`);
    }
  }
});

test("an id that one side lacks is noticed", async () => {
  const missing = await disagreements([{ customerId: "7", outcome: "issued" }], []);
  assert.deepEqual(missing, ["7 is issued, issued 0 times"]);
  const extra = await disagreements([], [{ id: "8", issued: 1 }, { id: "9", issued: 0 }]);
  assert.deepEqual(extra, ["8 is not in the report, issued 1 times"]);
});

test("ids are compared digit for digit", async () => {
  const found = await disagreements(
    [{ customerId: "9007199254740993", outcome: "issued" }],
    [{ id: "9007199254740992", issued: 1 }],
  );
  assert.equal(found.length, 2);
});
