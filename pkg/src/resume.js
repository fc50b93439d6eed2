/** A run that goes on from its journal: what can be found wrong before it is read, and the rest. */
import { IssueBulkError } from "./errors.js";
import { Keeper } from "./journal.js";
import { journalOf, readOptions, record } from "./options.js";
import { check } from "./prepare.js";
import { Reading } from "./reading.js";
import { intoCore } from "./settings.js";
import { sourceOf } from "./sources.js";

/** Stands in for what the journal has and the caller left out. */
const FROM_JOURNAL = Object.freeze({ promotionId: "0", contextId: "0" });

/**
 * @param {import("./engine.js").Engine} engine
 * @param {unknown} journal
 * @param {unknown} given options
 * @param {boolean} isJob
 * @returns {import("./prepare.js").Prepared}
 * @throws {IssueBulkError}
 */
export function prepareResume(engine, journal, given, isJob) {
  engine.assertReady();
  const { request = {}, ...options } = record(given, "options");
  if (options.journal !== undefined) {
    const message = "options.journal is not for resumeIssueBulk, whose journal comes first.";
    throw new IssueBulkError("invalid-argument", message);
  }
  const setup = readOptions(request, options, isJob);
  const keeper = new Keeper(engine, journalOf(journal, "journal"));
  const forCheck = () => new Map([...Object.entries(FROM_JOURNAL), ...setup.settings]);
  check(engine, forCheck(), setup.auth);
  const comparison = setup.customerIds === undefined ? null : compare(engine, setup);

  return {
    setup,
    keeper,
    open: async () => {
      const recovered = await keeper.recover();
      await comparison?.run(recovered);
      return (core, crossing, seed) =>
        core.Run.resumed(crossing, recovered, performance.now(), Date.now(), seed);
    },
    cut: () => comparison?.cut(),
    replaceAuth: (auth) => {
      check(engine, forCheck(), auth);
      setup.auth = auth;
    },
  };
}

/**
 * Reads an input that was given again, which must be that of the journal.
 *
 * @param {import("./engine.js").Engine} engine
 * @param {import("./options.js").Setup} setup
 */
function compare(engine, setup) {
  const source = sourceOf(setup.customerIds);
  const intake = engine.call((core) => new core.Intake(intoCore(core, setup.settings)));
  const reading = new Reading(engine, intake);
  return {
    cut: () => reading.cut(),
    run: async (/** @type {import("./core.js").Recovered} */ recovered) => {
      const input = await reading.read(source);
      // Who cancels while the input arrives sends nothing, whatever it holds.
      if (input !== null) engine.call(() => recovered.check(input));
    },
  };
}
