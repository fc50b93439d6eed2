/** A run under way: interruptible, with its progress, to its report and exit code. */
import { finish } from "./finish.js";
import { Interrupt } from "./interrupt.js";
import { ProgressLine } from "./progress.js";

/**
 * What every run is given beside its own options.
 *
 * @typedef {Pick<import("issue-bulk").RunOptions, "signal" | "transport" | "onProgress">} Watched
 */

/**
 * @param {(watched: Watched) => Promise<import("issue-bulk").Report>} begin
 * @param {import("./finish.js").How} how
 * @returns {Promise<number>} the exit code
 */
export async function issuing(begin, how) {
  const interrupt = new Interrupt(how.screen);
  const line = new ProgressLine(how.screen);
  const { signal, transport } = interrupt;
  try {
    const onProgress = (/** @type {import("issue-bulk").Progress} */ it) => line.show(it);
    const report = await begin({ signal, transport, onProgress });
    line.end();
    return await finish(report, how);
  } finally {
    line.end();
    interrupt.end();
  }
}
