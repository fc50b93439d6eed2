// npm run build: the gateway, the package and the page; what did not change is left as it is.

import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { buildIfChanged } from "./changed.mjs";
import { buildGateway } from "./gateway.mjs";
import { LOGS, NODE } from "./project.mjs";
import { printFailure, run, step, stopOnSignals } from "./run.mjs";
import { setUp } from "./setup.mjs";

/**
 * Build the gateway and the package, as far as something changed.
 *
 * @returns {Promise<void>}
 */
export async function buildPackageAndGateway() {
  const log = join(LOGS, "build.log");
  // Cargo itself looks what has changed.
  await step("build: gateway", () => buildGateway(log));
  await step("build: package", () =>
    buildIfChanged(PACKAGE, () => run(NODE, [join("pkg", "build.mjs")], { log })),
  );
}

/** What both builds depend on: tools, libraries, and the scripts that call them. */
const TOOLS = ["package-lock.json", "scripts"];

const PACKAGE = {
  name: "package",
  inputs: [...TOOLS, "src", "pkg", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"],
  outputs: ["core_bg.wasm", "main.js", "main.cjs", "cli.js"].map((name) => `pkg/dist/${name}`),
};

const PAGE = {
  name: "page",
  inputs: [...TOOLS, ...PACKAGE.outputs, "www/src", "www/build.mjs"],
  outputs: ["www/public/generated/page.js"],
};

/**
 * Build the page, if something changed.
 *
 * @returns {Promise<void>}
 */
export async function buildPage() {
  const log = join(LOGS, "build.log");
  await step("build: page", () =>
    buildIfChanged(PAGE, () => run(NODE, [join("www", "build.mjs")], { log })),
  );
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
