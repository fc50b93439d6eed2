/** The functions of the package, on the core that the entry has booted. */
import { check } from "./check.js";
import type { Recovered } from "./core.js";
import { engine } from "./engine.js";
import { Job as OwnJob } from "./job.js";
import { RunJournal } from "./journal.js";
import { journalOf } from "./options.js";
import { forecast, prepare, prepareReconcile, prepareResume } from "./prepare.js";
import { Report as OwnReport } from "./report.js";
import { revokeIssuances } from "./revoke.js";
import type { CheckOptions, PromotionCheck } from "./types/check.js";
import type { Job } from "./types/job.js";
import type { Journal, ResumeOptions } from "./types/journal.js";
import type { IssueRequest, Plan, ReconcileOptions, RunOptions } from "./types/options.js";
import type { Report } from "./types/report.js";
import type { RevokeOptions, RevokeReport, RevokeRequest } from "./types/revoke.js";

export { IssueBulkError } from "./errors.js";
export type * from "./errors.js";
export { fetchTransport } from "./fetch.js";
export { indexedDbJournal } from "./indexed-db.js";
export type * from "./types/check.js";
export type * from "./types/hooks.js";
export type * from "./types/input.js";
export type * from "./types/job.js";
export type * from "./types/journal.js";
export type * from "./types/options.js";
export type * from "./types/report.js";
export type * from "./types/revoke.js";

/**
 * Issues one promotion to every customer and resolves with one outcome per customer.
 *
 * The promise resolves whatever the service or the network does: refusals, lost answers, a
 * cancelled run and a missing promotion are in the report, the last two also in
 * {@link Report.stopped}. An id whose answer was lost ends as `unknown` and is never sent again.
 *
 * @throws {@link IssueBulkError} as a rejection, for mistakes only the program can fix (a wrong
 *   option, an input that cannot be read, no ids at all). Nothing was sent then, except with the
 *   code `core-crashed`.
 */
export async function issueBulk(
  request: IssueRequest,
  options: RunOptions,
): Promise<Report> {
  return new OwnJob(engine, prepare(engine, request, options, false)).done;
}

/**
 * Starts the same run and returns at once with a {@link Job} that can be watched, paused and
 * cancelled.
 *
 * Where `issueBulk` would stop because somebody has to act (refused credentials, a `Retry-After`
 * beyond two minutes), a job pauses; `job.resume()` goes on, with new credentials if given.
 *
 * @throws {@link IssueBulkError} at once for a wrong request or option, before the input is read.
 *   What is wrong with the input itself rejects `job.done`.
 */
export function startIssueBulk(request: IssueRequest, options: RunOptions): Job {
  return new OwnJob(engine, prepare(engine, request, options, true));
}

/**
 * Goes on with a run that was interrupted, also by a crash or `kill -9`: outcomes that were known
 * stay, what was not sent is sent, and what was on its way ends as `unknown` with the reason
 * `interrupted`, since it may have been issued. It needs no input; the journal has the ids. A run
 * that had come to its end just gives its report.
 *
 * @param options as for `issueBulk`; the host and the credentials must be given again.
 * @throws {@link IssueBulkError} as a rejection, as `issueBulk`, and `journal-empty`,
 *   `journal-mismatch`, `journal-damaged`, `journal-version`, `journal-locked` or
 *   `journal-failed`; nothing was sent then.
 */
export async function resumeIssueBulk(
  journal: Journal,
  options: ResumeOptions,
): Promise<Report> {
  return new OwnJob(engine, prepareResume(engine, journal, options, false)).done;
}

/** The same as a {@link Job}, as `startIssueBulk` is to `issueBulk`. */
export function startResumeIssueBulk(journal: Journal, options: ResumeOptions): Job {
  return new OwnJob(engine, prepareResume(engine, journal, options, true));
}

/**
 * The report of a journal as it stands. Sends nothing and writes nothing; what was not sent is
 * `unsent`, what was on its way `unknown`, and {@link Report.stopped} says so.
 *
 * @throws {@link IssueBulkError} as a rejection, as `resumeIssueBulk`.
 */
export async function readJournal(journal: Journal): Promise<Report> {
  return reportOf(journal);
}

/**
 * Reads the customers' promotions back to find out what became of the ids that a run left
 * `unknown`, and gives a **new** report; the old one stays as it is.
 *
 * Nothing is read before the quiet period is over. Each customer is then read twice, some time
 * apart, and only two readings that agree decide: an issuance of the promotion from the time of the
 * run makes the id `issued` (`verifiedBy: "read-back"`), none makes it `unsent`
 * (`read-back-not-issued`). What cannot be told stays `unknown`, and a note says why.
 *
 * It cannot tell this run's issuance from one that somebody else made for the same customer and
 * promotion while the run lasted, and it takes for "not issued" what was taken back before it was
 * read, or what the service shows only after the quiet period. What the service or the network does
 * never rejects it.
 *
 * @param report of a run, or the journal of one that was interrupted and shall not go on.
 * @throws {@link IssueBulkError} as a rejection, for a wrong option, and as `readJournal`.
 */
export async function reconcile(
  report: Report | Journal,
  options: ReconcileOptions,
): Promise<Report> {
  const isReport = report instanceof OwnReport;
  const source = isReport ? report : await reportOf(journalOf(report, "report"));
  // An empty report has nothing to reconcile.
  if (source.length === 0) return source;
  return new OwnJob(engine, prepareReconcile(engine, source, options)).done;
}

/**
 * Asks the service about a promotion before it is issued: whether it exists, is active and can be
 * issued to customers, and how often a customer may have it. It issues nothing.
 *
 * It resolves whatever the service or the network does; where the promotion could not be read, a
 * finding says so.
 *
 * @throws {@link IssueBulkError} as a rejection, for a wrong argument.
 */
export async function checkPromotion(
  request: { promotionId: string },
  options: CheckOptions,
): Promise<PromotionCheck> {
  return check(engine, request, options);
}

/**
 * Takes issuances back that were made in error. What a customer has redeemed stays.
 *
 * The service documents the call for earn ids, and not that the id of an issuance is one. So the
 * first call takes a single issuance back, and only when its answer finds it do others follow, one
 * call a customer; otherwise {@link RevokeReport.stopped} says `first-not-revoked`.
 *
 * A call is made again only where it provably did nothing; an answer that does not say leaves its
 * issuances `unknown`. To take those back once more does no harm. The promise resolves whatever the
 * service or the network does.
 *
 * @throws {@link IssueBulkError} as a rejection, for a wrong argument. Nothing was sent then,
 *   except with the code `core-crashed`.
 */
export async function revoke(
  request: RevokeRequest,
  options: RevokeOptions,
): Promise<RevokeReport> {
  return revokeIssuances(engine, request, options);
}

/**
 * Reads and checks the input as a run would and says what the run would do. Sends nothing.
 *
 * It consumes the input: a `File` or an array can be given to `issueBulk` afterwards, a stream
 * or a generator cannot.
 *
 * @throws {@link IssueBulkError} as a rejection, for the same mistakes as `issueBulk`.
 */
export async function planIssueBulk(request: IssueRequest, options: RunOptions): Promise<Plan> {
  return forecast(engine, request, options);
}

/** The version of this package, as in its `package.json`. */
export function version(): string {
  return engine.call((core) => core.version());
}

/**
 * The report of a journal whose unsent customers are about to be given out as a list of their own,
 * for a run with another journal. The journal is told before, so that whoever goes on with it is
 * warned (the note `given-out`): going on with it and running the list issues to them twice.
 *
 * @throws {@link IssueBulkError} as a rejection, as `resumeIssueBulk`; also while a run has the
 *   journal open, and where it cannot be written. Give out no list then.
 */
export async function giveOutUnsent(journal: Journal): Promise<Report> {
  const runJournal = new RunJournal(engine, journalOf(journal, "journal"));
  try {
    const recovered = await runJournal.recover();
    await runJournal.note(engine.call(() => recovered.giveOut(Date.now())));
    return reviewed(recovered);
  } finally {
    await runJournal.close();
  }
}

async function reportOf(journal: unknown): Promise<OwnReport> {
  const runJournal = new RunJournal(engine, journalOf(journal, "journal"));
  try {
    return reviewed(await runJournal.look());
  } finally {
    await runJournal.close();
  }
}

function reviewed(recovered: Recovered): OwnReport {
  const outcomes = engine.call(() => recovered.review(performance.now(), Date.now()));
  return new OwnReport(engine, outcomes, []);
}
