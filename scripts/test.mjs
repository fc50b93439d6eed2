// npm test: install what is missing, run every suite, print one line for each and a total.
//   npm test                       all suites
//   npm test -- format native      only these

import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { judge } from "./counts.mjs";
import { LOGS } from "./project.mjs";
import { printFailure, run, seconds, stopAll, stopOnSignals } from "./run.mjs";
import { setUp } from "./setup.mjs";

/**
 * @typedef {import("./suites.mjs").Suite} Suite
 * @typedef {import("./counts.mjs").Counts & { name: string, seconds: string }} Result
 */

/**
 * Run one suite; whatever goes wrong is a result, never an exception.
 *
 * @param {Suite} suite
 * @returns {Promise<Result>}
 */
async function runSuite({ name, commands, counts: format, minutes }) {
  const log = join(LOGS, `${name}.log`);
  rmSync(log, { force: true });
  const begin = performance.now();
  let ok = true;
  try {
    for (const { command, args, ...where } of commands()) {
      await run(command, args, { ...where, log, ...(minutes === undefined ? {} : { minutes }) });
    }
  } catch (error) {
    ok = false;
    printFailure(error);
  }
  await stopAll();
  const text = existsSync(log) ? readFileSync(log, "utf8") : "";
  const result = { ...judge({ format, log: text, ok }), name, seconds: seconds(begin) };
  console.log(line(result));
  for (const [, row] of text.matchAll(TABLE_ROW)) console.log(`    ${row}`);
  return result;
}

/** A row of a table that a test file printed; Node's TAP makes a comment of it. */
const TABLE_ROW = /^# (\|.*\|)$/gm;

/** @param {Result} result */
function line({ name, passed, failed, seconds: time }) {
  const verdict = failed === 0 ? "ok    " : "FAILED";
  const counts = `${passed} passed, ${failed} failed`;
  return `${name.padEnd(20)} ${verdict} ${counts.padEnd(24)} ${time}`;
}

/**
 * The suites asked for, in the order of the table.
 *
 * @param {Suite[]} suites
 * @param {string[]} names
 * @throws {Error} when a name is not in the table
 */
function chosen(suites, names) {
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    const all = suites.map((suite) => suite.name).join(", ");
    throw new Error(`no suite is called ${unknown.join(", ")}; there are: ${all}`);
  }
  return names.length === 0 ? suites : suites.filter(({ name }) => names.includes(name));
}

async function main() {
  mkdirSync(LOGS, { recursive: true });
  const { SUITES } = await import("./suites.mjs");
  const suites = chosen(SUITES, process.argv.slice(2));
  await setUp({ programs: true, peers: true });
  /** @type {Result[]} */
  const results = [];
  for (const suite of suites) results.push(await runSuite(suite));
  console.log("");
  for (const result of results) console.log(line(result));
  const sum = (/** @type {"passed" | "failed"} */ key) =>
    results.reduce((total, result) => total + result[key], 0);
  const failed = sum("failed");
  console.log(`${sum("passed")} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}

stopOnSignals();
main().catch((error) => {
  printFailure(error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
});
