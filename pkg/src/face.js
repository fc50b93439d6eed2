/** The functions of the package, on the core that the entry has booted. */
import { check } from "./check.js";
import { engine } from "./engine.js";
import { Job } from "./job.js";
import { Keeper } from "./journal.js";
import { journalOf } from "./options.js";
import { plan } from "./plan.js";
import { prepare } from "./prepare.js";
import { prepareReconcile } from "./reconcile.js";
import { Report } from "./report.js";
import { prepareResume } from "./resume.js";

export { IssueBulkError } from "./errors.js";
export { indexedDbJournal } from "./indexed-db.js";

/** @type {typeof import("../types/main.cjs").issueBulk} */
export async function issueBulk(request, options) {
  return new Job(engine, prepare(engine, request, options, false)).done;
}

/** @type {typeof import("../types/main.cjs").startIssueBulk} */
export function startIssueBulk(request, options) {
  return new Job(engine, prepare(engine, request, options, true));
}

/** @type {typeof import("../types/main.cjs").resumeIssueBulk} */
export async function resumeIssueBulk(journal, options) {
  return new Job(engine, prepareResume(engine, journal, options, false)).done;
}

/** @type {typeof import("../types/main.cjs").startResumeIssueBulk} */
export function startResumeIssueBulk(journal, options) {
  return new Job(engine, prepareResume(engine, journal, options, true));
}

/** @type {typeof import("../types/main.cjs").readJournal} */
export async function readJournal(journal) {
  const keeper = new Keeper(engine, journalOf(journal, "journal"));
  try {
    const recovered = await keeper.look();
    const outcomes = engine.call(() => recovered.review(performance.now(), Date.now()));
    // Its disposer is defined where the runtime has the symbol, which the checker cannot see.
    return /** @type {any} */ (new Report(engine, outcomes, []));
  } finally {
    await keeper.close();
  }
}

/** @type {typeof import("../types/main.cjs").reconcile} */
export async function reconcile(source, options) {
  const isReport = source instanceof Report;
  const report = isReport ? source : await readJournal(journalOf(source, "report"));
  // What never had a customer has none that is unknown.
  if (report.length === 0) return /** @type {any} */ (report);
  return new Job(engine, prepareReconcile(engine, report, options)).done;
}

/** @type {typeof import("../types/main.cjs").checkPromotion} */
export async function checkPromotion(request, options) {
  return check(engine, request, options);
}

/** @type {typeof import("../types/main.cjs").planIssueBulk} */
export async function planIssueBulk(request, options) {
  return plan(engine, request, options);
}

/** @type {typeof import("../types/main.cjs").version} */
export function version() {
  return engine.call((core) => core.version());
}
