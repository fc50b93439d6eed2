/** What a run would do, without doing it. */
import type { Engine } from "./engine.js";
import { IssueBulkError } from "./errors.js";
import { prepare } from "./prepare.js";
import type { Plan } from "./types/options.js";

export async function plan(engine: Engine, request: unknown, options: unknown): Promise<Plan> {
  const { plan, handlers, read, cut } = prepare(engine, request, options, false);
  const { signal } = handlers;
  if (signal?.aborted) cut();
  signal?.addEventListener("abort", cut, { once: true });
  try {
    const input = await read();
    if (input === null || signal?.aborted) throw cancelled(signal);
    return engine.call(() => {
      const sums = plan.forecast(input);
      const { format, column, header } = input.summary();
      const problems = input.problems();
      input.free();
      plan.free();
      return { ...sums, format, column: column ?? null, header, problems };
    });
  } finally {
    signal?.removeEventListener("abort", cut);
  }
}

function cancelled(signal: AbortSignal | undefined): IssueBulkError {
  const message = "The plan was cancelled by options.signal.";
  return new IssueBulkError("cancelled", message, { cause: signal?.reason });
}
