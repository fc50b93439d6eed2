// npm run callgrind: instructions of the core's hot paths, counted by valgrind, against a table in
// the repository. Noise cannot move such a count, so a small loss of speed shows.
//   npm run callgrind               fails where a case takes more instructions than the table says
//   npm run callgrind -- --update   writes what was counted into the table

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { capture } from "./capture.mjs";
import { findProgram, installPrograms } from "./programs.mjs";
import { LOGS, ROOT, targetDirectory } from "./project.mjs";
import { printFailure, run, stopOnSignals } from "./run.mjs";

const LOG = join(LOGS, "callgrind.log");
const TABLE = join(ROOT, "tests", "callgrind", "instructions.json");

/**
 * Part of the table's count that may be more: an allocator or `memcpy` of another libc. The cases
 * themselves are the same in every run, to the instruction.
 */
const TOLERANCE = 0.02;

/** The processor that the table is true for: another does the same in other instructions. */
const ARCHITECTURE = "x64";

/**
 * @typedef {object} Judged
 * @property {boolean} ok
 * @property {string} line for people
 */

/**
 * @param {string} name of the case
 * @param {number} counted instructions
 * @param {number} known by the table
 * @returns {Judged}
 */
export function judge(name, counted, known) {
  const change = counted / known - 1;
  const percent = `${change < 0 ? "" : "+"}${(change * 100).toFixed(1)} %`;
  const ok = change <= TOLERANCE;
  const verdict = ok ? "within" : "OVER";
  const hint = change < -TOLERANCE ? "; npm run callgrind -- --update keeps the gain" : "";
  return { ok, line: `${name}: ${counted} instructions, ${percent}, ${verdict}${hint}` };
}

/**
 * The count of one case.
 *
 * @param {string} valgrind
 * @param {string} name
 * @returns {number}
 * @throws {Error} when the case failed or nothing was counted
 */
function count(valgrind, name) {
  const program = join(targetDirectory(), "release", "examples", "instructions");
  // Counting begins and ends with the function that each case hands its work to.
  const what = ["--tool=callgrind", "--toggle-collect=*::measured*"];
  const where = ["--callgrind-out-file=/dev/null", "--log-fd=1"];
  const printed = capture(valgrind, [...what, ...where, program, name]);
  const counted = Number(/Collected : (\d+)/.exec(printed ?? "")?.[1]);
  if (!(counted > 0)) throw new Error(`valgrind counted nothing for ${name}: ${printed}`);
  return counted;
}

async function main() {
  mkdirSync(LOGS, { recursive: true });
  rmSync(LOG, { force: true });
  if (process.arch !== ARCHITECTURE) {
    console.log(`not counted: the table is for ${ARCHITECTURE}, and this is ${process.arch}`);
    return;
  }
  await installPrograms(LOG, ["valgrind"]);
  const valgrind = /** @type {string} */ (findProgram("valgrind"));
  const build = ["build", "--release", "-p", "issue-bulk", "--example", "instructions"];
  await run("cargo", build, { log: LOG });
  /** @type {Record<string, number>} */
  const table = JSON.parse(readFileSync(TABLE, "utf8"));
  /** @type {Record<string, number>} */
  const counted = {};
  for (const name of Object.keys(table)) counted[name] = count(valgrind, name);
  const judged = Object.entries(table).map(([name, known]) =>
    judge(name, counted[name] ?? Infinity, known),
  );
  for (const { line } of judged) console.log(line);
  if (process.argv.includes("--update")) {
    writeFileSync(TABLE, `${JSON.stringify(counted, null, 2)}\n`);
  } else if (judged.some(({ ok }) => !ok)) {
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  stopOnSignals();
  main().catch((error) => {
    printFailure(error);
    process.exitCode = 1;
  });
}
