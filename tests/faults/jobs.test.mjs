// Groups F, H and J of the catalogue from Node, where no other test shows them already.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startIssueBulk } from "issue-bulk";
import { ids, what, withGateway } from "../../pkg/test/runs.mjs";

const service = withGateway();
const SLOW = Object.freeze({ batchSize: 10, concurrency: 2 });

test("61 a promotion that ends in the middle stops the run, the rest is unsent", async () => {
  const fault = { kind: "status", status: 400, code: 706 };
  await service.gateway.faults([{ when: { calls: [4, 5, 6, 7] }, fault }]);
  const job = startIssueBulk(what(ids(500)), service.where(SLOW));
  const report = await job.done;
  assert.equal(report.stopped?.code, "promotion-unusable");
  const { issued, unsent, unknown } = report.counts;
  assert.deepEqual([issued + unsent, unknown], [500, 0]);
  assert.equal((await service.gateway.summary()).issued, issued);
});

test("68 a cancel with calls in flight awaits them; none of them is unsent", async () => {
  await service.gateway.switches({ latencyMs: 100 });
  const job = startIssueBulk(what(ids(500)), service.where(SLOW));
  for await (const { inFlight } of job.progress) if (inFlight === 20) job.cancel();
  const report = await job.done;
  const account = await service.gateway.ids();
  for (const { customerId, outcome } of report) {
    assert.equal(outcome, account.has(customerId) ? "issued" : "unsent", customerId);
  }
  assert.ok(account.size >= 20);
});

test("84 twenty thousand batches, run after run: the core's memory stays flat", async () => {
  const script = fileURLToPath(new URL("support/leak-run.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  /** @type {{ batches: number, after: number[] }} core bytes after each run */
  const { batches, after } = JSON.parse(stdout);
  assert.equal(batches, 20_000);
  assert.equal(after.at(-1), after[4], String(after));
});
