// Every fault against real things: the tests of `tests/faults` on the packed package.
//   node scripts/faults.mjs                 all of them
//   node scripts/faults.mjs node workerd    those files alone

import { mkdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { buildGateway } from "./gateway.mjs";
import { installPacked } from "./packed.mjs";
import { LOGS, NODE, ROOT, gatewayBinary } from "./project.mjs";
import { ended, launch, printFailure, stopAll, stopOnSignals } from "./run.mjs";

const LOG = join(LOGS, "faults-install.log");

/**
 * As deep in the checkout as the tests themselves, so that they find the tools of the checkout as
 * before, and the package in a `node_modules` of their own.
 */
const FOLDER = join(ROOT, "target", "faults");

async function main() {
  rmSync(LOG, { force: true });
  await buildGateway(LOG);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const all = await installPacked(FOLDER, join("tests", "faults"), LOG);
  const names = process.argv.slice(2).map((name) => `${name}.test.mjs`);
  const files = all.filter((path) => names.length === 0 || names.includes(basename(path)));
  if (files.length < Math.max(names.length, 1)) throw new Error(`not in tests/faults: ${names}`);
  const flags = ["--test", "--test-reporter=tap", "--test-concurrency=1"];
  const child = launch(NODE, [...flags, ...files], {
    stdin: "ignore",
    env: { ISSUE_BULK_GATEWAY: gatewayBinary() },
  });
  child.stdout?.pipe(process.stdout, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  const how = await ended(child);
  if (how !== "exit 0") throw new Error(how);
}

stopOnSignals();
main()
  .catch((error) => {
    printFailure(error);
    process.exitCode = 1;
  })
  .finally(stopAll);
