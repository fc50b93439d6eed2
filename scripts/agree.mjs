// Does a report agree with the gateway's account, id by id?

/**
 * @typedef {object} Entry
 * @property {string} id
 * @property {number} issued how often the account holds an issuance for it
 */

/**
 * Compare every outcome with what was really issued. Issued means once, rejected and unsent mean
 * never, unknown means at most once; and the account holds no id that the report lacks.
 *
 * @param {Iterable<{ customerId: string, outcome: string }>} outcomes
 * @param {AsyncIterable<Entry> | Iterable<Entry>} account
 * @returns {Promise<string[]>} one sentence for each id that disagrees
 */
export async function disagreements(outcomes, account) {
  /** @type {Map<string, number>} */
  const issued = new Map();
  for await (const entry of account) issued.set(entry.id, entry.issued);
  const found = [];
  for (const { customerId, outcome } of outcomes) {
    const times = issued.get(customerId) ?? 0;
    issued.delete(customerId);
    if (!possible(outcome, times)) found.push(`${customerId} is ${outcome}, issued ${times} times`);
  }
  for (const [id, times] of issued) {
    if (times > 0) found.push(`${id} is not in the report, issued ${times} times`);
  }
  return found;
}

/**
 * @param {string} outcome
 * @param {number} times
 */
function possible(outcome, times) {
  if (outcome === "issued") return times === 1;
  return outcome === "unknown" ? times <= 1 : times === 0;
}
