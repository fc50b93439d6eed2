/** Everything that can be found wrong before the input is read, and the means to read it. */
import { readOptions } from "./options.js";
import { Reading } from "./reading.js";
import { sourceOf } from "./sources.js";

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
  check(engine, setup.request, setup.options);
  const reading = new Reading(engine, engine.call((core) => new core.Intake(setup.input)));
  return {
    setup,
    read: () => reading.read(source),
    cut: () => reading.cut(),
    replaceAuth: (/** @type {object} */ auth) => {
      check(engine, setup.request, { ...setup.options, auth });
      setup.options.auth = auth;
    },
  };
}

/**
 * The core checks requests and options where it plans, and a plan takes an input: one id stands
 * in for it, so that a misspelt host is told before a gigabyte of customers is read.
 *
 * @param {import("./engine.js").Engine} engine
 * @param {import("./core.js").RequestForCore} request
 * @param {import("./core.js").OptionsForCore} options
 * @throws {import("./errors.js").IssueBulkError}
 */
function check(engine, request, options) {
  engine.call((core) => {
    const sample = new core.Intake({});
    sample.pushText("1");
    const input = sample.finish();
    core.plan(request, options, input);
    input.free();
  });
}
