// The package as its users get it: packed, installed into a project outside this tree, and tested
// there by name, on the user's Node and on the newer one. The tests start gateways themselves.

import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { capture } from "./capture.mjs";
import { buildGateway } from "./gateway.mjs";
import { LOGS, NODE, NODE_NEWER, ROOT, gatewayBinary, testFiles } from "./project.mjs";
import { ended, launch, printFailure, run, stopAll, stopOnSignals } from "./run.mjs";

const LOG = join(LOGS, "pack.log");

/** They see nothing but the installed package and the gateway's binary. */
const TESTS = join("pkg", "test");

/**
 * Make the throw-away project.
 *
 * @param {string} folder
 * @returns {Promise<string[]>} its test files
 */
async function install(folder) {
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], {
    cwd: join(ROOT, "pkg"),
    log: LOG,
  });
  const tarball = capture("sh", ["-c", `ls ${folder}/*.tgz`]);
  if (tarball === null) throw new Error("npm pack made no file");
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  await run("npm", ["install", "--ignore-scripts", "--no-audit", tarball], {
    cwd: folder,
    log: LOG,
  });
  cpSync(join(ROOT, TESTS), folder, { recursive: true });
  const files = testFiles(TESTS).map((path) => join(folder, basename(path)));
  if (files.length === 0) throw new Error(`no test file in ${TESTS}`);
  return files;
}

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
    env: { ISSUE_BULK_GATEWAY: gatewayBinary() },
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
    const files = await install(folder);
    for (const executable of [NODE, NODE_NEWER]) await test(executable, folder, files);
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
