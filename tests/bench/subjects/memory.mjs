// Memory of a run with every result kept, above what Node had before: the most that the process
// ever had resident, and what it still has when the run is over and its garbage collected. Needs
// --expose-gc.

import process from "node:process";
import { idAt } from "../data/ids.mjs";
import { LocalService, WHAT, WHERE, issuanceOf } from "../data/service.mjs";
import { print, settings } from "./subject.mjs";

/** @type {{ total: number, subject: string }} */
const { subject, total } = settings();

const BATCH = 1_000;
const PIECE_LINES = 5_000;
const encoder = new TextEncoder();

/** A text of one id per line that exists only as it is read. */
async function* lines() {
  const piece = new Uint8Array(PIECE_LINES * 10);
  for (let from = 0; from < total; from += PIECE_LINES) {
    let used = 0;
    for (let at = from; at < Math.min(total, from + PIECE_LINES); at += 1) {
      used += encoder.encodeInto(idAt(at, 9), piece.subarray(used)).written;
      piece[used] = 0x0a;
      used += 1;
    }
    yield piece.subarray(0, used);
  }
}

/** @typedef {{ id: string, customerId: number }} Entry */
/** @typedef {(id: string) => string | undefined} Find the issuance of a customer */

/** @returns {Promise<Find>} */
async function ours() {
  const { issueBulk } = await import("issue-bulk");
  const { transport } = new LocalService(BATCH);
  const options = { ...WHERE, batchSize: BATCH, concurrency: 1, transport };
  const report = await issueBulk({ ...WHAT, customerIds: lines() }, options);
  return (id) => {
    const outcome = report.get(id);
    return outcome?.outcome === "issued" ? outcome.id : undefined;
  };
}

/** Distinct ids in a Set, results as objects in a Map. @returns {Promise<Find>} */
async function theirs() {
  const ids = new Set();
  let rest = "";
  for await (const piece of lines()) {
    const parts = (rest + Buffer.from(piece).toString()).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) ids.add(Number(part));
  }
  /** @type {Map<number, Entry>} */
  const results = new Map();
  const service = new LocalService(BATCH);
  /** @param {number[]} batch */
  const send = async (batch) => {
    const body = encoder.encode(JSON.stringify(batch));
    const response = await service.transport("", { body });
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    const decoder = new TextDecoder();
    let text = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      text += decoder.decode(read.value, { stream: true });
    }
    for (const entry of Object.values(JSON.parse(text).data)) results.set(entry.customerId, entry);
  };
  /** @type {number[]} */
  let batch = [];
  for (const id of ids) {
    batch.push(id);
    if (batch.length === BATCH) await send(batch.splice(0));
  }
  if (batch.length > 0) await send(batch);
  return (id) => results.get(Number(id))?.id;
}

function resident() {
  /** @type {() => void} */ (globalThis.gc)();
  return process.memoryUsage.rss();
}

const before = resident();
const find = await (subject === "issue-bulk" ? ours() : theirs());
const after = resident();
const peak = 1_024 * process.resourceUsage().maxRSS;

const step = Math.ceil(total / 10_000);
let wrong = 0;
let checked = 0;
for (let at = 0; at < total; at += step) {
  const id = idAt(at, 9);
  checked += 1;
  if (find(id) !== issuanceOf(id)) wrong += 1;
}
const more = { ids: total, after: (after - before) / total, residentMiB: peak / (1 << 20) };
print({ value: (peak - before) / total, wrong, checked, more });
