/** Everything that can be found wrong before the input is read, and the means to read it. */
import { Keeper } from "./journal.js";
import { readOptions } from "./options.js";
import { Reading } from "./reading.js";
import { intoCore } from "./settings.js";
import { sourceOf } from "./sources.js";

/** @typedef {import("./settings.js").Settings} Settings */

/**
 * Makes a run of the core; it is called within a call of the core.
 *
 * @callback Begin
 * @param {import("./core.js").Core} core
 * @param {import("./core.js").Settings} crossing
 * @param {number} seed
 * @returns {import("./core.js").Run}
 */

/**
 * @typedef {object} Prepared
 * @property {import("./options.js").Setup} setup
 * @property {Keeper | null} keeper of the journal, if there is one
 * @property {() => Promise<Begin | null>} open reads what there is to read; null when that was cut
 *   before anything could be said of it
 * @property {() => void} cut ends the reading of what is still arriving
 * @property {(auth: Settings) => void} replaceAuth before the run begins
 */

/**
 * @param {import("./engine.js").Engine} engine
 * @param {unknown} request
 * @param {unknown} options
 * @param {boolean} isJob
 * @throws {import("./errors.js").IssueBulkError}
 */
export function prepare(engine, request, options, isJob) {
  engine.assertReady();
  const setup = readOptions(request, options, isJob);
  const source = sourceOf(setup.customerIds);
  check(engine, setup.settings, setup.auth);
  const intake = engine.call((core) => new core.Intake(intoCore(core, setup.settings)));
  const reading = new Reading(engine, intake);
  const keeper = setup.journal === undefined ? null : new Keeper(engine, setup.journal);
  const read = () => reading.read(source);

  return {
    setup,
    keeper,
    read,
    /** @type {Prepared["open"]} */
    open: async () => {
      await keeper?.begin();
      const input = await read();
      if (input === null) return null;
      return (core, crossing, seed) =>
        new core.Run(crossing, input, performance.now(), Date.now(), seed);
    },
    cut: () => reading.cut(),
    replaceAuth: (/** @type {Settings} */ auth) => {
      check(engine, setup.settings, auth);
      setup.auth = auth;
    },
  };
}

/**
 * A misspelt host is told before a gigabyte of customers is read.
 *
 * @param {import("./engine.js").Engine} engine
 * @param {Settings} settings
 * @param {Settings} auth
 * @throws {import("./errors.js").IssueBulkError}
 */
export function check(engine, settings, auth) {
  engine.call((core) => core.validate(intoCore(core, new Map([...settings, ...auth]))));
}
