/** How each kind of run begins: what can be found wrong before anything is read, and the rest. */
import type { Input, IssueRun, Plan, ReadBackRun, Recovered } from "./core.js";
import type { Engine } from "./engine.js";
import { IssueBulkError, invalidArgument } from "./errors.js";
import type { Host } from "./host.js";
import { RunJournal } from "./journal.js";
import { handlersOf, journalOf, type Handlers } from "./options.js";
import { Reading } from "./reading.js";
import { Report } from "./report.js";
import { sourceOf } from "./sources.js";
import type { Plan as Forecast } from "./types/options.js";

export interface Prepared {
  readonly plan: Plan;
  readonly handlers: Handlers;
  /** The journal of the run, if it has one. */
  readonly runJournal: RunJournal | null;
  /**
   * Reads the input or the journal and makes the run; null if the reading was stopped too early to
   * know any id of the input.
   */
  open(host: Host): Promise<IssueRun | ReadBackRun | null>;
  /** Ends the reading of what is still arriving. */
  cut(): void;
}

/**
 * A new run.
 *
 * @throws {IssueBulkError} for a mistake in the arguments
 */
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
  const { journal } = handlers;
  const runJournal = journal === undefined ? null : new RunJournal(engine, journal);
  const read = () => reading.read(source);

  return {
    plan,
    handlers,
    runJournal,
    read,
    open: async (host) => {
      await runJournal?.begin();
      const input = await read();
      if (input === null) return null;
      return engine.call((core) => new core.IssueRun(plan, input, host, Math.random()));
    },
    cut: () => reading.cut(),
  };
}

/**
 * A run that goes on from its journal.
 *
 * @throws {IssueBulkError} for a mistake in the arguments
 */
export function prepareResume(
  engine: Engine,
  journal: unknown,
  options: unknown,
  isJob: boolean,
): Prepared {
  const given = options as
    | { journal?: unknown; request?: { customerIds?: unknown; confirmed?: unknown } }
    | undefined;
  if (given?.journal !== undefined) {
    throw invalidArgument("options.journal is not for resumeIssueBulk, whose journal comes first.");
  }
  const plan = engine.call((core) => core.Plan.ofResumedRun(options, isJob));
  const handlers = handlersOf(options);
  const runJournal = new RunJournal(engine, journalOf(journal, "journal"));
  const customerIds = given?.request?.customerIds;
  if (customerIds === undefined && given?.request?.confirmed !== undefined) {
    throw invalidArgument("request.confirmed is compared with request.customerIds; give both.");
  }
  const comparison = customerIds === undefined ? null : compare(engine, plan, customerIds);

  return {
    plan,
    handlers,
    runJournal,
    open: async (host) => {
      const recovered = await runJournal.recover();
      await comparison?.run(recovered);
      return engine.call((core) => core.IssueRun.resumed(plan, recovered, host, Math.random()));
    },
    cut: () => comparison?.cut(),
  };
}

/** Reads an input that was given again, which must hold all customers of the journal. */
function compare(engine: Engine, plan: Plan, customerIds: unknown) {
  const source = sourceOf(customerIds);
  const reading = new Reading(engine, engine.call(() => plan.intake()));
  let isCut = false;
  return {
    cut: () => {
      isCut = true;
      reading.cut();
    },
    run: async (recovered: Recovered) => {
      const input = await reading.read(source);
      // Who cancels while the input arrives sends nothing, whatever it holds.
      if (input !== null && !isCut) engine.call(() => recovered.admit(plan, input));
    },
  };
}

/**
 * A read-back of the unknown ids of a run; the report stays unchanged.
 *
 * @throws {IssueBulkError} for a mistake in the options
 */
export function prepareReconcile(engine: Engine, report: Report, options: unknown): Prepared {
  const plan = engine.call((core) => core.Plan.ofReadBack(options));
  return {
    plan,
    handlers: handlersOf(options),
    runJournal: null,
    open: async (host) =>
      Report.readFrom(
        report,
        (outcomes, core) => new core.ReadBackRun(plan, outcomes, host, Math.random()),
      ),
    cut: () => {},
  };
}

/** What a run would do, without doing it. */
export async function forecast(
  engine: Engine,
  request: unknown,
  options: unknown,
): Promise<Forecast> {
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
