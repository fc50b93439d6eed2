/** A read-back of what a run left unknown: a new report, the old one stays as it is. */
import type { Engine } from "./engine.js";
import { handlersOf } from "./options.js";
import type { Prepared } from "./prepare.js";
import { Report } from "./report.js";

/** @throws {IssueBulkError} for a mistake in the options */
export function prepareReconcile(engine: Engine, report: Report, options: unknown): Prepared {
  const plan = engine.call((core) => core.Plan.ofReadBack(options));
  return {
    plan,
    handlers: handlersOf(options),
    keeper: null,
    open: async (host) =>
      Report.readFrom(
        report,
        (outcomes, core) => new core.ReadBackRun(plan, outcomes, host, Math.random()),
      ),
    cut: () => {},
  };
}
