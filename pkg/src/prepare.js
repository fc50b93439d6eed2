/** Everything that can be found wrong before the input is read, and the means to read it. */
import { readOptions } from "./options.js";
import { Reading } from "./reading.js";
import { intoCore } from "./settings.js";
import { sourceOf } from "./sources.js";

/** @typedef {import("./settings.js").Settings} Settings */

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
  return {
    setup,
    read: () => reading.read(source),
    cut: () => reading.cut(),
    replaceAuth: (/** @type {Settings} */ auth) => {
      check(engine, setup.settings, auth);
      setup.auth = auth;
    },
  };
}

/**
 * The core checks requests and options where it plans, and a plan takes an input: one id stands
 * in for it, so that a misspelt host is told before a gigabyte of customers is read.
 *
 * @param {import("./engine.js").Engine} engine
 * @param {Settings} settings
 * @param {Settings} auth
 * @throws {import("./errors.js").IssueBulkError}
 */
function check(engine, settings, auth) {
  engine.call((core) => {
    const sample = new core.Intake(new core.Settings());
    sample.pushText("1");
    const input = sample.finish();
    core.plan(intoCore(core, new Map([...settings, ...auth])), input);
    input.free();
  });
}
