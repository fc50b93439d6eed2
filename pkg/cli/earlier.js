/** A run that a journal tells of: what is left of it, and the question before it goes on. */
import { confirm, requireSomebody, retriedRows } from "./confirm.js";
import { count, counted } from "./text.js";

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
 * @param {number} [added] customers of a longer list who are not in the journal
 * @returns {string} where it stands
 */
export function storyOf(earlier, given, added = 0) {
  const left = leftOf(earlier, given);
  if (left + added === 0) return "This run is finished; nothing more will be sent.";
  const { length } = earlier;
  const settled = `${count(length - left)} of ${count(length)} customers are settled`;
  const more = added === 0 ? "" : `, and the list has ${counted(added, "new customer")}`;
  return `Going on with an earlier run: ${settled}${more}.`;
}

/**
 * Asks before it goes on, where anything is left and nobody said `--yes`.
 *
 * @param {import("./screen.js").Screen} screen
 * @param {{ earlier: Report, given: Given, rows: (readonly [string, string])[], added?: number,
 *   first?: () => Promise<void> }} what `added` as for `storyOf`; `first` is done before the
 *   question
 */
export async function confirmRest(screen, what) {
  const { earlier, given, rows, added = 0, first = async () => {} } = what;
  const customers = leftOf(earlier, given) + added;
  if (customers === 0) return;
  // Who confirms with --yes has to see it as well.
  for (const { code, message } of earlier.notes) if (code === "given-out") screen.warn(message);
  requireSomebody(screen, given);
  if (given.yes) return;
  await first();
  const all = [...rows, ...addedRows(added), ...retriedRows(given)];
  await confirm(screen, { verb: "go on with", customers, rows: all });
}

/**
 * @param {number} added
 * @returns {(readonly [string, string])[]}
 */
function addedRows(added) {
  return added === 0 ? [] : [["New", `${counted(added, "customer")} the earlier run did not have`]];
}
