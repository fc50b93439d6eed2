// A run as Markdown.

import { shortfall } from "./bars.mjs";
import { OURS } from "./suite.mjs";

/** @typedef {import("./processes.mjs").Result} Result */
/** @typedef {import("./bars.mjs").Bar} Bar */

/**
 * @param {{ machine: ReturnType<typeof import("./machine.mjs").machine>, size: string,
 *   minutes: number, bars: Bar[], cases: Result[] }} run
 * @returns {string}
 */
export function markdown({ machine, size, minutes, bars, cases }) {
  const { peers, ...rest } = machine;
  const facts = Object.entries(rest).map(([name, value]) => `- ${name}: ${value}`);
  const versions = Object.entries(peers ?? {}).map(([name, value]) => `${name} ${value}`);
  const holding = bars.filter(({ holds }) => holds).length;
  return [
    "# issue-bulk: benchmark",
    [...facts, `- peers: ${versions.join(", ")}`].join("\n"),
    size === "tiny"
      ? "**A tiny run shows that everything works; its figures mean nothing.**"
      : `A ${size} run, ${minutes.toFixed(1)} minutes; medians of processes that alternated.`,
    `## Bars: ${holding} of ${bars.length} hold`,
    table(["bar", "value", "must be", "goal", ""], bars.map(barRow)),
    ...cases.flatMap((one) => [`## ${one.name} (${one.unit})`, caseTable(one)]),
    "",
  ].join("\n\n");
}

/** @param {Bar} bar */
function barRow(bar) {
  const { name, value, kind, unit, goal } = bar;
  const verdict = bar.holds ? "holds" : `**does not hold**, ${shortfall(bar)}`;
  const shown = value === null ? "-" : `${figure(value)} ${unit}`;
  return [name, shown, `${kind} ${bar.bar}`, goal === undefined ? "" : String(goal), verdict];
}

/** @param {Result} one */
function caseTable({ subjects }) {
  const ours = subjects[OURS]?.median;
  const rows = Object.entries(subjects).map(([name, figures]) => {
    const { median, low, high, samples, wrong, checked, more } = figures;
    const times = ours === undefined || name === OURS ? "" : `${figure(median / ours)}x`;
    const others = Object.entries(more).map(([key, value]) => `${key} ${figure(value)}`);
    const range = `${figure(low)} to ${figure(high)}, ${samples}`;
    return [name, figure(median), range, times, correctness(wrong, checked), others.join(", ")];
  });
  return table(["subject", "median", "range, samples", `of ${OURS}`, "results", ""], rows);
}

/**
 * @param {number} wrong
 * @param {number} checked
 */
function correctness(wrong, checked) {
  if (checked === 0) return "";
  return wrong === 0 ? "right" : `**wrong for ${((100 * wrong) / checked).toFixed(1)} %**`;
}

/**
 * Three significant digits, and whole numbers above a thousand.
 *
 * @param {number} value
 */
export function figure(value) {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
