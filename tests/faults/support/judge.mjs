// Whether what a run says is what the case expects and what the gateway's account shows.

import assert from "node:assert/strict";
import { MET } from "../cases/case.mjs";

/**
 * @typedef {import("../cases/case.mjs").Expectation} Expectation
 * @typedef {import("./play.mjs").Told} Told
 *
 * @typedef {object} Account
 * @property {Map<string, { arrivals: number, issued: number }>} ids
 * @property {{ id: string, customerId: string }[]} issuances
 * @property {number} calls to issue that arrived
 */

/**
 * @param {Told} told
 * @param {Expectation} expect
 */
export function assertOutcomes({ counts, stopped, rows }, expect) {
  const { issued, rejected = 0, unsent = 0, unknown = 0 } = expect;
  const found = rows.filter(({ outcome }) => outcome !== "issued");
  assert.deepEqual(
    { issued: counts.issued, rejected: counts.rejected, unsent: counts.unsent,
      unknown: counts.unknown, stopped },
    { issued, rejected, unsent, unknown, stopped: expect.stopped ?? null },
    JSON.stringify(found.slice(0, 3)),
  );
  assert.equal(issued + rejected + unsent + unknown, rows.length, "the sums balance");
  if (expect.reason !== undefined) {
    for (const { customerId, outcome, reason } of found) {
      // A stop is the reason of what it leaves unsent.
      /** @type {string | undefined} */
      const due = outcome === "unsent" ? expect.stopped ?? expect.reason : expect.reason;
      assert.equal(reason, due, customerId);
    }
  }
  if (expect.stopped === undefined) {
    const ids = found.map(({ customerId }) => customerId);
    assert.deepEqual(ids, issued === rows.length ? [] : expect.ids ?? MET);
  }
}

/**
 * Nothing is claimed that the account does not show, and nothing that may have been issued was
 * sent again.
 *
 * @param {Told} told
 * @param {Account} account
 * @param {{ resends: boolean }} transport whether it may repeat a POST by itself, as browsers do
 */
export function assertHonest({ rows }, account, { resends }) {
  const given = new Set(account.issuances.map(({ id, customerId }) => `${customerId} ${id}`));
  for (const { customerId, outcome, id } of rows) {
    const { arrivals = 0, issued = 0 } = account.ids.get(customerId) ?? {};
    const seen = `${customerId} is ${outcome}: ${arrivals} arrivals, ${issued} issued`;
    if (outcome === "issued") {
      assert.ok(resends ? issued >= 1 : issued === 1, seen);
      assert.ok(given.has(`${customerId} ${id}`), `${customerId}: ${id} is no issuance of it`);
    } else if (outcome === "unknown") {
      assert.ok(resends || (arrivals <= 1 && issued <= 1), seen);
    } else {
      assert.equal(issued, 0, seen);
    }
  }
}
