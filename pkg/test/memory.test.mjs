// An answer of 100 MB really streams: the memory of a run is that of its columns, not its text.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withGateway } from "./runs.mjs";

const service = withGateway(["--bench"]);
const MIB = 1 << 20;

/**
 * A run in a process of its own, since the heap of this one hides what a run takes.
 *
 * @param {object} settings
 * @returns {Promise<{ counts: any, reasons: string[], grownBytes: number }>}
 */
async function runAlone(settings) {
  const script = fileURLToPath(new URL("memory-run.mjs", import.meta.url));
  const args = ["--expose-gc", script, JSON.stringify({ host: service.gateway.host, ...settings })];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

test("100 MB of answers leave their columns behind", async () => {
  // Five calls of 1,000 ids, each with 20 MB of white space around its entries.
  await service.gateway.faults([{ fault: { kind: "oversized", bytes: 20 * MIB } }]);
  const { counts, grownBytes } = await runAlone({ count: 5_000, concurrency: 1 });
  assert.equal(counts.issued, 5_000);
  assert.ok(counts.bytesReceived >= 100 * MIB, String(counts.bytesReceived));
  assert.ok(grownBytes < 40 * MIB, `grew by ${Math.round(grownBytes / MIB)} MiB`);
});

test("one answer of 100 MB is dropped at the cap, its ids unknown", async () => {
  await service.gateway.faults([{ fault: { kind: "oversized", bytes: 100 * MIB } }]);
  const { counts, reasons, grownBytes } = await runAlone({ count: 1_000, concurrency: 1 });
  assert.deepEqual([counts.unknown, reasons], [1_000, ["oversized-body"]]);
  assert.ok(grownBytes < 40 * MIB, `grew by ${Math.round(grownBytes / MIB)} MiB`);
});
