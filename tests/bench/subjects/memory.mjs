// Memory of a run, above what Node had before: the most that the process ever had resident, and
// what it still has when the run is over and its garbage collected. Every result is kept, or handed
// out while the run goes on. Needs --expose-gc.

import process from "node:process";
import { idAt, numberAt, placeOf } from "../data/ids.mjs";
import { LocalService, WHAT, WHERE, isIssuanceOf, issuanceOf } from "../data/service.mjs";
import { print, settings } from "./subject.mjs";

/** @type {{ total: number, subject: string, isDrained?: boolean, dedupe?: boolean }} */
const { subject, total, isDrained = false, dedupe = true } = settings();

const BATCH = 1_000;
const PIECE_LINES = 5_000;
const DIGITS = 9;
const LINE_BYTES = DIGITS + 1;
const encoder = new TextEncoder();

/** A text of one id per line that exists only as it is read. */
async function* lines() {
  const piece = new Uint8Array(PIECE_LINES * LINE_BYTES);
  for (let from = 0; from < total; from += PIECE_LINES) {
    const until = Math.min(total, from + PIECE_LINES);
    for (let at = from; at < until; at += 1) writeLine(at, piece, (at - from) * LINE_BYTES);
    yield piece.subarray(0, (until - from) * LINE_BYTES);
  }
}

/**
 * Without a text for each id, whose garbage would count as memory of the subject.
 *
 * @param {number} at
 * @param {Uint8Array} piece
 * @param {number} start
 */
function writeLine(at, piece, start) {
  let rest = numberAt(at);
  for (let place = start + DIGITS - 1; place >= start; place -= 1) {
    piece[place] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
  piece[start + DIGITS] = 0x0a;
}

/** @typedef {{ id: string, customerId: number }} Entry */
/** @typedef {(id: string) => string | undefined} Find the issuance of a customer */

/**
 * @param {object} [more] options
 * @returns {Promise<import("issue-bulk").Report>}
 */
async function run(more) {
  const { issueBulk } = await import("issue-bulk");
  const { transport } = new LocalService(BATCH);
  const options = { ...WHERE, input: { dedupe }, batchSize: BATCH, concurrency: 1, transport };
  return issueBulk({ ...WHAT, customerIds: lines() }, { ...options, ...more });
}

/** @returns {Promise<Find>} */
async function ours() {
  const report = await run();
  return (id) => {
    const outcome = report.get(id);
    return outcome?.outcome === "issued" ? outcome.id : undefined;
  };
}

/**
 * Which customers came out, one bit each, so that none comes twice.
 *
 * @param {Uint8Array} taken
 * @param {readonly import("issue-bulk").Outcome[]} outcomes
 * @returns {number} how many of the outcomes are right, and the first of their customer
 */
function take(taken, outcomes) {
  let right = 0;
  for (const outcome of outcomes) {
    const at = placeOf(outcome.customerId);
    const [cell, bit] = [at >> 3, 1 << (at & 7)];
    const isNew = at < total && (Number(taken[cell]) & bit) === 0;
    taken[cell] = Number(taken[cell]) | bit;
    const isIssued = outcome.outcome === "issued" && isIssuanceOf(outcome.id, outcome.customerId);
    if (isNew && isIssued) right += 1;
  }
  return right;
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

/**
 * What the subject took, once it is done.
 *
 * @param {number} before
 */
function taken(before) {
  const after = resident();
  const peak = 1_024 * process.resourceUsage().maxRSS;
  const residentMiB = peak / (1 << 20);
  const more = { ids: total, after: (after - before) / total, residentMiB };
  return { value: (peak - before) / total, more: { ...more, peakMB: (peak - before) / 1e6 } };
}

async function kept() {
  const before = resident();
  const find = await (subject === "issue-bulk" ? ours() : theirs());
  const measured = taken(before);
  const step = Math.ceil(total / 10_000);
  let wrong = 0;
  let checked = 0;
  for (let at = 0; at < total; at += step) {
    const id = idAt(at, 9);
    checked += 1;
    if (find(id) !== issuanceOf(id)) wrong += 1;
  }
  return { ...measured, wrong, checked };
}

async function drained() {
  // Written to, so that it is resident before and does not count.
  const bits = new Uint8Array(Math.ceil(total / 8)).fill(1).fill(0);
  const before = resident();
  let [given, right] = [0, 0];
  const report = await run({
    onOutcomes: (/** @type {readonly import("issue-bulk").Outcome[]} */ outcomes) => {
      given += outcomes.length;
      right += take(bits, outcomes);
    },
  });
  const measured = taken(before);
  const left = [...report].length;
  // Missing, then given twice or wrong, then kept although it was given.
  const wrong = total - right + (given - right) + left;
  return { ...measured, wrong, checked: total };
}

print(await (isDrained ? drained() : kept()));
