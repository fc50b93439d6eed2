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

/** Columns of 1,000 ids take less than a tenth of a MiB, the core at rest little over one. */
const CORE_BYTES_MAX = 3 * MIB;

/**
 * A Node process with `fetch` takes 75 MiB at rest and up to 130 with the garbage of a fast
 * download, as much as a loop that discards what it reads.
 */
const PROCESS_BYTES_MAX = 200 * MIB;

/**
 * A run against answers of this size, in a process of its own, since the heap of this one would
 * hide what it takes.
 *
 * @param {number} bytes of each answer: white space beside its 1,000 entries
 * @param {{ count: number, responseBytesMax?: number }} run ids, and options
 * @returns {Promise<{ counts: any, reasons: string[], coreBytes: number, processBytes: number }>}
 */
async function runWithAnswersOf(bytes, run) {
  await service.gateway.faults([{ fault: { kind: "oversized", bytes } }]);
  const script = fileURLToPath(new URL("memory-run.mjs", import.meta.url));
  const settings = JSON.stringify({ host: service.gateway.host, ...run });
  const { stdout } = await promisify(execFile)(process.execPath, [script, settings]);
  return JSON.parse(stdout);
}

test("one answer of 100 MB leaves nothing but its columns behind", async () => {
  const { counts, coreBytes, processBytes } = await runWithAnswersOf(100 * MIB, {
    count: 1_000,
    responseBytesMax: 128 * MIB,
  });
  assert.equal(counts.issued, 1_000);
  assert.ok(counts.bytesReceived >= 100 * MIB, String(counts.bytesReceived));
  assert.ok(coreBytes < CORE_BYTES_MAX, `the core took ${coreBytes} bytes`);
  assert.ok(processBytes < PROCESS_BYTES_MAX, `the process took ${processBytes} bytes`);
});

test("an answer beyond the cap is dropped there, its ids unknown", async () => {
  const { counts, reasons, ...taken } = await runWithAnswersOf(100 * MIB, { count: 1_000 });
  assert.deepEqual([counts.unknown, reasons], [1_000, ["oversized-body"]]);
  assert.ok(taken.coreBytes < CORE_BYTES_MAX, `the core took ${taken.coreBytes} bytes`);
  assert.ok(taken.processBytes < PROCESS_BYTES_MAX, `the process took ${taken.processBytes} bytes`);
});
