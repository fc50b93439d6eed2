/** What the service says of a promotion, before anything is issued. */
import { Driver } from "./driver.js";
import type { Engine } from "./engine.js";
import { handlersOf } from "./options.js";
import type { PromotionCheck } from "./types/check.js";

/**
 * @throws {IssueBulkError} for wrong arguments; never for what the service or the network does
 */
export async function check(
  engine: Engine,
  request: unknown,
  options: unknown,
): Promise<PromotionCheck> {
  const plan = engine.call((core) => core.Plan.ofCheck(request, options));
  const { promotionId } = request as { promotionId: string };
  const { signal, transport, credentials } = handlersOf(options);
  const run = engine.call((core) =>
    core.Run.check(plan, performance.now(), Date.now(), Math.random()),
  );
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
    engine.call(() => {
      run.free();
      plan.free();
    });
  }
}
