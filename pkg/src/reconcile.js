/** A read-back of what a run left unknown: a new report, the old one stays as it is. */
import { readOptions, record, refuseStrangers } from "./options.js";
import { Report } from "./report.js";

/** Its own options; the others are those of a run. */
const OF_THE_READ_BACK = Object.freeze(["quietMs", "apartMs", "limit", "rate"]);
const OF_A_RUN = Object.freeze([
  "host",
  "basePath",
  "auth",
  "attribution",
  "orgId",
  "concurrency",
  "timeoutMs",
  "attempts",
  "seed",
  "signal",
  "onProgress",
  "transport",
]);

/**
 * @param {import("./engine.js").Engine} engine
 * @param {unknown} report
 * @param {unknown} options
 * @returns {import("./prepare.js").Prepared}
 * @throws {import("./errors.js").IssueBulkError}
 */
export function prepareReconcile(engine, report, options) {
  engine.assertReady();
  const given = record(options, "options");
  refuseStrangers(given, "options", [...OF_A_RUN, ...OF_THE_READ_BACK]);
  const { quietMs, apartMs, limit, rate, ...rest } = given;
  const reconcile = { quietMs, apartMs, limit, rate };
  const setup = readOptions({}, { ...rest, reconcile }, false);
  return {
    setup,
    keeper: null,
    open: async () => (core, crossing, seed) =>
      Report.readFrom(/** @type {Report} */ (report), (outcomes) => {
        const from = /** @type {import("./core.js").Outcomes} */ (outcomes);
        return core.Run.readBack(crossing, from, performance.now(), Date.now(), seed);
      }),
    cut: () => {},
    replaceAuth: (auth) => {
      setup.auth = auth;
    },
  };
}
