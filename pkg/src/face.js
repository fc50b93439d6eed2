/** The functions of the package, on the core that the entry has booted. */
import { engine } from "./engine.js";
import { Job } from "./job.js";
import { plan } from "./plan.js";

export { IssueBulkError } from "./errors.js";

/** @type {typeof import("../types/main.cjs").issueBulk} */
export async function issueBulk(request, options) {
  return new Job(engine, request, options, false).done;
}

/** @type {typeof import("../types/main.cjs").startIssueBulk} */
export function startIssueBulk(request, options) {
  return new Job(engine, request, options, true);
}

/** @type {typeof import("../types/main.cjs").planIssueBulk} */
export async function planIssueBulk(request, options) {
  return plan(engine, request, options);
}

/** @type {typeof import("../types/main.cjs").version} */
export function version() {
  return engine.call((core) => core.version());
}
