// Runs of one instance of the core, of which one traps on demand: what becomes of all of them.

/**
 * @typedef {object} Asked
 * @property {string} place where the core traps
 * @property {"trap" | "memory"} how
 *
 * @typedef {object} Seen
 * @property {string[]} ended how the three runs ended: the code of the error, or `pending`
 * @property {string} later what a call says afterwards
 * @property {number} sentAfter calls that left after the first run had ended
 * @property {boolean} hasTrapped
 */

const IDS = Array.from({ length: 40 }, (_, at) => String(500_000_000 + at));

/** @param {number} ms */
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param {any} init */
function issued(init) {
  const ids = new TextDecoder().decode(init.body).slice(1, -1).split(",");
  const entry = (/** @type {string} */ id) =>
    `"${id}":{"id":"67dd4237ef21a64211227e06","customerId":${id},` +
    `"promotionId":"67dd4210ef21a64211227e04","earnedFromId":"c",` +
    `"eventTime":1742553655678,"validTill":1746046799999}`;
  return new Response(`{"data":{${ids.map(entry).join(",")}}}`);
}

/** @param {Promise<unknown>} promise */
const ending = (promise) =>
  Promise.race([
    promise.then(() => "resolved", ({ code }) => String(code)),
    later(5_000).then(() => "pending"),
  ]);

/**
 * @param {{ startIssueBulk: any, issueBulk: any }} core which is not used by anybody else
 * @param {Asked} asked
 * @returns {Promise<Seen>}
 */
export async function trapped({ startIssueBulk, issueBulk }, { place, how }) {
  let calls = 0;
  let isArmed = false;
  let hasTrapped = false;
  Object.assign(globalThis, {
    issueBulkTrap: (/** @type {string} */ at) => {
      if (!isArmed || at !== place) return "";
      hasTrapped = true;
      return how;
    },
  });
  const transport = async (/** @type {string} */ _url, /** @type {any} */ init) => {
    calls += 1;
    await later(5);
    return issued(init);
  };
  /** Never answers, so only its timer and its caller can end such a run. */
  const silent = () => ((calls += 1), new Promise(() => {}));
  const request = { promotionId: "67dd4210ef21a64211227e04", contextId: "c", customerIds: IDS };
  const options = { host: "service.example", batchSize: 1, concurrency: 2, seed: 1 };
  const runs = [
    startIssueBulk(request, { ...options, transport }),
    startIssueBulk(request, { ...options, transport: silent, timeoutMs: 60 }),
    startIssueBulk(request, { ...options, transport: silent }),
  ];
  await later(20);
  isArmed = true;
  if (place === "cancel") {
    try {
      runs[2].cancel();
    } catch {
      // What it throws rejects the runs, too.
    }
  }
  const endings = runs.map(({ done }) => ending(done));
  await Promise.race(endings);
  isArmed = false;
  const before = calls;
  const ended = await Promise.all(endings);
  const afterwards = await ending(issueBulk(request, { ...options, transport }));
  await later(100);
  return { ended, later: afterwards, sentAfter: calls - before, hasTrapped };
}
