/** The file of results: written beside its place and moved there whole. */
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { access, constants, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parsed } from "./caller.js";
import { Refusal, systemError } from "./exit.js";
import { openInput } from "./input.js";
import { printable } from "./text.js";

/** Columns of every CSV of results. */
export const COLUMNS = Object.freeze(["customer_id", "outcome", "issuance_id"]);

/** Characters of a line; a message has 512 at most. */
const LINE_MAX = 1 << 14;

const STDOUT = "-";

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
 * Refuses a place that cannot be written, before anything is sent.
 *
 * @param {string | undefined} out
 * @param {{ force?: boolean | undefined, earlier?: Report | null }} options a resumed run may
 *   replace the results of its earlier part, though nothing else
 * @throws {Refusal} `results-exist` or `results-unwritable`
 */
export async function checkOut(out, { force = false, earlier = null }) {
  if (out === undefined || out === STDOUT) return;
  const there = await stat(out).catch(() => null);
  if (there?.isDirectory()) {
    throw new Refusal("results-unwritable", `${out} is a folder; name a file with --out.`);
  }
  // What is no file, such as a pipe, takes the rows itself.
  if (there !== null && !there.isFile()) return;
  const mayReplace = force || there === null || (await areOf(earlier, out));
  if (!mayReplace) {
    const message = `${printable(out)} exists. Name another file with --out, or use --force.`;
    throw new Refusal("results-exist", message);
  }
  await access(dirname(out), constants.W_OK).catch((error) => {
    const message = `Results cannot be written: ${systemError(error).message}.`;
    throw new Refusal("results-unwritable", message);
  });
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

/** @typedef {import("issue-bulk").Report} Report */
/** @typedef {import("issue-bulk").Outcome["outcome"]} OutcomeName */

/**
 * Writes the rows of a report.
 *
 * @param {import("issue-bulk").Report} report
 * @param {string} out
 * @param {OutcomeName} [list] only the customers with this outcome, as input of another run
 */
export async function writeResults(report, out, list) {
  if (list !== undefined) return writeOut(out, customers(report[list]()));
  return writeOut(out, isNdjson(out) ? report.ndjson() : report.csv());
}

/** @param {Iterable<{ customerId: string }>} outcomes */
async function* customers(outcomes) {
  yield "customer_id\r\n";
  for (const { customerId } of outcomes) yield `${customerId}\r\n`;
}

/** @param {string} out */
export function isNdjson(out) {
  return /\.(?:ndjson|jsonl)$/i.test(out);
}

/**
 * @param {string} out
 * @param {ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>} rows
 * @returns {Promise<void>}
 */
export async function writeOut(out, rows) {
  const source = Readable.from(/** @type {AsyncIterable<Uint8Array>} */ (rows));
  if (out === STDOUT) return void (await pipeline(source, process.stdout, { end: false }));
  const there = await stat(out).catch(() => null);
  const isFile = there === null || there.isFile();
  const part = isFile ? `${out}.${randomUUID()}.part` : out;
  try {
    await pipeline(source, createWriteStream(part, { flags: isFile ? "wx" : "w" }));
    if (isFile) await rename(part, out);
  } catch (error) {
    if (isFile) await rm(part, { force: true });
    const { message } = systemError(error);
    throw new Refusal("results-unwritable", `The results were not written: ${message}.`);
  }
}
