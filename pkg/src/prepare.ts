/** Everything that can be found wrong before the input is read, and the means to read it. */
import type { Input, IssueRun, Plan, ReadBackRun } from "./core.js";
import type { Engine } from "./engine.js";
import type { Host } from "./host.js";
import { Keeper } from "./journal.js";
import { handlersOf, type Handlers } from "./options.js";
import { Reading } from "./reading.js";
import { sourceOf } from "./sources.js";

export interface Prepared {
  readonly plan: Plan;
  readonly handlers: Handlers;
  /** The keeper of the journal, if there is one. */
  readonly keeper: Keeper | null;
  /**
   * Reads what there is to read and makes the run; null when the reading was cut before anything
   * could be said of the input.
   */
  open(host: Host): Promise<IssueRun | ReadBackRun | null>;
  /** Ends the reading of what is still arriving. */
  cut(): void;
}

/** @throws {IssueBulkError} for a mistake in the arguments */
export function prepare(
  engine: Engine,
  request: unknown,
  options: unknown,
  isJob: boolean,
): Prepared & { read(): Promise<Input | null> } {
  const plan = engine.call((core) => core.Plan.ofRun(request, options, isJob));
  const handlers = handlersOf(options);
  const source = sourceOf((request as { customerIds: unknown }).customerIds);
  const reading = new Reading(engine, engine.call(() => plan.intake()));
  const keeper = handlers.journal === undefined ? null : new Keeper(engine, handlers.journal);
  const read = () => reading.read(source);

  return {
    plan,
    handlers,
    keeper,
    read,
    open: async (host) => {
      await keeper?.begin();
      const input = await read();
      if (input === null) return null;
      return engine.call((core) => new core.IssueRun(plan, input, host, Math.random()));
    },
    cut: () => reading.cut(),
  };
}
