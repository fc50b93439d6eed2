/** What the service says of a promotion, before anything is issued. */
import { Driver } from "./driver.js";
import { readOptions, record, refuseStrangers } from "./options.js";
import { intoCore } from "./settings.js";

const OPTIONS = Object.freeze([
  "host",
  "basePath",
  "auth",
  "attribution",
  "orgId",
  "timeoutMs",
  "attempts",
  "seed",
  "signal",
  "transport",
]);

/** A check issues nothing, so it has no context; the core wants one wherever it plans. */
const CONTEXT = "check";

/**
 * @param {import("./engine.js").Engine} engine
 * @param {unknown} request
 * @param {unknown} options
 * @returns {Promise<import("./types/check.js").PromotionCheck>}
 * @throws {import("./errors.js").IssueBulkError} for wrong arguments; never for what the service
 *   or the network does
 */
export async function check(engine, request, options) {
  engine.assertReady();
  refuseStrangers(options, "options", OPTIONS);
  const { promotionId } = record(request, "request");
  refuseStrangers(request, "request", ["promotionId"]);
  const setup = readOptions({ promotionId, contextId: CONTEXT }, options, false);
  const { settings, auth, signal, transport, credentials } = setup;
  const seed = Number(settings.get("seed") ?? Math.random());
  const run = engine.call((core) => {
    const crossing = intoCore(core, new Map([...settings, ...auth]));
    return core.Run.check(crossing, performance.now(), Date.now(), seed);
  });
  const driver = new Driver(engine, run, {
    transport,
    credentials: () => credentials,
    onCredentialsFailure: () => {},
    append: async () => {},
    onChange: () => {},
    drain: null,
    watch: null,
  });
  const onAbort = () => driver.tell((run) => run.cancel());
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    if (signal?.aborted) run.cancel();
    await driver.drive();
    return Object.freeze({ promotionId, ...engine.call(() => run.checked()) });
  } finally {
    signal?.removeEventListener("abort", onAbort);
    engine.call(() => run.free());
  }
}
