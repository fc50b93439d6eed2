// The whole client on a service inside the process: intake, bodies, answers, ledger, report. CPU
// time per id, without the time that the service took; and every row as an object afterwards.

import { issueBulk } from "issue-bulk";
import { idAt } from "../data/ids.mjs";
import { LocalService, WHAT, WHERE, issuanceOf } from "../data/service.mjs";
import { cpuNs, print, settings, warm } from "./subject.mjs";

/** @type {{ total: number, batchSize: number, repeats: number, subject: string }} */
const { total, batchSize, repeats } = settings();

/** A text of one id per line, in pieces, so that no input of any size lies in the heap. */
const PIECE_LINES = 10_000;
/** Rows that are made objects of and compared: enough for a figure, few for a large report. */
const ROWS_MAX = 50_000;
const encoder = new TextEncoder();
/** @type {Uint8Array[]} */
const pieces = [];
for (let at = 0; at < total; at += PIECE_LINES) {
  const count = Math.min(PIECE_LINES, total - at);
  const lines = Array.from({ length: count }, (_, index) => `${idAt(at + index, 9)}\n`);
  pieces.push(encoder.encode(lines.join("")));
}

const service = new LocalService(batchSize);

async function run() {
  service.spentNs = 0;
  const options = { ...WHERE, batchSize, concurrency: 1, transport: service.transport };
  async function* customerIds() {
    yield* pieces;
  }
  const before = cpuNs();
  const report = await issueBulk({ ...WHAT, customerIds: customerIds() }, options);
  const spent = cpuNs() - before - service.spentNs;
  if (report.counts.issued !== total) throw new Error(JSON.stringify(report));
  return { report, nsPerId: spent / total };
}

(await run()).report.dispose();
let sum = 0;
for (let repeat = 1; repeat < repeats; repeat += 1) {
  const { report, nsPerId } = await run();
  sum += nsPerId;
  report.dispose();
}
const { report, nsPerId } = await run();

/** @returns {number} how many rows were objects for a moment */
function iterate() {
  let rows = 0;
  for (const outcome of report) {
    if (outcome.outcome !== "issued") throw new Error(JSON.stringify(outcome));
    rows += 1;
    if (rows === ROWS_MAX) break;
  }
  return rows;
}

await warm(iterate);
const before = cpuNs();
const rows = iterate();
const objects = (cpuNs() - before) / rows;

const step = Math.ceil(total / ROWS_MAX);
let wrong = 0;
let checked = 0;
for (let at = 0; at < total; at += step) {
  const outcome = report.at(at);
  const id = idAt(at, 9);
  checked += 1;
  if (outcome?.outcome !== "issued" || outcome.customerId !== id || outcome.id !== issuanceOf(id)) {
    wrong += 1;
  }
}
print({ value: (sum + nsPerId) / repeats, wrong, checked, more: { ids: total, objects } });
