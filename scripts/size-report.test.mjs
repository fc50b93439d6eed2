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
    "code[570]": "imports, exports and types",
    "import ./core_bg.js::__wbg_new_1": "imports, exports and types",
    recovery_feed: "issue-bulk: exports of recovery",
    "core::ptr::drop_in_place<alloc::rc::Rc<issue_bulk::wasm::driver::Driver>>": "issue-bulk: wasm",
    "core::ptr::drop_in_place<alloc::rc::Rc<js_sys::futures::Inner>>": "crate js_sys",
    "<alloc::string::String as serde_core::de::Deserialize>::deserialize": "crate serde_core",
    "serde_core::ser::impls::<impl serde_core::ser::Serialize for &T>::serialize":
      "crate serde_core",
    "<&serde_wasm_bindgen::ser::Serializer as serde_core::ser::Serializer>::serialize_u64":
      "crate serde_wasm_bindgen",
    "httpdate::parse_http_date::hfaf05f15a5714fce": "crate httpdate",
    "<u64 as core[c5930c85a12de822]::fmt::Display>::fmt": "crate core",
    "<hashbrown[5e619d7d1129c59f]::raw::TableLayout>::calculate_layout_for": "crate hashbrown",
    "<str>::trim_ascii": "crate core",
    memcmp: "crate core",
    __wbindgen_start: "the rest of the wasm",
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
