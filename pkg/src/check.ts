/** What the service says of a promotion, before anything is issued. */
import type { Engine } from "./engine.js";
import { Host } from "./host.js";
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
  const host = new Host(engine, {
    transport,
    credentials: () => credentials,
    append: undefined,
    hooks: undefined,
    onOutcomes: undefined,
    onChange: () => {},
    cancel: () => {},
    notes: [],
  });
  const checking = engine.call((core) => new core.CheckRun(plan, host, Math.random()));
  const run = engine.call(() => checking.run);
  const onAbort = () => engine.call(() => run.cancel());
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await host.drive(run, () => signal?.removeEventListener("abort", onAbort));
    return Object.freeze({ promotionId, ...engine.call(() => checking.checked()) });
  } finally {
    engine.call(() => {
      checking.free();
      plan.free();
    });
  }
}
