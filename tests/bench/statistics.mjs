// Medians, because one sample that the machine disturbed must not move a figure.

/**
 * @typedef {object} Spread
 * @property {number} median
 * @property {number} low the smallest sample
 * @property {number} high the largest
 * @property {number} samples how many
 */

/**
 * The middle sample, or the mean of the two in the middle.
 *
 * @param {readonly number[]} samples
 * @returns {number}
 * @throws {RangeError} without samples
 */
export function median(samples) {
  if (samples.length === 0) throw new RangeError("a median needs a sample");
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = /** @type {number} */ (sorted[middle]);
  if (sorted.length % 2 === 1) return upper;
  return (/** @type {number} */ (sorted[middle - 1]) + upper) / 2;
}

/**
 * @param {readonly number[]} samples
 * @returns {Spread}
 * @throws {RangeError} without samples
 */
export function spread(samples) {
  return {
    median: median(samples),
    low: Math.min(...samples),
    high: Math.max(...samples),
    samples: samples.length,
  };
}

/**
 * The order of a round: every other one is reversed, so that a machine that grows slower or faster
 * over time favours nobody.
 *
 * @template T
 * @param {readonly T[]} subjects
 * @param {number} round from 0
 * @returns {T[]}
 */
export function orderOf(subjects, round) {
  return round % 2 === 0 ? [...subjects] : [...subjects].reverse();
}
