// What has to be reached, computed from the cases of one run.

import { WAYS as CSV_WAYS } from "./peers/intake.mjs";
import { DISCARD } from "./peers/wire.mjs";
import {
  ANSWER_SIZES, CLIENT_FEW, CLIENT_MANY, DIGITS, MEMORY_DRAINED, MEMORY_MANY, MEMORY_TRUSTED,
  OURS, OURS_UNDICI, REGULAR, SCANNER, SLIM, START_PLAN, START_RESULT, START_WORKERD, TWIN,
  answersName, wireName,
} from "./suite.mjs";

/** @typedef {import("./processes.mjs").Result} Result */
/** @typedef {import("./processes.mjs").Figures} Figures */

/**
 * @typedef {object} Bar
 * @property {string} name
 * @property {number | null} value null where nothing could be measured, with the reason in `note`
 * @property {number} bar
 * @property {boolean} holds
 * @property {"at least" | "at most"} kind
 * @property {string} unit
 * @property {number} [goal]
 * @property {string} [note]
 */

/** The cases of a run by name. */
export class Cases {
  #byName;

  /** @param {readonly Result[]} results */
  constructor(results) {
    this.#byName = new Map(results.map((result) => [result.name, result]));
  }

  /**
   * @param {string} name
   * @param {string} subject
   * @returns {Figures | null} null where this run did not have it
   */
  figures(name, subject) {
    return this.#byName.get(name)?.subjects[subject] ?? null;
  }

  /**
   * How many times as much one subject takes as another; null without both.
   *
   * @param {string} name
   * @param {string} subject
   * @param {string} [than] default: the package
   */
  ratio(name, subject, than = OURS) {
    const one = this.figures(name, subject);
    const other = this.figures(name, than);
    return one === null || other === null ? null : one.median / other.median;
  }
}

/**
 * @param {readonly (number | null)[]} values
 * @param {(...values: number[]) => number} choose
 * @returns {number | null} null without any
 */
function worst(values, choose) {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : choose(...known);
}

/**
 * @param {"at least" | "at most"} kind
 * @param {string} name
 * @param {number | null} value
 * @param {number} bar
 * @param {{ unit?: string, goal?: number, note?: string }} [more]
 * @returns {Bar}
 */
export function judged(kind, name, value, bar, { unit = "x", ...more } = {}) {
  const isReached = value !== null && (kind === "at least" ? value >= bar : value <= bar);
  return { name, value, bar, holds: isReached, kind, unit, ...more };
}

/**
 * By how much a bar does not hold, in words; empty where it does.
 *
 * @param {Bar} bar
 */
export function shortfall({ holds, value, bar, kind, note }) {
  if (holds) return "";
  if (value === null) return `not measured: ${note ?? "not among the cases of this run"}`;
  const percent = (100 * Math.abs(value - bar)) / bar;
  return `${percent.toFixed(percent < 9.95 ? 1 : 0)} % ${kind === "at least" ? "short" : "over"}`;
}

/** @param {Cases} cases @returns {Bar[]} */
function answers(cases) {
  const documented = ANSWER_SIZES.flatMap((entries) =>
    DIGITS.map((digits) => {
      const name = answersName("documented", entries, digits);
      return judged("at least", name, cases.ratio(name, TWIN), entries === 1_000 ? 11 : 13, GOAL);
    }),
  );
  const worstOf = (/** @type {import("./data/answers.mjs").Shape} */ shape, subject = TWIN) =>
    worst(ANSWER_SIZES.map((size) => cases.ratio(answersName(shape, size, 9), subject)), Math.min);
  const regular = REGULAR.map((shape) =>
    judged("at least", `answers, ${shape}`, worstOf(shape), 8, GOAL),
  );
  return [
    ...documented,
    ...regular,
    judged("at least", "answers, every entry another form", worstOf("varied"), 3),
    judged("at least", "answers, best byte scanner", worstOf("documented", SCANNER), 2.5),
    judged("at least", "answers, every field as objects", objects(cases), 4),
  ];
}

const GOAL = { goal: 20 };

/** The reader and then an object for every row, against the twin, whose results are objects. */
function objects(/** @type {Cases} */ cases) {
  const name = answersName("documented", 1_000, 9);
  const made = cases.figures(CLIENT_FEW, OURS)?.more.objects;
  const [ours, twin] = [cases.figures(name, OURS), cases.figures(name, TWIN)];
  if (made === undefined || ours === null || twin === null) return null;
  return twin.median / (ours.median + made);
}

/** @param {Cases} cases @returns {Bar[]} */
function intake(cases) {
  const names = DIGITS.map((digits) => `intake, CSV of one column, ${digits} digits`);
  const against = (/** @type {string} */ way) => names.map((name) => cases.ratio(name, way));
  const packages = Object.keys(CSV_WAYS).filter((way) => !way.startsWith("split"));
  const fastest = worst(packages.flatMap(against), Math.min);
  const split = worst(against("split + BigInt + Set"), Math.min);
  return [
    judged("at least", "intake, decode + split + BigInt + Set", split, 9, { goal: 15 }),
    judged("at least", "intake, fastest CSV package", fastest, 5),
  ];
}

/** @param {Cases} cases @returns {Bar[]} */
function wire(cases) {
  const name = wireName(1_000, 6);
  const added = cases.ratio(name, OURS, DISCARD);
  const share = (/** @type {string} */ subject) => cases.ratio(name, subject, "fetch + p-limit");
  return [
    judged("at most", "end to end over fetch, CPU of the loop", share(OURS), 0.6, { goal: 0.5 }),
    judged("at most", "end to end over undici, CPU of the loop", share(OURS_UNDICI), 0.22, {
      goal: 0.15,
    }),
    judged(
      "at most",
      "end to end, CPU added to fetch and discard",
      added === null ? null : 100 * (added - 1),
      15,
      { unit: "%" },
    ),
  ];
}

const PER_ID = { unit: "B per id" };

/** @param {Cases} cases @returns {Bar[]} */
function large(cases) {
  const [kept, drained, trusted] = [MEMORY_MANY, MEMORY_DRAINED, MEMORY_TRUSTED].map((name) =>
    cases.figures(name, OURS),
  );
  const [few, many] = [CLIENT_FEW, CLIENT_MANY].map((name) => cases.figures(name, OURS)?.median);
  const growth = few === undefined || many === undefined ? null : many / few;
  return [
    judged("at most", "memory, kept, at the peak", kept?.median ?? null, 60, PER_ID),
    judged("at most", "memory, kept, after", kept?.more.after ?? null, 45, PER_ID),
    judged("at most", "memory, drained, at the peak", drained?.median ?? null, 30, PER_ID),
    judged("at most", "memory, drained, dedupe: false", trusted?.more.peakMB ?? null, 80, {
      unit: "MB",
    }),
    judged("at most", "growth", growth, 1.25),
  ];
}

/**
 * @param {string} name
 * @param {number | undefined} value
 * @param {number} bar
 * @param {number} goal
 */
function bytes(name, value, bar, goal) {
  return judged("at most", name, value ?? null, bar, { unit: "B with brotli", goal });
}

/** @param {Cases} cases @returns {Bar[]} */
function shipped(cases) {
  return [
    bytes("bytes, default entry", cases.figures("bytes", OURS)?.median, 40_960, 30_720),
    bytes("bytes, wasm", cases.figures("bytes", "the wasm alone")?.median, 28_672, 21_504),
  ];
}

/** @param {Cases} cases @returns {Bar[]} */
function starts(cases) {
  /** @param {string} name @param {string} us @param {string} them */
  const later = (name, us, them) => {
    const [ours, theirs] = [cases.figures(name, us), cases.figures(name, them)];
    return ours === null || theirs === null ? null : ours.median - theirs.median;
  };
  const ms = { unit: "ms" };
  const plan = cases.figures(START_PLAN, SLIM)?.median ?? null;
  const result = later(START_RESULT, SLIM, TWIN);
  const worker = later(START_WORKERD, OURS, "no package");
  return [
    judged("at most", "start, instantiate and first plan", plan, 5, ms),
    judged("at most", "start, first result after the twin's", result, 4, ms),
    judged("at most", "start, workerd with the package after without", worker, 10, ms),
  ];
}

/**
 * Every bar, in the order of the issue that sets them.
 *
 * @param {readonly Result[]} results
 * @returns {Bar[]}
 */
export function bars(results) {
  const cases = new Cases(results);
  return [answers, intake, wire, large, shipped, starts].flatMap((part) => part(cases));
}
