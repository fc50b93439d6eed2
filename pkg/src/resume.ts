/** A run that goes on from its journal: what can be found wrong before it is read, and the rest. */
import type { Plan, Recovered } from "./core.js";
import type { Engine } from "./engine.js";
import { invalidArgument } from "./errors.js";
import { Keeper } from "./journal.js";
import { handlersOf, journalOf } from "./options.js";
import type { Prepared } from "./prepare.js";
import { Reading } from "./reading.js";
import { sourceOf } from "./sources.js";

/** @throws {IssueBulkError} for a mistake in the arguments */
export function prepareResume(
  engine: Engine,
  journal: unknown,
  options: unknown,
  isJob: boolean,
): Prepared {
  const given = options as { journal?: unknown; request?: { customerIds?: unknown } } | undefined;
  if (given?.journal !== undefined) {
    throw invalidArgument("options.journal is not for resumeIssueBulk, whose journal comes first.");
  }
  const plan = engine.call((core) => core.Plan.ofResumedRun(options, isJob));
  const handlers = handlersOf(options);
  const keeper = new Keeper(engine, journalOf(journal, "journal"));
  const customerIds = given?.request?.customerIds;
  const comparison = customerIds === undefined ? null : compare(engine, plan, customerIds);

  return {
    plan,
    handlers,
    keeper,
    open: async (host) => {
      const recovered = await keeper.recover();
      await comparison?.run(recovered);
      return engine.call((core) => core.IssueRun.resumed(plan, recovered, host, Math.random()));
    },
    cut: () => comparison?.cut(),
  };
}

/** Reads an input that was given again, which must be that of the journal. */
function compare(engine: Engine, plan: Plan, customerIds: unknown) {
  const source = sourceOf(customerIds);
  const reading = new Reading(engine, engine.call(() => plan.intake()));
  return {
    cut: () => reading.cut(),
    run: async (recovered: Recovered) => {
      const input = await reading.read(source);
      // Who cancels while the input arrives sends nothing, whatever it holds.
      if (input !== null) engine.call(() => recovered.admit(input));
    },
  };
}
