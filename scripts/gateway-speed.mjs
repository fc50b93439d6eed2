// Shows that the gateway is never the bottleneck of a measurement: ids per second on one core,
// with its account on disk and in bench mode. The bars are far below what a quiet machine reaches,
// so that only a real loss of speed trips them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { capture } from "./capture.mjs";
import { buildGateway, startGateway } from "./gateway.mjs";
import { LOGS, targetDirectory } from "./project.mjs";
import { printFailure, run, stopAll, stopOnSignals } from "./run.mjs";

const LOG = join(LOGS, "gateway-speed.log");

/**
 * @typedef {object} Mode
 * @property {string} name
 * @property {(folder: string) => string[]} flags
 * @property {number} calls of 1,000 ids
 * @property {number} bar ids per second
 */

const onDisk = (/** @type {string} */ folder) => ["--account", join(folder, "account.db")];

/** @type {Mode[]} */
const MODES = [
  { name: "account on disk", flags: onDisk, calls: 600, bar: 50_000 },
  { name: "bench mode", flags: () => ["--bench"], calls: 2_400, bar: 500_000 },
];

/**
 * @param {Mode} mode
 * @param {string} folder
 * @returns {Promise<number>} ids per second
 */
async function measure({ flags, calls }, folder) {
  const pinned = capture("taskset", ["--version"]) === null ? [] : ["taskset", "-c", "0"];
  const gateway = await startGateway(flags(folder), pinned);
  const load = join(targetDirectory(), "release", "examples", "load");
  const printed = capture(load, ["--http", gateway.http, "--calls", String(calls)]);
  await gateway.stop();
  const rate = /: (\d+) ids\/s/.exec(printed ?? "")?.[1];
  if (rate === undefined) throw new Error(`the load tool failed: ${printed}`);
  return Number(rate);
}

async function main() {
  await buildGateway(LOG);
  const example = ["build", "--release", "-p", "issue-bulk-gateway", "--example", "load"];
  await run("cargo", example, { log: LOG });
  const folder = mkdtempSync(join(tmpdir(), "issue-bulk-speed-"));
  try {
    for (const mode of MODES) {
      const rate = await measure(mode, folder);
      console.log(`${mode.name}: ${rate} ids/s on one core, bar ${mode.bar}`);
      if (rate < mode.bar) process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

stopOnSignals();
main()
  .catch((error) => {
    printFailure(error);
    process.exitCode = 1;
  })
  .finally(stopAll);
