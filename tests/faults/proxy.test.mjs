// A run through a network that delays, slices, cuts and resets in both directions.

import assert from "node:assert/strict";
import { test } from "node:test";
import { issueBulk } from "issue-bulk";
import { balances, ids, what, withGateway } from "../../pkg/test/runs.mjs";
import { assertHonest } from "./support/judge.mjs";
import { printTable } from "./support/print.mjs";
import { startProxy } from "./support/proxy.mjs";

const service = withGateway();

const CUSTOMERS = 20_000;
const NEVER_STOP = Object.freeze({ ambiguousInRow: 100_000, failurePercent: 100 });

/** Everything that can happen, in both directions. */
const ALL = ["request", "answer"].flatMap((direction) =>
  ["delay", "slice", "cut", "reset"].map((action) => `${direction}: ${action}`),
);

/** @type {Set<string>} */
const happened = new Set();

for (const seed of [1, 2, 3]) {
  test(`50 bytes cut and reset anywhere, seed ${seed}: none lost, none twice`, async () => {
    const { gateway } = service;
    const proxy = await startProxy({ to: gateway.host, seed });
    try {
      const options = { host: proxy.host, batchSize: 50, stop: NEVER_STOP, seed };
      const report = await issueBulk(what(ids(CUSTOMERS)), service.where(options));
      await gateway.reached({ openCalls: 0 });
      const { counts } = report;
      assert.ok(balances(counts));
      const told = { counts, stopped: null, rows: [...report], csv: "" };
      const [account, issuances] = await Promise.all([gateway.ids(), gateway.issuances()]);
      assertHonest(told, { ids: account, issuances, calls: 0 }, { resends: false });
      assert.equal(counts.issued + counts.unknown, CUSTOMERS, JSON.stringify(counts));
      assert.ok(counts.unknown > 0 && counts.issued > CUSTOMERS / 2, JSON.stringify(counts));
      printTable(ALL, [ALL.map((what) => proxy.happened.get(what) ?? 0)]);
      for (const what of proxy.happened.keys()) happened.add(what);
    } finally {
      await proxy.stop();
    }
  });
}

test("50 every way of cutting happened in one of these runs", () => {
  // How often each happens depends on how connections take turns, which no seed decides.
  for (const what of ALL) assert.ok(happened.has(what), `no ${what}: other seeds`);
});
