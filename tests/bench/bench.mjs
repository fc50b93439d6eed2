// npm run bench: the package against everything a user would write instead.
//   npm run bench                              everything, about an hour
//   npm run bench -- --quick --json FILE       every bar, some ten minutes on two quiet cores
//   npm run bench -- --only answers,wire       some groups; the bars of others are not measured
//   npm run bench -- --tiny                    whether it works; its figures mean nothing

import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { buildPackageAndGateway } from "../../scripts/build.mjs";
import { capture } from "../../scripts/capture.mjs";
import { SAMPLE, startGateway } from "../../scripts/gateway.mjs";
import { LOGS, targetDirectory } from "../../scripts/project.mjs";
import { printFailure, step, stopAll, stopOnSignals } from "../../scripts/run.mjs";
import { setUp } from "../../scripts/setup.mjs";
import { makeCore } from "../../scripts/wasm.mjs";
import { bars } from "./bars.mjs";
import { bytesShipped } from "./bytes.mjs";
import { machine } from "./machine.mjs";
import { markdown } from "./markdown.mjs";
import { runCase } from "./processes.mjs";
import { alone, amountsOf, exactness, wire } from "./suite.mjs";

/** @typedef {import("./processes.mjs").Result} Result */
/** @typedef {import("./processes.mjs").Case} Case */
/** @typedef {import("./suite.mjs").Service} Service */
/** @typedef {import("./suite.mjs").Size} Size */

const LOG = join(LOGS, "bench.log");

/** The core with its reader exported, beside the other things that are built. */
const CORE = join(targetDirectory(), "bench");

/** @param {Size} size `tiny` is for `npm test`, which has installed and built the rest before */
async function prepare(size) {
  if (size !== "tiny") {
    await setUp({ programs: true, peers: true });
    await buildPackageAndGateway();
  }
  mkdirSync(CORE, { recursive: true });
  const core = { folder: CORE, log: LOG, crate: "issue-bulk-bench-core" };
  await step("bench: core with its reader exported", () => makeCore(core));
}

/**
 * Run the cases that send, each against a gateway of its own, which has one core for itself where
 * the system can give it one.
 *
 * @param {string[]} flags of the gateway
 * @param {(service: Service) => Case[]} casesOf
 * @param {(wanted: Case) => boolean} isWanted
 * @returns {Promise<Result[]>}
 */
async function againstGateway(flags, casesOf, isWanted) {
  const pinned = capture("taskset", ["--version"]) === null ? [] : ["taskset", "-c", "0"];
  const gateway = await startGateway(flags, pinned);
  const passwordMd5 = createHash("md5").update(SAMPLE.password).digest("hex");
  const where = { origin: `http://${gateway.http}`, control: `http://${gateway.control}` };
  const results = [];
  for (const one of casesOf({ ...where, ...SAMPLE, passwordMd5 }).filter(isWanted)) {
    results.push(await runCase(one));
  }
  await gateway.stop();
  return results;
}

/**
 * @param {Size} size
 * @param {string[] | null} groups null for all
 * @returns {Promise<Result[]>}
 */
async function measure(size, groups) {
  const isWanted = ({ group = "" }) => groups === null || groups.includes(group);
  const results = [];
  for (const one of alone(size, CORE).filter(isWanted)) results.push(await runCase(one));
  const amounts = amountsOf(size);
  const inBenchMode = await againstGateway(
    ["--bench"],
    (service) => wire(amounts, size, service),
    isWanted,
  );
  results.push(...inBenchMode);
  results.push(...(await againstGateway([], (service) => [exactness(service)], isWanted)));
  if (isWanted({ group: "bytes" })) results.push(await bytesShipped());
  return results;
}

async function main() {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      tiny: { type: "boolean", default: false },
      json: { type: "string" },
      only: { type: "string" },
    },
  });
  const size = values.tiny ? "tiny" : values.quick ? "quick" : "full";
  await prepare(size);
  const begin = performance.now();
  const cases = await measure(size, values.only?.split(",") ?? null);
  const minutes = (performance.now() - begin) / 60_000;
  const result = { machine: machine(), size, minutes, bars: bars(cases), cases };
  console.log(markdown(result));
  // npm starts a script at the root of the checkout, wherever its user stands.
  const from = process.env.INIT_CWD ?? process.cwd();
  if (values.json === undefined) return;
  writeFileSync(resolve(from, values.json), `${JSON.stringify(result, null, 2)}\n`);
}

stopOnSignals();
main()
  .catch((error) => {
    printFailure(error);
    process.exitCode = 1;
  })
  .finally(stopAll);
