// What is measured: the cases, and how large they are.

import { LOOPS } from "./peers/wire.mjs";

/** @typedef {import("./processes.mjs").Case} Case */
/** @typedef {import("./data/answers.mjs").Shape} Shape */

/**
 * How much of everything.
 *
 * - `quick` keeps every bar and is meant to take ten minutes on two quiet cores
 * - `tiny` shows that all of it works; its figures mean nothing
 *
 * @typedef {"full" | "quick" | "tiny"} Size
 */

/**
 * @typedef {object} Amounts
 * @property {number} rounds
 * @property {number} entries read by each subject, in answers of any size
 * @property {number} lines of the CSV
 * @property {number} wireIds
 * @property {number} wireRounds
 * @property {number} manyIds of the runs that show memory and growth
 * @property {number} fewIds that growth is compared with
 * @property {number} repeats of those few
 * @property {number} starts
 * @property {number} browserStarts
 */

/** @type {Record<Size, Amounts>} */
const AMOUNTS = {
  full: {
    rounds: 7, entries: 600_000, lines: 1_000_000, wireIds: 1_000_000, wireRounds: 5,
    manyIds: 10_000_000, fewIds: 100_000, repeats: 20, starts: 21, browserStarts: 7,
  },
  quick: {
    rounds: 3, entries: 300_000, lines: 1_000_000, wireIds: 1_000_000, wireRounds: 3,
    manyIds: 10_000_000, fewIds: 100_000, repeats: 10, starts: 11, browserStarts: 3,
  },
  tiny: {
    rounds: 1, entries: 2_000, lines: 1_000, wireIds: 2_000, wireRounds: 1,
    manyIds: 50_000, fewIds: 2_000, repeats: 1, starts: 1, browserStarts: 0,
  },
};

export const OURS = "issue-bulk";
export const OURS_UNDICI = "issue-bulk over undici";
export const SLIM = "issue-bulk/slim";
export const TWIN = "JSON.parse + Map/Set";
export const SCANNER = "JavaScript byte scanner";

/** Shapes other than the documented one that repeat from entry to entry. @type {Shape[]} */
export const REGULAR = ["compact", "reordered", "pretty", "extra"];
export const ANSWER_SIZES = [1_000, 10_000, 100_000];
/** @type {(9 | 18)[]} */
export const DIGITS = [9, 18];

/**
 * @param {Shape} shape
 * @param {number} entries
 * @param {9 | 18} digits
 */
export function answersName(shape, entries, digits) {
  return `answers, ${shape}, ${grouped(entries)} entries, ${digits} digits`;
}

/** @param {number} count */
function grouped(count) {
  return count.toLocaleString("en-US");
}

/**
 * @param {Amounts} amounts
 * @param {Size} size
 * @param {string} core folder of the core with the reader exported
 * @returns {Case[]}
 */
function answers({ rounds, entries: total }, size, core) {
  // So that one disturbed call is not all there is.
  const answersMin = size === "tiny" ? 1 : 3;
  /**
   * @param {Shape} shape
   * @param {number} entries
   * @param {9 | 18} digits
   * @param {string[]} peers
   */
  const one = (shape, entries, digits, peers) => ({
    name: answersName(shape, entries, digits),
    group: "answers",
    unit: "ns of CPU per entry",
    script: "subjects/answers.mjs",
    subjects: [OURS, TWIN, ...peers],
    settings: { shape, entries, digits, core, total: Math.max(total, answersMin * entries) },
    rounds,
  });
  const packages = ["JSON.parse + look-up", "lossless-json", "json-bigint"];
  const documented = (size === "tiny" ? [1_000] : ANSWER_SIZES).flatMap((entries) =>
    DIGITS.map((digits) => {
      const scanner = digits === 9 ? [SCANNER] : [];
      const all = size === "full" || entries === 1_000;
      return one("documented", entries, digits, [...scanner, ...(all ? packages : [])]);
    }),
  );
  const sizes = size === "full" ? ANSWER_SIZES : [size === "quick" ? 10_000 : 1_000];
  const shapes = [...REGULAR, /** @type {const} */ ("shuffled"), /** @type {const} */ ("varied")];
  const others = shapes.flatMap((shape) => sizes.map((entries) => one(shape, entries, 9, [])));
  return [...documented, ...others];
}

/**
 * @param {Amounts} amounts
 * @param {Size} size
 * @param {string} core
 * @returns {Case[]}
 */
function intake({ rounds, lines, entries }, size, core) {
  const packages = ["csv-parse", "papaparse", "udsv"];
  const csv = (/** @type {1 | 3} */ columns, /** @type {9 | 18} */ digits) => ({
    name: `intake, CSV of ${columns === 1 ? "one column" : "three columns"}, ${digits} digits`,
    group: "intake",
    unit: "ns of CPU per line",
    script: "subjects/intake.mjs",
    subjects: [OURS, "split + BigInt + Set", "split + Number + Set", ...packages],
    settings: { lines, columns, digits },
    rounds,
  });
  const bodies = {
    name: "bodies of 1,000 ids",
    group: "bodies",
    unit: "ns of CPU per id",
    script: "subjects/bodies.mjs",
    subjects: [OURS, "JSON.stringify"],
    settings: { core, total: entries, batchSize: 1_000 },
    rounds,
  };
  return [csv(1, 9), csv(1, 18), ...(size === "full" ? [csv(3, 9)] : []), bodies];
}

/**
 * @param {number} batchSize
 * @param {number} concurrency
 */
export function wireName(batchSize, concurrency) {
  return `end to end, ${grouped(batchSize)} a call, ${concurrency} in flight`;
}

/**
 * @typedef {object} Service where the gateway is and whom it knows
 * @property {string} origin
 * @property {string} control
 * @property {string} promotionId
 * @property {string} username
 * @property {string} password
 * @property {string} passwordMd5
 */

/**
 * @param {Amounts} amounts
 * @param {Size} size
 * @param {Service} service in bench mode
 * @returns {Case[]}
 */
export function wire({ wireIds, wireRounds }, size, service) {
  const cells = [];
  for (const batchSize of size === "full" ? [100, 1_000, 5_000] : [1_000]) {
    for (const concurrency of size === "full" ? [1, 6, 16] : [6]) {
      cells.push({
        name: wireName(batchSize, concurrency),
        group: "wire",
        unit: "ns of CPU per id",
        script: "subjects/wire.mjs",
        flags: ["--expose-gc"],
        subjects: [OURS, OURS_UNDICI, ...Object.keys(LOOPS)],
        settings: { ...service, total: wireIds, batchSize, concurrency, isCheck: false },
        rounds: wireRounds,
      });
    }
  }
  return cells;
}

/**
 * Who of 2,000 customers beyond 2^53 really got something. One round: it counts, it does not time.
 *
 * @param {Service} service with an account
 * @returns {Case}
 */
export function exactness(service) {
  return {
    name: "ids beyond 2^53 over the wire",
    group: "exactness",
    unit: "ns of CPU per id",
    script: "subjects/wire.mjs",
    flags: ["--expose-gc"],
    subjects: [OURS, OURS_UNDICI, ...Object.keys(LOOPS)],
    settings: { ...service, total: 2_000, batchSize: 100, concurrency: 6, isCheck: true },
    rounds: 1,
  };
}

export const CLIENT_FEW = "client without a network, few ids";
export const CLIENT_MANY = "client without a network, many ids";
export const MEMORY_MANY = "memory, every result kept, many ids";
export const MEMORY_DRAINED = "memory, every result drained, many ids";
export const MEMORY_TRUSTED = "memory, every result drained, many ids, dedupe: false";
export const START_PLAN = "start in Node, first plan";
export const START_RESULT = "start in Node, first result of 1,000 entries";
export const START_WORKERD = "start in workerd, first request";

/**
 * @param {Amounts} amounts
 * @param {Size} size
 * @returns {Case[]}
 */
function large({ rounds, manyIds, fewIds, repeats }, size) {
  const client = {
    group: "client",
    unit: "ns of CPU per id",
    script: "subjects/client.mjs",
    subjects: [OURS],
    rounds: size === "full" ? rounds : Math.min(rounds, 2),
  };
  const memory = {
    group: "memory",
    unit: "bytes per id at the peak",
    script: "subjects/memory.mjs",
    flags: ["--expose-gc"],
    rounds: 1,
  };
  const grown = (/** @type {number} */ total, /** @type {number} */ again, name = "") => ({
    ...client,
    name: name || `client without a network, ${grouped(total)} ids`,
    settings: { batchSize: 1_000, total, repeats: again },
  });
  return [
    grown(fewIds / 10, repeats * 10),
    grown(fewIds, repeats, CLIENT_FEW),
    grown(fewIds * 10, Math.ceil(repeats / 10)),
    grown(manyIds, 1, CLIENT_MANY),
    { ...memory, name: MEMORY_MANY, subjects: [OURS], settings: { total: manyIds } },
    {
      ...memory,
      // Ten times as many would take its heap to the limit of Node.
      name: `memory, every result kept, ${grouped(manyIds / 10)} ids`,
      subjects: [OURS, TWIN],
      settings: { total: manyIds / 10 },
    },
    {
      ...memory,
      name: MEMORY_DRAINED,
      subjects: [OURS],
      settings: { total: manyIds, isDrained: true },
    },
    {
      ...memory,
      name: MEMORY_TRUSTED,
      subjects: [OURS],
      settings: { total: manyIds, isDrained: true, dedupe: false },
    },
  ];
}

/**
 * @param {Amounts} amounts
 * @returns {Case[]}
 */
function starts({ starts: rounds, browserStarts }) {
  const node = { group: "start", unit: "ms", script: "subjects/start.mjs", rounds };
  const chromium = {
    ...node,
    name: "start in Chromium, import to first plan",
    script: "subjects/start-chromium.mjs",
    subjects: [OURS],
    settings: {},
    rounds: browserStarts,
  };
  return [
    { ...node, name: START_PLAN, subjects: [OURS, SLIM], settings: { until: "plan" } },
    { ...node, name: START_RESULT, subjects: [OURS, SLIM, TWIN], settings: { until: "result" } },
    {
      ...node,
      name: START_WORKERD,
      script: "subjects/start-workerd.mjs",
      subjects: [OURS, "no package"],
      settings: {},
    },
    ...(browserStarts === 0 ? [] : [chromium]),
  ];
}

/**
 * Every case that needs no gateway.
 *
 * @param {Size} size
 * @param {string} core folder of the core with the reader exported
 * @returns {Case[]}
 */
export function alone(size, core) {
  const amounts = AMOUNTS[size];
  return [
    ...answers(amounts, size, core),
    ...intake(amounts, size, core),
    ...large(amounts, size),
    ...starts(amounts),
  ];
}

/** @param {Size} size */
export function amountsOf(size) {
  return AMOUNTS[size];
}
