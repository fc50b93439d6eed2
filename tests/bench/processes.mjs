// One subject, one process: what one leaves in the heap and in the caches of the engine must not
// flatter or burden the next.

import { join } from "node:path";
import process from "node:process";
import { NODE, ROOT } from "../../scripts/project.mjs";
import { ended, launch } from "../../scripts/run.mjs";
import { orderOf, spread } from "./statistics.mjs";

const BENCH = join(ROOT, "tests", "bench");

/**
 * @typedef {object} Case
 * @property {string} name unique, such as `answers, documented, 1,000 entries, 9 digits`
 * @property {string} group
 * @property {string} unit of its values
 * @property {string} script of its subjects, in `tests/bench`
 * @property {readonly string[]} subjects
 * @property {Record<string, unknown>} settings the same for all of them
 * @property {readonly string[]} [flags] of Node
 * @property {number} rounds
 */

/**
 * @typedef {import("./statistics.mjs").Spread & { wrong: number, checked: number,
 *   more: Record<string, number> }} Figures `more` holds medians of further figures
 * @typedef {Pick<Case, "name" | "group" | "unit"> & { subjects: Record<string, Figures> }} Result
 */

/**
 * Run one subject once.
 *
 * @param {Pick<Case, "script" | "settings" | "flags">} what
 * @param {string} subject
 * @returns {Promise<import("./subjects/subject.mjs").Measured>}
 * @throws {Error} with what it printed, when it fails
 */
export async function runSubject({ script, settings, flags = [] }, subject) {
  const args = [...flags, join(BENCH, script), JSON.stringify({ ...settings, subject })];
  const child = launch(NODE, args, { stdin: "ignore", cwd: BENCH });
  let out = "";
  let complaints = "";
  child.stdout?.on("data", (text) => (out += text));
  child.stderr?.on("data", (text) => (complaints += text));
  const how = await ended(child);
  if (how !== "exit 0") throw new Error(`${script}, ${subject}: ${how}\n${complaints}`);
  return JSON.parse(out);
}

/**
 * Run every subject of a case, alternating, and sum up.
 *
 * @param {Case} what
 * @returns {Promise<Result>}
 */
export async function runCase(what) {
  /** @type {Map<string, import("./subjects/subject.mjs").Measured[]>} */
  const samples = new Map(what.subjects.map((subject) => [subject, []]));
  for (let round = 0; round < what.rounds; round += 1) {
    for (const subject of orderOf(what.subjects, round)) {
      samples.get(subject)?.push(await runSubject(what, subject));
      process.stderr.write(".");
    }
  }
  const { name, group, unit } = what;
  /** @type {[string, Figures][]} */
  const subjects = [...samples].map(([subject, measured]) => [subject, figures(measured)]);
  // A long run shows what it has so far.
  const medians = subjects.map(([subject, { median }]) => `${subject} ${median.toPrecision(4)}`);
  process.stderr.write(` ${name}: ${medians.join(", ")}\n`);
  return { name, group, unit, subjects: Object.fromEntries(subjects) };
}

/**
 * @param {readonly import("./subjects/subject.mjs").Measured[]} measured
 * @returns {Figures}
 */
function figures(measured) {
  const worst = [...measured].sort((a, b) => (b.wrong ?? 0) - (a.wrong ?? 0))[0];
  const names = Object.keys(measured[0]?.more ?? {});
  const more = names.map((name) => {
    return [name, spread(measured.map((sample) => sample.more?.[name] ?? NaN)).median];
  });
  return {
    ...spread(measured.map(({ value }) => value)),
    wrong: worst?.wrong ?? 0,
    checked: worst?.checked ?? 0,
    more: Object.fromEntries(more),
  };
}
