// One run without a page: the package, in this Node, against a fresh gateway.

import { createReadStream, createWriteStream } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { Writable } from "node:stream";
import { issueBulk } from "issue-bulk";
import { disagreements } from "./agree.mjs";
import { SAMPLE, accountIds, startGateway } from "./gateway.mjs";
import { seconds } from "./run.mjs";

/** Milliseconds between two lines of progress. */
const PROGRESS_MS = 500;

/**
 * Issue the sample promotion to the customers in a file, write results.csv into `folder`, and
 * compare the report with the gateway's account. The gateway takes every valid id for a customer,
 * so that any file can be tried.
 *
 * @param {string} file a CSV with a column of customer ids, or one id per line
 * @param {string} folder
 * @returns {Promise<void>}
 * @throws {Error} when the run stopped early or the account disagrees with the report
 */
export async function once(file, folder) {
  const results = join(folder, "results.csv");
  if (results === file) throw new Error("results.csv would be replaced: rename the list");
  const gateway = await startGateway();
  try {
    const report = await issueBulk(
      {
        promotionId: SAMPLE.promotionId,
        contextId: "npm-start-once",
        customerIds: createReadStream(file),
      },
      {
        host: `http://${gateway.http}`,
        auth: { username: SAMPLE.username, password: SAMPLE.password },
        onProgress: progressPrinter(),
      },
    );
    printReport(report);
    await report.csv().pipeTo(Writable.toWeb(createWriteStream(results)));
    console.log(`results     ${relative(process.cwd(), results)}`);
    await compare(report, gateway);
    if (report.stopped !== null) throw new Error(`the run stopped: ${report.stopped.reason}`);
  } finally {
    await gateway.stop();
  }
}

/**
 * A listener that prints where the run stands, now and then, and its end.
 *
 * @returns {(progress: import("issue-bulk").Progress) => void}
 */
function progressPrinter() {
  const begin = performance.now();
  let next = begin;
  return ({ state, distinct, queued, inFlight, issued, rejected, unsent, unknown }) => {
    if (performance.now() < next && state !== "done") return;
    next = performance.now() + PROGRESS_MS;
    const settled = issued + rejected + unsent + unknown;
    const rest = `${queued} queued, ${inFlight} in flight`;
    console.log(`${state.padEnd(11)} ${settled} of ${distinct} settled, ${rest} ${seconds(begin)}`);
  };
}

/** Lines of invalid and duplicate inputs; the rest is counted. */
const PROBLEMS_SHOWN = 10;

/** @param {import("issue-bulk").Report} report */
function printReport({ counts, problems, notes }) {
  const { given, issued, rejected, unsent, unknown, invalid, duplicate } = counts;
  console.log(`given       ${given}`);
  const rows = { issued, rejected, unsent, unknown, invalid, duplicate };
  for (const [name, value] of Object.entries(rows)) console.log(`  ${name.padEnd(10)}${value}`);
  const sum = Object.values(rows).reduce((total, value) => total + value, 0);
  console.log(`sum         ${sum}, ${sum === given ? "balances" : "DOES NOT BALANCE"}`);
  console.log(`calls       ${counts.attempts}, ${counts.retries} of them again`);
  for (const { line, column, reason, text, firstLine } of problems.slice(0, PROBLEMS_SHOWN)) {
    const first = firstLine === null ? "" : ` of line ${firstLine}`;
    console.log(`  line ${line}, field ${column}: ${reason}${first}: ${JSON.stringify(text)}`);
  }
  const more = invalid + duplicate - PROBLEMS_SHOWN;
  if (more > 0) console.log(`  and ${more} more`);
  for (const { code, message } of notes) console.log(`note        ${code}: ${message}`);
  if (sum !== given) throw new Error("the sums of the report do not balance");
}

/**
 * @param {import("issue-bulk").Report} report
 * @param {import("./gateway.mjs").Gateway} gateway
 */
async function compare(report, gateway) {
  const found = await disagreements(report, accountIds(gateway));
  if (found.length > 0) {
    throw new Error(`the gateway's account disagrees on ${found.length} ids: ${found[0]}`);
  }
  console.log(`account     agrees with all ${report.length} outcomes, id by id`);
}
