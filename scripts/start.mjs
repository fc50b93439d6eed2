// npm start: the gateway and the page, ready to use.
//   npm start                           serve the page until Ctrl-C
//   npm start -- --port 9000            on another port; default 8787, wrangler's own
//   npm start -- --once customers.csv   issue to a file of customers, without a page

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { buildPackageAndGateway, buildPage } from "./build.mjs";
import { SAMPLE, startGateway } from "./gateway.mjs";
import { ROOT } from "./project.mjs";
import { isEnding, printFailure, stopAll, stopOnSignals } from "./run.mjs";
import { setUp } from "./setup.mjs";
import {
  DEV_VARS, operatorToken, startWorker, workerVariables, writeVariables,
} from "./worker.mjs";

/** The customers the gateway of `npm start` knows. */
const CUSTOMERS = join(ROOT, "tests", "data", "customers-10k.csv");

/**
 * Serve the page until a signal or until a part dies.
 *
 * @param {number} port
 * @returns {Promise<never>}
 */
async function serve(port) {
  const gateway = await startGateway(["--customers", CUSTOMERS]);
  const token = operatorToken();
  const origins = [`http://127.0.0.1:${port}`, `http://localhost:${port}`];
  writeVariables(DEV_VARS, workerVariables(gateway, { operatorToken: token, origins }));
  const worker = await startWorker({ port });
  console.log(`
Page            ${worker.url}
Operator token  ${token}
Promotion       ${SAMPLE.promotionId}
Sample file     tests/data/customers-10k.csv
Gateway         http://${gateway.http} (control: http://${gateway.control})
Ctrl-C stops everything.`);
  throw new Error(
    await Promise.race([
      gateway.ended.then((how) => `the gateway stopped: ${how}`),
      worker.ended.then((how) => `the Worker stopped: ${how}`),
    ]),
  );
}

/**
 * @param {string | undefined} text
 * @returns {number}
 */
function portOf(text = "8787") {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new Error(`--port takes a number from 1 to 65535, not ${text}`);
}

async function main() {
  const text = /** @type {const} */ ({ type: "string" });
  const options = { once: text, port: text };
  const { values } = parseArgs({ options });
  const port = portOf(values.port);
  // npm runs scripts at the root; names are meant from where the user is.
  const folder = process.env.INIT_CWD ?? process.cwd();
  const file = values.once === undefined ? null : resolve(folder, values.once);
  if (file !== null && !existsSync(file)) throw new Error(`there is no file ${values.once}`);
  await setUp();
  await buildPackageAndGateway();
  if (file !== null) {
    // The package does not exist before the line above.
    const { once } = await import("./once.mjs");
    await once(file, folder);
    return;
  }
  await buildPage();
  await serve(port);
}

stopOnSignals();
main()
  .catch((error) => {
    if (!isEnding()) printFailure(error);
    process.exitCode = 1;
  })
  .finally(stopAll);
