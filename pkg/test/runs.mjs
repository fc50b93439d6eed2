// What the tests against the gateway share.

import { after, before, beforeEach } from "node:test";
import { AUTH, PROMOTION, startGateway } from "./gateway.mjs";

/**
 * A gateway for one file of tests, as new before each of them.
 *
 * @param {string[]} [flags]
 */
export function withGateway(flags) {
  /** @type {import("./gateway.mjs").Gateway} */
  let gateway;
  before(async () => {
    gateway = await startGateway(flags);
  });
  beforeEach(() => gateway.reset());
  after(() => gateway.stop());
  return {
    get gateway() {
      return gateway;
    },
    /** @type {(options?: any) => any} */
    where: (options = {}) => ({ host: gateway.host, auth: AUTH, ...options }),
  };
}

/**
 * @param {any} customerIds
 * @param {object} [more]
 */
export function what(customerIds, more = {}) {
  return { promotionId: PROMOTION, contextId: "2 items in cart", customerIds, ...more };
}

/**
 * Whether the four outcomes, the invalid and the duplicate inputs add up to what was given.
 *
 * @param {import("issue-bulk").Counts} counts
 */
export function balances({ given, issued, rejected, unsent, unknown, invalid, duplicate }) {
  return given === issued + rejected + unsent + unknown + invalid + duplicate;
}

/**
 * Ids from 500000001 on, as strings.
 *
 * @param {number} count
 */
export function ids(count) {
  return Array.from({ length: count }, (_, at) => String(500_000_001 + at));
}
