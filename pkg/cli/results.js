/** Results of a run: their file, whether a file holds some, and which rows go into it. */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { openInput } from "./input.js";
import { Out } from "./out.js";

/** Columns of every CSV of results. */
export const COLUMNS = Object.freeze(["customer_id", "outcome", "issuance_id"]);

/** Characters of a line; a message has 512 at most. */
const LINE_MAX = 1 << 14;

/**
 * Where results would go when nothing is said: beside the input, in its name.
 *
 * @param {string} file
 * @param {string} [kind]
 */
export function resultsBeside(file, kind = "results") {
  const name = basename(file).replace(/\.issue-bulk$/, "").replace(/\.gz$/i, "");
  const stem = name.replace(/\.(?:csv|tsv|txt|ndjson|jsonl|json)$/i, "");
  return join(dirname(file), `${stem}.${kind}.csv`);
}

/**
 * The place of results. A resumed run may replace the results of its earlier part, though nothing
 * else.
 *
 * @param {string | undefined} path
 * @param {{ force?: boolean | undefined, earlier?: Report | null }} options
 * @throws {Refusal} `results-exist` or `results-unwritable`
 */
export function openOut(path, { force = false, earlier = null }) {
  return Out.open(path, async (existing) => force || areOf(earlier, existing));
}

/**
 * Whether a file holds results of a run or a revocation, as a spreadsheet may have saved them, too.
 *
 * @param {string} path
 * @throws {Refusal} `no-input`
 */
export async function areResults(path) {
  const there = await stat(path).catch(() => null);
  // What is read of a pipe is gone.
  if (there !== null && !there.isFile() && !there.isDirectory()) return false;
  const line = await firstLine(path);
  if (line.startsWith("{")) return parsed(line)?.outcome !== undefined;
  const names = line.split(/[,;|\t]/).map((name) => name.replace(/^\s*"?|"?\s*$/g, ""));
  return COLUMNS.every((name) => names.includes(name));
}

/** @param {string} path */
async function firstLine(path) {
  for await (const line of linesOf(path)) if (line.trim() !== "") return line.trim();
  return "";
}

/**
 * Lines without a byte order mark; one above `LINE_MAX` in pieces.
 *
 * @param {string} path
 */
async function* linesOf(path) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of await openInput(path)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (rest.length <= LINE_MAX) continue;
    yield rest;
    rest = "";
  }
  yield rest;
}

/**
 * Whether a file is results of this run and of no other, so that nothing is lost with it: the same
 * customers in the same order, and every issuance in it is known to the run or in doubt there.
 *
 * @param {Report | null} run
 * @param {string} path
 */
async function areOf(run, path) {
  if (run === null) return false;
  const customers = run[Symbol.iterator]();
  for await (const line of linesOf(path)) {
    const row = rowOf(line);
    if (row === null) continue;
    const { value: own } = customers.next();
    if (own?.customerId !== row.customerId) return false;
    const isKnown = own.outcome === "issued" ? own.id === row.id : own.outcome === "unknown";
    if (row.outcome === "issued" && !isKnown) return false;
  }
  return customers.next().done === true;
}

/**
 * A row as it was written; null for any other line, such as one within a message.
 *
 * @param {string} line
 * @returns {{ customerId: string, outcome: string, id: string | undefined } | null}
 */
function rowOf(line) {
  if (line.startsWith("{")) return parsed(line) ?? null;
  const cells = /^(\d+),(issued|rejected|unsent|unknown),(?:"([^"]*)")?/.exec(line);
  if (cells === null) return null;
  const [, customerId = "", outcome = "", id] = cells;
  return { customerId, outcome, id };
}

/**
 * @param {string} text
 * @returns {any} undefined where it is no JSON
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @typedef {import("issue-bulk").Report} Report */
/** @typedef {import("issue-bulk").Outcome["outcome"]} OutcomeName */

/**
 * Writes the rows of a report.
 *
 * @param {import("issue-bulk").Report} report
 * @param {Out} out
 * @param {OutcomeName} [list] only the customers with this outcome, as input of another run
 */
export async function writeResults(report, out, list) {
  if (list !== undefined) return out.write(customers(report[list]()));
  return out.write(out.isNdjson ? report.ndjson() : report.csv());
}

/** @param {Iterable<{ customerId: string }>} outcomes */
async function* customers(outcomes) {
  yield "customer_id\r\n";
  for (const { customerId } of outcomes) yield `${customerId}\r\n`;
}
