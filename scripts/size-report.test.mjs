import assert from "node:assert/strict";
import { test } from "node:test";
import { byPart, partOf } from "./size-report.mjs";

test("every item of a wasm belongs to one part", () => {
  const parts = {
    "issue_bulk::response::walk::Walker::walk::h7877e01a4297a310": "issue-bulk: response",
    "<issue_bulk::job::Job as core::fmt::Debug>::fmt::h7877e01a4297a310": "issue-bulk: job",
    "<issue_bulk[c5930c85a12de822]::ledger::Ledger>::at": "issue-bulk: ledger",
    "input_summary externref shim": "issue-bulk: wasm",
    'data segment ".rodata.3"': "constants",
    "core[c5930c85a12de822]::str::converts::from_utf8": "crate core",
    "<alloc::string::String as core::clone::Clone>::clone::h84": "crate alloc",
    "code[570]": "the rest of the wasm",
  };
  for (const [name, part] of Object.entries(parts)) assert.equal(partOf(name), part);
});

test("parts are summed, the largest first", () => {
  const items = [
    { name: "issue_bulk::job::a", bytes: 3 },
    { name: 'data segment "x"', bytes: 4 },
    { name: "issue_bulk::job::b", bytes: 2 },
  ];
  assert.deepEqual(byPart(items), [
    { name: "issue-bulk: job", bytes: 5 },
    { name: "constants", bytes: 4 },
  ]);
});
