// What every subject does: it is told on its command line what to do, and prints one line of JSON.

import process from "node:process";

/**
 * @typedef {object} Measured
 * @property {number} value in the unit of the case
 * @property {number} [wrong] results that are not what the service said, of `checked`
 * @property {number} [checked]
 * @property {Record<string, number>} [more] other figures of the same run
 */

/**
 * @template T
 * @returns {T & { subject: string }} the settings of the run
 */
export function settings() {
  return JSON.parse(process.argv[2] ?? "{}");
}

/** @param {Measured} measured */
export function print(measured) {
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}

/** CPU time of the whole process so far, garbage collector and compiler included, in ns. */
export function cpuNs() {
  const { user, system } = process.cpuUsage();
  return 1_000 * (user + system);
}

/** What an engine needs to compile what it will compile, beside the first rounds of the work. */
const WARM_MS = 500;

/**
 * Does the work until the engine has compiled it: once at least.
 *
 * @param {() => unknown} work
 */
export async function warm(work) {
  const begin = performance.now();
  do await work();
  while (performance.now() - begin < WARM_MS);
}

/**
 * How many customers have another issuance than the service gave them, or none.
 *
 * @param {Iterable<[string, string]>} pairs customer and issuance id, as found
 * @param {readonly string[]} ids
 * @param {(index: number) => string} issuanceOf
 */
export function wrongOf(pairs, ids, issuanceOf) {
  const found = new Map(pairs);
  return ids.filter((id, index) => found.get(id) !== issuanceOf(index)).length;
}
