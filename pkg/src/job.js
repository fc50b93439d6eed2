/** One run from its input to its report, and what its user sees of it meanwhile. */
import { Hooks } from "./hooks.js";
import { NoOutcomes } from "./no-outcomes.js";
import { readAuth } from "./options.js";
import { prepare } from "./prepare.js";
import { NOTHING_YET, ProgressFeed } from "./progress.js";
import { Report } from "./report.js";
import { Watchdog } from "./watchdog.js";

/** @typedef {import("../types/job.cjs").Progress} Progress */

export class Job {
  #engine;
  #prepared;
  #hooks;
  /** @type {import("./core.js").Run | null} */
  #run = null;
  #isPaused = false;
  #isCancelled = false;
  #feed;
  /** @type {import("./notes.js").Note[]} */
  #notes = [];
  #done;

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {unknown} request
   * @param {unknown} options
   * @param {boolean} isJob
   * @throws {import("./errors.js").IssueBulkError} for what is wrong before the input is read
   */
  constructor(engine, request, options, isJob) {
    this.#engine = engine;
    this.#prepared = prepare(engine, request, options, isJob);
    const { setup } = this.#prepared;
    this.#feed = new ProgressFeed(setup.onProgress, this.#notes);
    const publish = (/** @type {Progress} */ progress) => this.#feed.publish(progress);
    this.#hooks = new Hooks(engine, setup, publish, this.#notes);
    this.#done = this.#live(setup.signal);
  }

  /** @returns {Promise<import("../types/report.cjs").Report>} */
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

  snapshot() {
    const run = this.#run;
    return run === null ? this.#feed.latest : this.#engine.call(() => run.progress());
  }

  pause() {
    this.#isPaused = true;
    const run = this.#run;
    if (run !== null) this.#engine.call(() => run.pause());
  }

  /** @param {import("../types/options.cjs").Auth} [given] */
  resume(given) {
    const { auth, credentials } = readAuth(given);
    const run = this.#run;
    if (run !== null) this.#engine.call(() => run.resume(auth));
    else if (auth !== undefined) this.#prepared.replaceAuth(auth);
    // The core asks for credentials later, in a turn of its own.
    if (credentials !== undefined) this.#hooks.credentials = credentials;
    this.#isPaused = false;
  }

  cancel() {
    this.#isCancelled = true;
    this.#prepared.cut();
    const run = this.#run;
    if (run !== null) this.#engine.call(() => run.cancel());
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
      const input = await this.#prepared.read();
      const report = input === null ? this.#withoutInput() : await this.#work(input);
      this.#feed.end();
      return report;
    } catch (error) {
      this.#feed.end({ error });
      throw error;
    } finally {
      this.#run = null;
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

  /** @param {import("./core.js").Input} input */
  async #work(input) {
    const run = this.#engine.call((core) => this.#begin(core, input));
    const watchdog = new Watchdog(this.#engine, () => this.#ask(run));
    this.#hooks.onEntry = () => watchdog.heard();
    this.#run = run;
    await watchdog.guard(this.#engine.call(() => run.start(this.#hooks.forCore())));
    return this.#end(run);
  }

  /**
   * @param {import("./engine.js").Core} core
   * @param {import("./core.js").Input} input
   */
  #begin(core, input) {
    const { request, options } = this.#prepared.setup;
    const run = new core.Run(request, options, input);
    if (this.#isPaused) run.pause();
    if (this.#isCancelled) run.cancel();
    return run;
  }

  /**
   * Makes the core tell the progress: resuming a run that is not paused does nothing else.
   *
   * @param {import("./core.js").Run} run
   * @returns {boolean} whether it was asked
   */
  #ask(run) {
    return this.#engine.call(() => {
      if (run.progress().state === "paused") return false;
      run.resume();
      return true;
    });
  }

  /** @param {import("./core.js").Run} run */
  #end(run) {
    const outcomes = this.#engine.call(() => {
      this.#feed.publish(run.progress());
      return run.outcomes();
    });
    this.#run = null;
    this.#engine.call(() => run.free());
    return new Report(this.#engine, outcomes, this.#notes);
  }
}
