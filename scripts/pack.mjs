// The package as its users get it: packed, installed into a project outside this tree, and tested
// there by name, on the user's Node and on the newer one. The tests start gateways themselves.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { bun, deno, nodeOf } from "../tests/matrix/executables.mjs";
import { capture } from "./capture.mjs";
import { buildGateway } from "./gateway.mjs";
import { installPacked } from "./packed.mjs";
import { LOGS, NODE, NODE_NEWER, gatewayBinary } from "./project.mjs";
import { ended, launch, printFailure, stopAll, stopOnSignals } from "./run.mjs";

const LOG = join(LOGS, "pack.log");

/** They see nothing but the installed package, the gateway's binary and other runtimes. */
const TESTS = join("pkg", "test");

/**
 * Run the tests with one Node, what they print going to standard output.
 *
 * @param {string} executable
 * @param {string} folder
 * @param {string[]} files
 */
async function test(executable, folder, files) {
  const flags = ["--test", "--test-reporter=tap", "--test-concurrency=1"];
  const child = launch(executable, [...flags, ...files], {
    cwd: folder,
    stdin: "ignore",
    env: {
      ISSUE_BULK_GATEWAY: gatewayBinary(),
      ISSUE_BULK_BUN: bun(),
      ISSUE_BULK_DENO: deno(),
    },
  });
  child.stdout?.pipe(process.stdout, { end: false });
  child.stderr?.pipe(process.stderr, { end: false });
  const how = await ended(child);
  if (how !== "exit 0") throw new Error(`${capture(executable, ["--version"])}: ${how}`);
}

async function main() {
  rmSync(LOG, { force: true });
  await buildGateway(LOG);
  const folder = mkdtempSync(join(tmpdir(), "issue-bulk-packed-"));
  try {
    const files = await installPacked(folder, TESTS, LOG);
    for (const executable of [NODE, NODE_NEWER]) await test(executable, folder, files);
    // V8 of Node 22 has the fault of these tests, too; the rest of it is as in the other two.
    const aborts = files.filter((file) => basename(file) === "v8-abort.test.mjs");
    await test(await nodeOf(22, LOG), folder, aborts);
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
