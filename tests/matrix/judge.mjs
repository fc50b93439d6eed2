// Is what an environment reported what the gateway did? Id by id, from the gateway's account.

import { disagreements } from "../../scripts/agree.mjs";
import { accountIds } from "../../scripts/gateway.mjs";
import { CUSTOMERS } from "./program.js";

/**
 * @param {import("./collector.mjs").Told} told
 * @param {import("../../scripts/gateway.mjs").Gateway} gateway
 * @returns {Promise<void>}
 * @throws {Error} that names the first difference
 */
export async function compare({ counts, stopped, rows }, gateway) {
  if (stopped !== null) throw new Error(`the run stopped: ${stopped.reason}`);
  if (counts.issued !== CUSTOMERS) throw new Error(`${counts.issued} issued, not ${CUSTOMERS}`);
  /** @type {import("issue-bulk").Outcome[]} */
  const outcomes = rows.trimEnd().split("\n").map((line) => JSON.parse(line));
  if (outcomes.length !== CUSTOMERS) throw new Error(`${outcomes.length} rows in the report`);
  const [first] = await disagreements(outcomes, accountIds(gateway));
  if (first !== undefined) throw new Error(first);
  await compareIssuances(outcomes, gateway);
}

/**
 * @param {import("issue-bulk").Outcome[]} outcomes
 * @param {import("../../scripts/gateway.mjs").Gateway} gateway
 */
async function compareIssuances(outcomes, gateway) {
  const reply = await fetch(`http://${gateway.control}/account/issuances`);
  const lines = (await reply.text()).trimEnd().split("\n");
  const given = new Map(lines.map((line) => JSON.parse(line)).map((one) => [one.customerId, one]));
  for (const outcome of outcomes) {
    const issuance = given.get(outcome.customerId);
    if (outcome.outcome !== "issued" || outcome.id !== issuance?.id) {
      const got = outcome.outcome === "issued" ? outcome.id : outcome.outcome;
      throw new Error(`${outcome.customerId} has ${got}, the gateway gave ${issuance?.id}`);
    }
  }
}
