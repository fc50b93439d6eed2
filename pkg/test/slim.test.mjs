// The entry without the wasm, in a process where nothing else has started the core.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as slim from "issue-bulk/slim";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway();

test("slim is started from what it is given, after failures and more than once", async () => {
  const notReady = { name: "IssueBulkError", code: "core-not-ready" };
  assert.throws(() => slim.version(), notReady);
  assert.throws(() => slim.startIssueBulk(what(ids(1)), service.where()), notReady);
  await assert.rejects(slim.issueBulk(what(ids(1)), service.where()), notReady);
  await assert.rejects(slim.init(new Uint8Array(8)), (/** @type {any} */ error) => {
    assert.equal(error.code, "core-not-ready");
    return error.cause instanceof WebAssembly.CompileError;
  });
  assert.throws(() => slim.initSync(new Uint8Array(8)), notReady);

  const bytes = readFileSync(fileURLToPath(import.meta.resolve("issue-bulk/wasm")));
  const response = new Response(bytes, { headers: { "content-type": "application/wasm" } });
  await Promise.all([slim.init(Promise.resolve(response)), slim.init(bytes)]);
  await slim.init(new WebAssembly.Module(bytes));
  slim.initSync(bytes);

  const report = await slim.issueBulk(what(ids(1_000)), service.where({ batchSize: 100 }));
  assert.equal(report.counts.issued, 1_000);
});
