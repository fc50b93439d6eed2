/** `check`: what the service says of a promotion, before anybody issues it. */
import { checkPromotion } from "issue-bulk";
import { EXIT, Refusal } from "./exit.js";
import { serviceOf } from "./options.js";
import { count, printable, table } from "./text.js";

/** @typedef {import("issue-bulk").PromotionCheck} PromotionCheck */
/** @typedef {import("./screen.js").Screen} Screen */

export const HELP = `
It reads once and issues nothing. Exit code 0: it can be issued, though warnings may stand; 4: the
service would refuse it, or could not be asked.`;

/**
 * @param {string} promotionId
 * @param {import("./options.js").Given} given
 * @param {Screen} screen
 * @returns {Promise<number>} the exit code
 */
export async function check(promotionId, given, screen) {
  const { service } = await serviceOf(given);
  const found = await checkPromotion({ promotionId }, service);
  const exitCode = found.ok ? EXIT.issued : EXIT.stopped;
  screen.event("check", { exitCode, found });
  for (const line of table(factsOf(found))) screen.result(line);
  printFindings(found, screen, (line) => screen.result(line));
  if (found.ok) screen.result("It can be issued.");
  return exitCode;
}

/**
 * The same before the question of a run. A service that cannot be asked is no reason to stop: it
 * may let this user issue and not read.
 *
 * @param {string} promotionId
 * @param {import("./options.js").Place & import("./options.js").Extras} service
 * @param {Screen} screen
 * @throws {Refusal} `promotion-refused`
 */
export async function checkFirst(promotionId, service, screen) {
  const found = await checkPromotion({ promotionId }, service);
  const rows = factsOf(found);
  if (found.exists === true) for (const line of table(rows)) screen.note(line);
  printFindings(found, screen, (line) => screen.note(line));
  if (found.ok || found.exists === null) return;
  const message = "Nothing was sent: the service would refuse this promotion.";
  throw new Refusal("promotion-refused", message, { exitCode: EXIT.stopped });
}

/**
 * What the service told; what it did not is left out.
 *
 * @param {PromotionCheck} found
 * @returns {(readonly [string, string])[]}
 */
function factsOf(found) {
  const { promotionId, type, active, startDate, endDate, maxIssuancePerCustomer } = found;
  const most = maxIssuancePerCustomer === -1 ? "no limit" : maxIssuancePerCustomer;
  const facts = {
    Promotion: promotionId,
    Type: type,
    Active: active === null ? null : active ? "yes" : "no",
    From: dateOf(startDate),
    Until: dateOf(endDate),
    "Per customer": typeof most === "number" ? `at most ${count(most)}` : most,
  };
  return Object.entries(facts).flatMap(([name, value]) =>
    value === null ? [] : [/** @type {const} */ ([name, printable(value)])],
  );
}

/** @param {number | null} ms since 1970 */
function dateOf(ms) {
  const date = new Date(ms ?? NaN);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/**
 * @param {PromotionCheck} found
 * @param {Screen} screen
 * @param {(line: string) => void} print
 */
function printFindings({ findings }, screen, print) {
  const { red, yellow } = screen.colors;
  for (const { severity, message } of findings) {
    const title = severity === "refuse" ? red("Refused:") : yellow("Mind:");
    print(`${title} ${printable(message)}`);
  }
}
