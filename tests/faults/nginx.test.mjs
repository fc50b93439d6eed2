// A real rate limiter that nobody wrote for this test: nginx with limit_req and status 429.

import assert from "node:assert/strict";
import { test } from "node:test";
import { issueBulk } from "issue-bulk";
import { ids, what, withGateway } from "../../pkg/test/runs.mjs";
import { startNginx } from "./support/nginx.mjs";
import { printTable } from "./support/print.mjs";

const PER_SECOND = 40;
const CALLS = 100;

const service = withGateway();

/**
 * A run of 100 calls; how many more it took, and how fast those came that were let through.
 *
 * @param {string} host
 * @param {object} options
 */
async function run(host, options) {
  await service.gateway.reset();
  const customers = ids(CALLS * 10);
  const given = { ...options, host, batchSize: 10, seed: 3 };
  const report = await issueBulk(what(customers), service.where(given));
  const { issued, attempts, elapsedMs } = report.counts;
  assert.equal(report.stopped, null, JSON.stringify(report));
  assert.equal(issued, customers.length);
  const account = await service.gateway.ids();
  assert.equal(account.size, customers.length);
  for (const [id, one] of account) assert.deepEqual([one.arrivals, one.issued], [1, 1], id);
  return { refused: attempts - CALLS, perSecond: (CALLS * 1_000) / elapsedMs };
}

/** @param {string} host */
async function runAll(host) {
  const perMinute = PER_SECOND * 60;
  return {
    free: await run(host, {}),
    paced: await run(host, { rate: { perMinute: perMinute * 0.9 } }),
    eager: await run(host, { rate: { perMinute: perMinute * 4 } }),
  };
}

test("33 a run through nginx that answers 429 completes, and nothing is sent twice", async () => {
  const nginx = await startNginx({ service: service.gateway.host, perSecond: PER_SECOND });
  try {
    const { free, paced, eager } = await runAll(nginx.host);
    const rows = Object.entries({ none: free, "0.9 of the limit": paced, "4 times it": eager });
    printTable(
      ["rate asked for", "refused with 429", "calls/s let through"],
      rows.map(([name, { refused, perSecond }]) => [name, refused, perSecond.toFixed(1)]),
    );
    assert.ok(free.refused > 0, "nginx refused nothing: the limit was not met");
    assert.ok(free.refused <= CALLS / 2, `${free.refused} refusals: the run does not adapt`);
    // One, where a busy machine lets calls arrive together that left apart.
    assert.ok(paced.refused <= 1, `${paced.refused} refusals below the limit`);
    assert.ok(eager.refused > 0 && eager.refused <= CALLS / 2, `${eager.refused} refusals`);
  } finally {
    await nginx.stop();
  }
});
