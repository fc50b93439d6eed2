// One run, and everything it says, as plain data: the same in Node, in a page and in a Worker.

/**
 * @typedef {object} Play
 * @property {string} host
 * @property {string} promotionId
 * @property {{ username: string, password: string }} auth
 * @property {readonly string[]} ids
 * @property {object} options
 * @property {string} [transport] one of those in transports.mjs
 *
 * @typedef {object} Row
 * @property {string} customerId
 * @property {"issued" | "rejected" | "unsent" | "unknown"} outcome
 * @property {string} [id] of the issuance
 * @property {string} [reason]
 * @property {string} [message]
 *
 * @typedef {object} Told
 * @property {import("issue-bulk").Counts} counts
 * @property {string | null} stopped
 * @property {Row[]} rows
 * @property {string} csv
 */

/**
 * @param {typeof import("issue-bulk").issueBulk} issueBulk
 * @param {Play} given
 * @returns {Promise<Told>}
 */
export async function play(issueBulk, { host, promotionId, auth, ids, options }) {
  const request = { promotionId, contextId: "faults", customerIds: [...ids] };
  const report = await issueBulk(request, { host, auth, ...options });
  const csv = await new Response(report.csv()).text();
  const stopped = report.stopped?.code ?? null;
  return { counts: report.counts, stopped, rows: [...report], csv };
}
