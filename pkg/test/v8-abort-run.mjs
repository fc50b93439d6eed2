// One run in a process of its own, of a form that made V8 of Node 20 and 22 abort the process: hot
// code reads outcomes whose fields change their type late, when the optimiser has inlined the
// exports of the core. `v8-abort.test.mjs` runs each several times.

import process from "node:process";
import { issueBulk } from "issue-bulk";
import { ids, what } from "./runs.mjs";

const WHERE = {
  host: "eu.api.capillarytech.com",
  auth: { username: "till", password: "secret" },
  batchSize: 100,
  stop: { ambiguousInRow: 1_000_000, failurePercent: 100 },
};

/**
 * @param {RequestInit} [init]
 * @returns {number[]} the ids of a request
 */
const asked = (init) => JSON.parse(new TextDecoder().decode(/** @type {any} */ (init?.body)));

/**
 * @param {number} id
 * @param {boolean} hasTimes
 */
function issuance(id, hasTimes) {
  return {
    id: "68230a3af1ebc84977d9ea2c",
    customerId: id,
    promotionId: what([]).promotionId,
    earnedFromId: what([]).contextId,
    eventTime: hasTimes ? 1_747_126_842_954 : null,
    validTill: hasTimes ? 1_748_716_199_999 : null,
  };
}

/** @type {Record<string, (count: number) => Promise<number>>} */
const PROGRAMS = {
  /** A loop over `report.at(row)`; the last rows have no times. */
  async rows(count) {
    const all = ids(count);
    const late = Number(all[Math.floor(count * 0.7)]);
    const report = await issueBulk(what(all), { ...WHERE, transport: answerer(late) });
    let sum = 0;
    for (let row = 0; row < report.length; row += 1) sum += worthOf(report.at(row));
    return sum;
  },

  /** `onOutcomes` gets refusals with a code, and at the end failures without one. */
  async outcomes(count) {
    let sum = 0;
    const late = Number(ids(count)[Math.floor(count * 0.7)]);
    await issueBulk(what(ids(count)), {
      ...WHERE,
      onOutcomes: (list) => {
        for (const outcome of list) sum += worthOf(outcome);
      },
      transport: async (_url, init) => {
        const customers = asked(init);
        if (Number(customers[0]) > late) throw new TypeError("fetch failed");
        const error = { code: 708, message: "Exceeded max earn per customer limit" };
        const data = Object.fromEntries(customers.map((id) => [id, { error }]));
        return new Response(JSON.stringify({ data }));
      },
    });
    return sum;
  },

  /** Thousands of small runs in one process; the answers of the later ones have no times. */
  async runs(count) {
    let sum = 0;
    for (let run = 0; run < count; run += 1) {
      const late = run < count * 0.7 ? Infinity : 0;
      const report = await issueBulk(what(ids(20)), { ...WHERE, transport: answerer(late) });
      for (const outcome of report) sum += worthOf(outcome);
      for (let row = 0; row < report.length; row += 1) sum += worthOf(report.at(row));
    }
    return sum;
  },
};

/**
 * @param {number} late the first id whose issuance has no times
 * @returns {import("issue-bulk").Transport}
 */
function answerer(late) {
  return async (_url, init) => {
    const data = Object.fromEntries(asked(init).map((id) => [id, issuance(id, id < late)]));
    return new Response(JSON.stringify({ data }));
  };
}

/** @param {any} outcome */
function worthOf(outcome) {
  const { eventTime, validTill, code, status, requestId } = outcome;
  const numbers = (eventTime ?? 1) + (validTill ?? 1) + (code ?? 0) + (status ?? 0);
  return numbers + (requestId?.length ?? 0);
}

const [name = "", count] = process.argv.slice(2);
const sum = await PROGRAMS[name]?.(Number(count));
console.log(JSON.stringify({ sum }));
