// How many tests a log says passed and failed. A test that was skipped counts as failed: nothing
// here may be left out silently.

/**
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 */

/** @typedef {"cargo" | "node"} Format */

/**
 * Add up the summaries in a log.
 *
 * @param {Format} format `cargo`: `test result:` lines, which wasm-bindgen's runner prints too;
 *   `node`: the `# pass N` lines of the TAP reporter
 * @param {string} log
 * @returns {Counts} zeros when the log holds no summary
 */
export function count(format, log) {
  return format === "cargo" ? countCargo(log) : countNode(log);
}

/** @param {string} log */
function countCargo(log) {
  const counts = { passed: 0, failed: 0 };
  const summary = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm;
  for (const [, passed, failed, ignored] of log.matchAll(summary)) {
    counts.passed += Number(passed);
    counts.failed += Number(failed) + Number(ignored);
  }
  return counts;
}

/** @param {string} log */
function countNode(log) {
  const counts = { passed: 0, failed: 0 };
  for (const [, word, number] of log.matchAll(/^# (pass|fail|cancelled|skipped|todo) (\d+)$/gm)) {
    counts[word === "pass" ? "passed" : "failed"] += Number(number);
  }
  return counts;
}

/**
 * What a suite is worth in the total. One that only passes or fails is worth one; one that counts
 * must have run something; one whose command failed has at least one failure.
 *
 * @param {{ format: Format | undefined, log: string, ok: boolean }} suite
 * @returns {Counts}
 */
export function judge({ format, log, ok }) {
  if (format === undefined) return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  const counts = count(format, log);
  const failed = !ok || counts.passed === 0;
  return failed ? { ...counts, failed: Math.max(1, counts.failed) } : counts;
}
