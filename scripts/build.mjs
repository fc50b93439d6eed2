// npm run build: the package, the gateway, and the page when it has a build step of its own.

import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { buildGateway } from "./gateway.mjs";
import { LOGS, NODE, ROOT } from "./project.mjs";
import { printFailure, run, step, stopOnSignals } from "./run.mjs";
import { setUp } from "./setup.mjs";

/**
 * Build the gateway and the package.
 *
 * @returns {Promise<void>}
 */
export async function buildPackageAndGateway() {
  const log = join(LOGS, "build.log");
  await step("build: gateway", () => buildGateway(log));
  await step("build: package", () => run(NODE, [join("pkg", "build.mjs")], { log }));
}

/**
 * Build the page.
 *
 * @returns {Promise<void>}
 */
export async function buildPage() {
  const script = join("www", "build.mjs");
  if (!existsSync(join(ROOT, script))) return;
  await step("build: page", () => run(NODE, [script], { log: join(LOGS, "build.log") }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  stopOnSignals();
  setUp()
    .then(buildPackageAndGateway)
    .then(buildPage)
    .catch((error) => {
      printFailure(error);
      process.exitCode = 1;
    });
}
