/** One run from its input to its report, and what its user sees of it meanwhile. */
import { Drain } from "./drain.js";
import { Driver } from "./driver.js";
import { kindOf } from "./errors.js";
import { NoOutcomes } from "./no-outcomes.js";
import { addNote } from "./notes.js";
import { NOTHING_YET, ProgressFeed } from "./progress.js";
import { Report } from "./report.js";
import { Watch } from "./watch.js";

/** @typedef {import("./types/job.js").Progress} Progress */

export class Job {
  #engine;
  #prepared;
  #credentials;
  /** @type {{ run: import("./core.js").Run, driver: Driver } | null} */
  #active = null;
  /** @type {Progress} at the end of what was driven last */
  #last = NOTHING_YET;
  #isPaused = false;
  #isCancelled = false;
  #feed;
  /** @type {import("./types/report.js").Note[]} */
  #notes = [];
  #done;

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {import("./prepare.js").Prepared} prepared
   */
  constructor(engine, prepared) {
    this.#engine = engine;
    this.#prepared = prepared;
    const { handlers } = this.#prepared;
    this.#credentials = handlers.credentials;
    this.#feed = new ProgressFeed(handlers.onProgress, this.#notes);
    this.#done = this.#live(handlers.signal);
  }

  /** @returns {Promise<import("./types/report.js").Report>} */
  get done() {
    // Its disposer is defined where the runtime has the symbol, which the checker cannot see.
    return /** @type {Promise<any>} */ (this.#done);
  }

  get progress() {
    return {
      [Symbol.asyncIterator]: () => {
        // A failed run is thrown in the loop, and must not also end the process meanwhile.
        this.#done.catch(() => {});
        return this.#feed.reader();
      },
    };
  }

  /** @returns {Progress} */
  snapshot() {
    const run = this.#active?.run;
    if (run === undefined) return this.#feed.latest;
    return this.#engine.call(() => run.progress(performance.now()));
  }

  pause() {
    this.#isPaused = true;
    this.#active?.driver.tell((run) => run.pause());
  }

  /** @param {import("./types/options.js").Auth} [auth] */
  resume(auth) {
    if (auth !== undefined) this.#renew(auth);
    this.#active?.driver.tell((run) => run.resume(performance.now()));
    this.#isPaused = false;
  }

  /** @param {import("./types/options.js").Auth} auth */
  #renew(auth) {
    const { plan } = this.#prepared;
    this.#engine.call(() => plan.setAuth(auth));
    this.#active?.driver.tell((run) => run.renew(plan));
    // The driver asks for credentials later, in a turn of its own.
    if (typeof auth === "function") this.#credentials = auth;
  }

  cancel() {
    this.#isCancelled = true;
    this.#prepared.cut();
    this.#active?.driver.tell((run) => run.cancel());
  }

  /** @param {AbortSignal | undefined} signal */
  async #live(signal) {
    const onAbort = () => this.#cancelQuietly();
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) this.#isCancelled = true;
    try {
      // A pause or a cancel in the turn of the start holds before the first call.
      await null;
      if (this.#isCancelled) this.#prepared.cut();
      const run = await this.#prepared.open();
      const report = run === null ? this.#withoutInput() : await this.#work(run);
      this.#feed.end();
      return report;
    } catch (error) {
      this.#feed.end({ error });
      throw error;
    } finally {
      this.#active = null;
      await this.#prepared.keeper?.close();
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** A listener that throws would end the process; what it would throw rejects `done` anyway. */
  #cancelQuietly() {
    try {
      this.cancel();
    } catch {
      this.#isCancelled = true;
    }
  }

  #withoutInput() {
    this.#feed.publish({ ...NOTHING_YET, state: "done", etaMs: 0 });
    return new Report(this.#engine, new NoOutcomes(), this.#notes);
  }

  /** @param {import("./core.js").Run} run */
  async #work(run) {
    const { plan, handlers } = this.#prepared;
    const { hooks } = handlers;
    const watch = hooks === undefined ? null : new Watch(hooks, this.#notes);
    let outcomes = await this.#drive(run, watch);
    if (!this.#isCancelled && this.#engine.call(() => plan.isReadBack)) {
      outcomes = await this.#readBack(outcomes);
    }
    this.#feed.publish(this.#last);
    const report = new Report(this.#engine, outcomes, this.#notes);
    watch?.runEnded(report);
    return report;
  }

  /** @param {import("./core.js").Outcomes} outcomes which it takes over */
  async #readBack(outcomes) {
    const { plan } = this.#prepared;
    const run = this.#engine.call((core) =>
      core.Run.readBack(plan, outcomes, performance.now(), Date.now(), Math.random()),
    );
    // Hooks tell of what is issued; a reading issues nothing.
    const decided = await this.#drive(run, null);
    this.#engine.call(() => outcomes.free());
    return decided;
  }

  /**
   * Drives a run to its end.
   *
   * @param {import("./core.js").Run} run
   * @param {Watch | null} watch
   * @returns {Promise<import("./core.js").Outcomes>}
   */
  async #drive(run, watch) {
    this.#engine.call(() => {
      if (this.#isPaused) run.pause();
      if (this.#isCancelled) run.cancel();
    });
    const { onOutcomes, transport } = this.#prepared.handlers;
    const stop = () => this.#cancelQuietly();
    const drain =
      onOutcomes === undefined ? null : new Drain(this.#engine, onOutcomes, this.#notes, stop);
    const driver = new Driver(this.#engine, run, {
      transport,
      credentials: () => this.#credentials,
      onCredentialsFailure: (error) => this.#noteCredentials(error),
      append: (bytes) => this.#append(bytes),
      onChange: () => this.#feed.changed(() => this.snapshot()),
      drain,
      watch,
    });
    this.#active = { run, driver };
    watch?.runStarted(this.snapshot());
    await driver.drive();
    await drain?.giveRest(run);
    this.#active = null;
    return this.#engine.call(() => {
      this.#last = run.progress(performance.now());
      return run.outcomes(Date.now());
    });
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {Promise<void>}
   */
  async #append(bytes) {
    try {
      await this.#prepared.keeper?.append(bytes);
    } catch (error) {
      const said = error instanceof Error ? error.message : kindOf(error);
      addNote(this.#notes, "journal-not-written", `The journal could not be written (${said}).`);
      throw error;
    }
  }

  /** @param {unknown} error whose message stays out: it may quote a secret */
  #noteCredentials(error) {
    const name = error instanceof Error ? error.name : typeof error;
    const message = `The function given as auth failed (${name}); it must return headers.`;
    addNote(this.#notes, "auth-callback-failed", message);
  }
}
