/** What is in a list of customers, before anybody decides to send it. */
import { planIssueBulk, startIssueBulk } from "issue-bulk";

/**
 * @typedef {object} List What the user gave: the bytes, and how to read them.
 * @property {Blob} blob
 * @property {string} name for people
 * @property {import("issue-bulk").InputOptions} input
 */

/** A look at the list needs no promotion yet; a plan with these is never run. */
const PLACEHOLDER = Object.freeze({ promotionId: "0".repeat(24), contextId: "survey" });
const NOWHERE = Object.freeze({ host: "localhost" });

/**
 * @param {List} list
 * @returns {Promise<import("issue-bulk").Plan>}
 */
export function survey({ blob, input }) {
  return planIssueBulk({ ...PLACEHOLDER, customerIds: blob }, { ...NOWHERE, input });
}

/**
 * The plan with everything the user entered, so that a wrong promotion or context is found before
 * the confirmation. The way of sending is not part of it.
 *
 * @param {List} list
 * @param {{ promotionId: string, contextId: string }} what
 */
export function planned({ blob, input }, what) {
  return planIssueBulk({ ...what, customerIds: blob }, { ...NOWHERE, input });
}

/**
 * The ids of the list in the order in which every run of it reports them. A run that is paused
 * before it begins and then cancelled sends nothing and names them all.
 *
 * @param {List} list
 * @returns {Promise<string[]>}
 */
export async function idsOf({ blob, input }) {
  const transport = () => Promise.reject(new Error("This run only reads."));
  const request = { ...PLACEHOLDER, customerIds: blob };
  const job = startIssueBulk(request, { ...NOWHERE, input, transport });
  job.pause();
  for await (const { state } of job.progress) if (state !== "reading") job.cancel();
  const report = await job.done;
  return Array.from(report, ({ customerId }) => customerId);
}
