import assert from "node:assert/strict";
import { test } from "node:test";
import { idAt, placeOf } from "./data/ids.mjs";
import { isIssuanceOf, issuanceOf } from "./data/service.mjs";

test("the place of an id is found without a list", () => {
  for (const at of [0, 1, 999, 123_456, 9_999_999, 899_999_999]) {
    assert.equal(placeOf(idAt(at, 9)), at);
  }
});

test("an issuance is that of its customer and of no other", () => {
  const id = idAt(5, 9);
  assert.ok(isIssuanceOf(issuanceOf(id), id));
  for (const other of [issuanceOf(idAt(6, 9)), issuanceOf(`1${id}`), id, `1${id}`]) {
    assert.ok(!isIssuanceOf(other, id), other);
  }
});
