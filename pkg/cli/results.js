/** The file of results: written beside its place and moved there whole. */
import { createWriteStream } from "node:fs";
import { access, constants, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Refusal, systemError } from "./exit.js";
import { printable } from "./text.js";

/** How a file of results begins: the CSV header, or the first field of an NDJSON object. */
const BEGINNINGS = ["customer_id,outcome,", '{"customerId":'];

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
 * @param {{ force?: boolean | undefined, isResumed?: boolean }} options a resumed run may replace
 *   the results of its earlier part, though nothing else
 * @throws {Refusal} `results-exist` or `results-unwritable`
 */
export async function checkOut(out, { force = false, isResumed = false }) {
  if (out === undefined || out === STDOUT) return;
  const there = await stat(out).catch(() => null);
  if (there?.isDirectory()) {
    throw new Refusal("results-unwritable", `${out} is a folder; name a file with --out.`);
  }
  const mayReplace = force || (isResumed && (await areResults(out)));
  if (there?.isFile() && !mayReplace) {
    const message = `${printable(out)} exists. Name another file with --out, or use --force.`;
    throw new Refusal("results-exist", message);
  }
  await access(dirname(out), constants.W_OK).catch((error) => {
    const message = `Results cannot be written: ${systemError(error).message}.`;
    throw new Refusal("results-unwritable", message);
  });
}

/**
 * Whether a file is one of results, as far as its beginning tells.
 *
 * @param {string} path
 */
export async function areResults(path) {
  const there = await stat(path).catch(() => null);
  if (!there?.isFile()) return false;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
    const head = buffer.toString("utf8", 0, bytesRead);
    return BEGINNINGS.some((beginning) => head.startsWith(beginning));
  } finally {
    await file.close();
  }
}

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
  const part = `${out}.part`;
  try {
    await pipeline(source, createWriteStream(part));
    await rename(part, out);
  } catch (error) {
    await rm(part, { force: true });
    const { message } = systemError(error);
    throw new Refusal("results-unwritable", `The results were not written: ${message}.`);
  }
}
