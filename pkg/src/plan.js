/** What a run would do, without doing it. */
import { prepare } from "./prepare.js";
import { IssueBulkError } from "./errors.js";
import { intoCore } from "./settings.js";

/**
 * @param {import("./engine.js").Engine} engine
 * @param {unknown} request
 * @param {unknown} options
 * @returns {Promise<import("./types/options.js").Plan>}
 */
export async function plan(engine, request, options) {
  const { setup, read, cut } = prepare(engine, request, options, false);
  const { signal } = setup;
  if (signal?.aborted) cut();
  signal?.addEventListener("abort", cut, { once: true });
  try {
    const input = await read();
    if (input === null || signal?.aborted) throw cancelled(signal);
    return engine.call((core) => {
      const sums = core.plan(intoCore(core, setup.settings), input);
      const { format, column, header } = input.summary();
      const problems = input.problems();
      input.free();
      return { ...sums, format, column: column ?? null, header, problems };
    });
  } finally {
    signal?.removeEventListener("abort", cut);
  }
}

/** @param {AbortSignal | undefined} signal */
function cancelled(signal) {
  const message = "The plan was cancelled by options.signal.";
  return new IssueBulkError("cancelled", message, { cause: signal?.reason });
}
