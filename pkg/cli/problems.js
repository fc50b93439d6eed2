/** Inputs that are no ids, for people. */
import { count, printable } from "./text.js";

/** Lines shown; the rest is counted. */
const SHOWN = 10;

/** @type {Record<import("issue-bulk").ProblemReason, string>} */
const WORDS = {
  duplicate: "given before",
  empty: "empty",
  "not-digits": "not plain digits",
  "leading-zero": "begins with a zero",
  "not-positive": "zero or negative",
  "too-large": "too large for an id",
  "not-exact": "not exact: digits may be lost",
  "too-few-fields": "too few fields",
  "too-many-fields": "too many fields",
  "too-long": "too long",
  "bad-quote": "a quote in the wrong place",
  "bad-json": "not JSON",
  "not-an-object": "neither an id nor an object",
  "no-field": "without the field of the id",
  "repeated-field": "the field of the id comes twice",
};

/**
 * @param {readonly import("issue-bulk").Problem[]} problems
 * @param {number} all how many there are; `problems` may hold the first of them
 * @returns {string[]}
 */
export function problemLines(problems, all) {
  const lines = problems.slice(0, SHOWN).map(({ line, reason, text, firstLine }) => {
    const first = firstLine === null ? "" : `, in line ${count(firstLine)}`;
    const words = WORDS[reason] ?? reason;
    const quoted = text === "" ? "" : `: "${printable(text)}"`;
    return `  line ${count(line)}: ${words}${first}${quoted}`;
  });
  if (all > SHOWN) lines.push(`  and ${count(all - SHOWN)} more`);
  return lines;
}
