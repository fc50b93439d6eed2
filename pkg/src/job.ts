/** One run from its input to its report, and what its user sees of it meanwhile. */
import type { IssueRun, Outcomes, ReadBackRun, Run } from "./core.js";
import type { Engine } from "./engine.js";
import { Host, callHook } from "./host.js";
import type { Prepared } from "./prepare.js";
import { ProgressFeed } from "./progress.js";
import { Report } from "./report.js";
import type { Hooks } from "./types/hooks.js";
import type { Progress } from "./types/job.js";
import type { Auth } from "./types/options.js";
import type { Note, Report as PublicReport } from "./types/report.js";

export class Job {
  #engine;
  #prepared;
  #credentials;
  #active: { subject: IssueRun | ReadBackRun; run: Run } | null = null;
  /** At the end of what was driven last. */
  #last: Progress;
  #isPaused = false;
  #isCancelled = false;
  #feed;
  #notes: Note[] = [];
  #done;

  constructor(engine: Engine, prepared: Prepared) {
    this.#engine = engine;
    this.#prepared = prepared;
    const { plan, handlers } = prepared;
    this.#credentials = handlers.credentials;
    this.#last = engine.call(() => plan.progress());
    this.#feed = new ProgressFeed(this.#last, handlers.onProgress, this.#notes);
    this.#done = this.#live(handlers.signal);
    // Who looks at it later still gets the error; meanwhile it must not end the process.
    this.#done.catch(() => {});
  }

  get done(): Promise<PublicReport> {
    // Its disposer is defined where the runtime has the symbol, which the checker cannot see.
    return this.#done as Promise<any>;
  }

  get progress(): AsyncIterable<Progress> {
    return { [Symbol.asyncIterator]: () => this.#feed.reader() };
  }

  snapshot(): Progress {
    const subject = this.#active?.subject;
    if (subject === undefined) return this.#feed.latest;
    return this.#engine.call(() => subject.progress());
  }

  pause(): void {
    this.#isPaused = true;
    this.#tell((run) => run.pause());
  }

  resume(auth?: Auth): void {
    if (auth !== undefined) this.#renew(auth);
    this.#tell((run) => run.resume());
    this.#isPaused = false;
  }

  #renew(auth: Auth): void {
    const { plan } = this.#prepared;
    this.#engine.call(() => plan.setAuth(auth));
    this.#tell((run) => run.renew(plan));
    // The run asks for credentials later, in a turn of its own.
    if (typeof auth === "function") this.#credentials = auth;
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#prepared.cut();
    this.#tell((run) => run.cancel());
  }

  #tell(action: (run: Run) => void): void {
    const run = this.#active?.run;
    if (run !== undefined) this.#engine.call(() => action(run));
  }

  async #live(signal: AbortSignal | undefined): Promise<Report> {
    const onAbort = () => this.#cancelQuietly();
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) this.#isCancelled = true;
    try {
      // A pause or a cancel in the turn of the start holds before the first call.
      await null;
      if (this.#isCancelled) this.#prepared.cut();
      const host = this.#host(true);
      const subject = await this.#prepared.open(host);
      const report = subject === null ? this.#withoutInput() : await this.#work(host, subject);
      this.#feed.end();
      return report;
    } catch (error) {
      this.#feed.end({ error });
      throw error;
    } finally {
      this.#active = null;
      await this.#prepared.runJournal?.close();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** A listener that throws would end the process; what it would throw rejects `done` anyway. */
  #cancelQuietly(): void {
    try {
      this.cancel();
    } catch {
      this.#isCancelled = true;
    }
  }

  #withoutInput(): Report {
    const { plan } = this.#prepared;
    this.#feed.publish({ ...this.#last, state: "done", etaMs: 0 });
    return new Report(this.#engine, this.#engine.call(() => plan.withoutInput()), this.#notes);
  }

  async #work(host: Host, subject: IssueRun | ReadBackRun): Promise<Report> {
    const { hooks } = this.#prepared.handlers;
    const [beganAt, epochMs] = [performance.now(), Date.now()];
    let outcomes = await this.#drive(host, subject, hooks);
    if (this.#engine.call(() => outcomes.isToBeReadBack(this.#isCancelled))) {
      outcomes = await this.#readBack(outcomes);
    }
    this.#feed.publish(this.#last);
    const report = new Report(this.#engine, outcomes, this.#notes);
    if (hooks !== undefined) {
      const { counts, stopped } = report;
      const durationMs = performance.now() - beganAt;
      callHook(hooks, "onRunEnd", { epochMs, durationMs, counts, stopped }, this.#notes);
    }
    return report;
  }

  /** Takes over the outcomes. */
  async #readBack(outcomes: Outcomes): Promise<Outcomes> {
    const { plan } = this.#prepared;
    const host = this.#host(false);
    const subject = this.#engine.call(
      (core) => new core.ReadBackRun(plan, outcomes, host, Math.random()),
    );
    const decided = await this.#drive(host, subject, undefined);
    this.#engine.call(() => outcomes.free());
    return decided;
  }

  /** Hooks and `onOutcomes` are told of what is issued, and a reading issues nothing. */
  #host(isIssue: boolean): Host {
    const { handlers, runJournal } = this.#prepared;
    return new Host(this.#engine, {
      transport: handlers.transport,
      credentials: () => this.#credentials,
      append: runJournal === null ? undefined : (bytes) => runJournal.append(bytes),
      hooks: isIssue ? handlers.hooks : undefined,
      onOutcomes: isIssue ? handlers.onOutcomes : undefined,
      onChange: () => this.#feed.changed(() => this.snapshot()),
      cancel: () => this.#cancelQuietly(),
      notes: this.#notes,
    });
  }

  /** Drives a run to its end. */
  async #drive(
    host: Host,
    subject: IssueRun | ReadBackRun,
    hooks: Hooks | undefined,
  ): Promise<Outcomes> {
    const run = this.#engine.call(() => subject.run);
    this.#engine.call(() => {
      if (this.#isPaused) run.pause();
      if (this.#isCancelled) run.cancel();
    });
    this.#active = { subject, run };
    if (hooks !== undefined) {
      const { distinct, queued, inFlight } = this.snapshot();
      const event = { epochMs: Date.now(), ids: distinct, settled: distinct - queued - inFlight };
      callHook(hooks, "onRunStart", event, this.#notes);
    }
    await host.drive(run, () => {
      this.#active = null;
    });
    return this.#engine.call(() => {
      this.#last = subject.progress();
      return subject.outcomes();
    });
  }
}
