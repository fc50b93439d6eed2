/** `run`: issues the promotion to every customer of a file. */
import { stat } from "node:fs/promises";
import { issueBulk } from "issue-bulk";
import { confirm, requireSomebody } from "./confirm.js";
import { Refusal } from "./exit.js";
import { finish } from "./finish.js";
import { STDIN, openInput } from "./input.js";
import { Interrupt } from "./interrupt.js";
import { inputOf, paceOf, serviceOf } from "./options.js";
import { planOf, printPlan } from "./plan.js";
import { ProgressLine } from "./progress.js";
import { checkOut, resultsBeside } from "./results.js";

/** @typedef {import("./options.js").Given} Given */
/** @typedef {import("./screen.js").Screen} Screen */

/**
 * @param {string} file
 * @param {Given} given
 * @param {Screen} screen
 * @returns {Promise<number>} the exit code
 */
export async function run(file, given, screen) {
  const request = requestOf(given);
  const { service, who } = await serviceOf(given);
  const out = given.out ?? (file === STDIN ? undefined : resultsBeside(file));
  await checkOut(out, given);
  requireSomebody(screen, given);
  if (!given.yes) await confirmRun(file, given, screen, { ...request, host: service.host, who });
  const interrupt = new Interrupt(screen);
  const line = new ProgressLine(screen, "Issued");
  try {
    const customerIds = await openInput(file);
    const report = await issueBulk(
      { ...request, customerIds },
      {
        ...service,
        ...paceOf(given),
        input: inputOf(given),
        signal: interrupt.signal,
        transport: interrupt.transport,
        onProgress: (progress) => line.show(progress),
      },
    );
    line.end();
    return await finish(report, { out, screen });
  } finally {
    line.end();
    interrupt.end();
  }
}

/**
 * @param {Given} given
 * @throws {Refusal}
 */
export function requestOf({ promotion, context }) {
  if (promotion === undefined) {
    throw new Refusal("no-promotion", "Which promotion? Use --promotion ID.");
  }
  if (context === undefined) {
    const message = "For which occasion? Use --context TEXT: it is recorded with each issuance.";
    throw new Refusal("no-context", message);
  }
  return { promotionId: promotion, contextId: context };
}

/**
 * @param {string} file
 * @param {Given} given
 * @param {Screen} screen
 * @param {{ promotionId: string, contextId: string, host: string, who: string }} what
 */
async function confirmRun(file, given, screen, { promotionId, contextId, host, who }) {
  const before = await stateOf(file);
  const plan = await planOf(file, given);
  printPlan(plan, (line) => screen.note(line));
  /** @type {(readonly [string, string])[]} */
  const rows = [
    ["Promotion", promotionId],
    ["Context", contextId],
    ["Service", `${host}, as ${who}`],
  ];
  await confirm(screen, { verb: "issue to", customers: plan.distinct, rows });
  if ((await stateOf(file)) !== before) {
    const message = `Nothing was sent: ${file} has changed since the question.`;
    throw new Refusal("input-changed", message);
  }
}

/** @param {string} file */
async function stateOf(file) {
  const { size, mtimeMs } = await stat(file);
  return `${size} ${mtimeMs}`;
}
