// The table of a run of the matrix and its counts, as comments of TAP: `npm test` shows the one and
// adds up the other.

/**
 * @typedef {object} Row
 * @property {string} name of the environment
 * @property {boolean} imported the package answered with its version
 * @property {boolean} ran the report came
 * @property {boolean} equal the report is what the gateway did
 * @property {number} ms from preparing to the end
 * @property {import("./shipped.mjs").Shipped} [shipped]
 * @property {unknown} [error] anything that went wrong
 */

const HEAD = ["environment", "import", "run", "report equal", "bytes shipped", "brotli", "time"];

/** @param {Row} row that has just been played */
export function printProgress({ name, error, ms }) {
  const verdict = error === undefined ? "ok    " : "FAILED";
  console.log(`${name.padEnd(44)} ${verdict} ${(ms / 1_000).toFixed(1).padStart(8)} s`);
}

/** @param {Row[]} rows */
export function print(rows) {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const text = (/** @type {string[]} */ line) =>
    line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" | ");
  const [head, ...rest] = lines.map(text);
  const rule = widths.map((width) => "-".repeat(width)).join(" | ");
  for (const line of [head, rule, ...rest]) console.log(`# | ${line} |`);
}

/**
 * @param {Row} row
 * @returns {string[]}
 */
function cells({ name, imported, ran, equal, ms, shipped }) {
  const word = (/** @type {boolean} */ holds) => (holds ? "ok" : "FAILED");
  const sizes = shipped === undefined ? ["-", "-"] : [String(shipped.raw), String(shipped.brotli)];
  const time = `${(ms / 1_000).toFixed(1)} s`;
  return [name, word(imported), word(ran), word(equal), ...sizes, time];
}

/** @param {Row[]} rows */
export function printCounts(rows) {
  const failed = rows.filter(({ error }) => error !== undefined).length;
  console.log(`# pass ${rows.length - failed}\n# fail ${failed}`);
}
