/** Everything that can be found wrong before the input is read, and the means to read it. */
import { readOptions } from "./options.js";
import { Reading } from "./reading.js";
import { sourceOf } from "./sources.js";

/**
 * The core checks requests and options where it plans, and a plan takes an input: one id stands
 * in for it, so that a misspelt host is told before a gigabyte of customers is read.
 *
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
  const intake = engine.call((core) => {
    const sample = new core.Intake({});
    sample.pushText("1");
    const input = sample.finish();
    core.plan(setup.request, setup.options, input);
    input.free();
    return new core.Intake(setup.input);
  });
  const reading = new Reading(engine, intake);
  return { setup, read: () => reading.read(source), cut: () => reading.cut() };
}
