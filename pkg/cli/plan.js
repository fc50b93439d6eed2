/** `plan`: what a run would do. Sends nothing and needs no credentials. */
import { planIssueBulk } from "issue-bulk";
import { EXIT } from "./exit.js";
import { openInput } from "./input.js";
import { inputOf, paceOf, placeOf } from "./options.js";
import { leftOut } from "./progress.js";
import { problemLines } from "./problems.js";
import { count, counted, printable, size, span, table } from "./text.js";

/** @typedef {import("./options.js").Given} Given */

/**
 * @param {string} file
 * @param {Given} given
 * @param {import("./screen.js").Screen} screen
 * @returns {Promise<number>} the exit code
 */
export async function plan(file, given, screen) {
  const planned = await planOf(await openInput(file), given);
  screen.event("plan", planned);
  printPlan(planned, (line) => screen.result(line));
  return planned.invalid > 0 ? EXIT.incomplete : EXIT.issued;
}

/**
 * @param {AsyncIterable<Uint8Array>} customerIds
 * @param {Given} given
 */
export async function planOf(customerIds, given) {
  // Neither is part of what a plan says, so a plan can be made before they are known.
  const { promotion: promotionId = "plan", context: contextId = "plan" } = given;
  const request = { promotionId, contextId, customerIds };
  return planIssueBulk(request, { ...placeOf(given), ...paceOf(given), input: inputOf(given) });
}

/**
 * @param {import("issue-bulk").Plan} plan
 * @param {(line: string) => void} print
 */
export function printPlan(plan, print) {
  const { distinct, requests, batchSize, bytes, problems, estimatedMs } = plan;
  const out = leftOut(plan);
  /** @type {(readonly [string, string])[]} */
  const rows = [
    ["Customers", `${count(distinct)} to issue`],
    ["Left out", out === "" ? "nothing" : out],
    ["Read as", readAs(plan)],
    ["Calls", `${count(requests)} of up to ${counted(batchSize, "customer")}, ${size(bytes)}`],
    ["Time", `about ${span(estimatedMs)} if every call takes a second`],
  ];
  for (const line of table(rows)) print(line);
  for (const line of problemLines(problems, plan.invalid + plan.duplicate)) print(line);
}

/** @param {import("issue-bulk").Plan} plan */
function readAs({ format, column }) {
  const names = { lines: "one id a line", csv: "CSV", ndjson: "NDJSON", json: "JSON" };
  const name = names[/** @type {keyof typeof names} */ (format)] ?? format;
  return column === null ? name : `${name}, column ${printable(column)}`;
}
