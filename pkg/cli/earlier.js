/** A run that a journal tells of: what is left of it, and the question before it goes on. */
import { confirm, requireSomebody, retriedRows } from "./confirm.js";
import { count } from "./text.js";

/** @typedef {import("issue-bulk").Report} Report */
/** @typedef {import("./options.js").Given} Given */

/**
 * Customers that may be sent when it goes on. Those in doubt are among them only where they are to
 * be sent again: a run that went to its end has settled them.
 *
 * @param {Report} earlier
 * @param {Given} given
 */
function leftOf({ counts, stopped }, { ambiguous }) {
  if (stopped === null) return 0;
  return counts.unsent + (ambiguous === "retry" ? counts.unknown : 0);
}

/**
 * @param {Report} earlier
 * @param {Given} given
 */
export function isOver(earlier, given) {
  return leftOf(earlier, given) === 0;
}

/**
 * @param {Report} earlier
 * @param {Given} given
 * @returns {string} where it stands
 */
export function storyOf(earlier, given) {
  if (isOver(earlier, given)) return "This run is finished; nothing more will be sent.";
  const { length } = earlier;
  const settled = `${count(length - leftOf(earlier, given))} of ${count(length)}`;
  return `Going on with an earlier run: ${settled} customers are settled.`;
}

/**
 * Asks before it goes on, where anything is left and nobody said `--yes`.
 *
 * @param {import("./screen.js").Screen} screen
 * @param {{ earlier: Report, given: Given, rows: (readonly [string, string])[],
 *   first?: () => Promise<void> }} what `first` is done before the question
 */
export async function confirmRest(screen, { earlier, given, rows, first = async () => {} }) {
  if (isOver(earlier, given)) return;
  requireSomebody(screen, given);
  if (given.yes) return;
  await first();
  const customers = leftOf(earlier, given);
  await confirm(screen, { verb: "go on with", customers, rows: [...rows, ...retriedRows(given)] });
}
