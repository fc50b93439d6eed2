// What a case of the fault catalogue is, and the few shapes that most of them have.
//
// Every case is the same small run: 30 ids in three calls, one after the other, of which the
// second, with the ids 11 to 20, meets the fault. The fault is bound to an id and not to a call's
// number, so that it also meets what a browser sends again by itself.

/** The ids of a run: three batches of ten. */
export const IDS = Object.freeze(
  Array.from({ length: 30 }, (_, at) => String(500_000_001 + at)),
);

/** The ids of the batch that meets the fault. */
export const MET = Object.freeze(IDS.slice(10, 20));

/**
 * @typedef {"node" | "undici" | "bun" | "deno" | "workerd" | "chromium" | "firefox"} Runtime
 *
 * @typedef {object} Expectation
 * @property {number} issued
 * @property {number} [rejected]
 * @property {number} [unsent]
 * @property {number} [unknown]
 * @property {string} [reason] of every id that is not issued, unless a stop left it unsent
 * @property {string} [stopped] code of the stop; without it the run goes to its end
 * @property {number} [calls] arrivals at the service; without it they are not counted
 * @property {boolean} [resends] the runtime may repeat the POST by itself
 * @property {readonly string[]} [ids] those that are not issued; default the batch that was met
 *
 * @typedef {object} Case
 * @property {string} name begins with the number in the catalogue
 * @property {object | null} fault as the gateway takes it; null for none
 * @property {number} [times] how often the fault happens; default always
 * @property {object} [switches] of the gateway
 * @property {object} [options] of the run
 * @property {Record<string, number>} [awaits] counters of the account that are reached in the end
 * @property {Expectation} expect
 * @property {Partial<Record<Runtime, Expectation>>} [differs] where a runtime shows less
 */

/**
 * @param {number} [calls]
 * @returns {Expectation} everything is issued in the end
 */
export const issued = (calls = 3) => ({ issued: 30, calls });

/**
 * @param {string} reason
 * @returns {Expectation} nobody knows about the batch, and it is not sent again
 */
export const unknown = (reason) => ({ issued: 20, unknown: 10, reason });

/**
 * @param {string} reason
 * @returns {Expectation} nobody knows about the batch, and the run ends there: something other than
 *   the service answers
 */
export const elsewhere = (reason) => {
  const stopped = "not-the-service";
  return { issued: 10, unknown: 10, unsent: 10, reason, stopped, calls: 2 };
};

/**
 * @param {string} stopped
 * @returns {Expectation} the batch did nothing and the run ends there
 */
export const stops = (stopped) => ({ issued: 10, unsent: 20, reason: stopped, stopped, calls: 2 });
