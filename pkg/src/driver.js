/**
 * Drives a run of the core: asks it what to do next, does it with the transport and the runtime's
 * timers, and tells it what happened. It decides nothing. Each call into the core is over before
 * anything waits, and code of others runs in turns of its own, never inside such a call.
 */
import { askCaller, fetchToken } from "./credentials.js";
import { headOf, readBody, send, wasNotSent } from "./exchange.js";

/** What the core answers when it is asked what to do next; anything else is the end. */
const SEND = 0;
const ABORT = 1;
const FETCH_CREDENTIALS = 2;
const WAIT = 3;
const PERSIST = 4;

/** A longer delay would wrap and fire at once; waking early is harmless. */
const DELAY_MS_MAX = 0x7fff_fffe;

/**
 * What a run needs of the world around it.
 *
 * @typedef {object} World
 * @property {import("./exchange.js").Transport} transport
 * @property {() => import("./types/options.js").AuthCallback | undefined} credentials
 * @property {(error: unknown) => void} onCredentialsFailure told what the caller's function threw
 * @property {(bytes: Uint8Array) => Promise<void>} append to the journal, where it lasts
 * @property {() => void} onChange something may have moved
 * @property {import("./drain.js").Drain | null} drain takes outcomes as they settle
 * @property {import("./watch.js").Watch | null} watch told of attempts and batches
 */

/** @typedef {import("./exchange.js").Target} Target */
/** @typedef {{ batch: number, attempt: number, controller: AbortController }} Attempt */

export class Driver {
  #engine;
  #run;
  #world;
  #isOver = false;
  /** The core was told that outcomes pile up. */
  #isHeld = false;
  /** @type {Set<Attempt>} in flight */
  #attempts = new Set();
  /** @type {Target} of the exchange that began last */
  #target = { url: "", headers: {} };
  /** @type {AbortController | null} of the credentials that are being fetched */
  #renewal = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** What it was set for, on the clock of the run. */
  #timerAt = Infinity;
  /** @type {() => void} */
  #resolve = () => {};
  /** @type {(error: unknown) => void} */
  #reject = () => {};

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {import("./core.js").Run} run
   * @param {World} world
   */
  constructor(engine, run, world) {
    this.#engine = engine;
    this.#run = run;
    this.#world = world;
  }

  /**
   * Drives the run to its end. What the service or the network does never rejects it; a crash of
   * the core does, in whichever run it happens.
   *
   * @returns {Promise<void>}
   */
  async drive() {
    /** @type {() => void} */
    let forget = () => {};
    try {
      await new Promise((resolve, reject) => {
        this.#resolve = () => resolve(undefined);
        this.#reject = reject;
        forget = this.#engine.onCrash(reject);
        this.tell((run) => run.start(performance.now()));
      });
    } finally {
      this.#isOver = true;
      clearTimeout(this.#timer);
      this.#renewal?.abort();
      forget();
    }
  }

  /**
   * Tells the core something and does what it wants next.
   *
   * @param {(run: import("./core.js").Run) => void} action
   * @throws {import("./errors.js").IssueBulkError} what the core refuses
   */
  tell(action) {
    if (this.#isOver) return;
    this.#engine.call(() => action(this.#run));
    this.#advance();
  }

  #advance() {
    const run = this.#run;
    if (this.#isOver) return;
    this.#heed(this.#world.drain);
    for (;;) {
      switch (this.#engine.call(() => run.poll(performance.now()))) {
        case SEND:
          this.#exchange(run.batch, run.attempt).catch(this.#reject);
          break;
        case ABORT:
          this.#abort(run.batch, run.attempt);
          this.#conclude();
          break;
        case FETCH_CREDENTIALS:
          this.#renew().catch(this.#reject);
          break;
        case PERSIST:
          this.#persist().catch(this.#reject);
          break;
        case WAIT:
          this.#wait(run.until);
          this.#world.onChange();
          return;
        default:
          this.#isOver = true;
          this.#resolve();
          return;
      }
    }
  }

  /**
   * Nothing new is sent while outcomes pile up; who takes them wakes this again.
   *
   * @param {import("./drain.js").Drain | null} drain
   */
  #heed(drain) {
    if (drain === null || drain.isFull === this.#isHeld) return;
    this.#isHeld = drain.isFull;
    this.#engine.call(() => (this.#isHeld ? this.#run.hold() : this.#run.release()));
  }

  /**
   * @param {number} until milliseconds of the clock of the run; infinite for as long as it takes,
   *   when the timer still keeps the process alive
   */
  #wait(until) {
    // One that fires earlier than it has to is as good, and most waits only move further away.
    if (this.#timer !== undefined && this.#timerAt <= until) return;
    clearTimeout(this.#timer);
    const delay = Math.min(Math.max(until - performance.now(), 0), DELAY_MS_MAX);
    this.#timerAt = until;
    // Timers may fire a fraction of a millisecond early; one more makes the wait complete.
    this.#timer = setTimeout(() => this.#wakeByTimer(), delay + 1);
  }

  #wakeByTimer() {
    this.#timer = undefined;
    this.#wake();
  }

  #wake() {
    try {
      this.#advance();
    } catch (error) {
      this.#reject(error);
    }
  }

  /**
   * Sends one batch and tells what came of it.
   *
   * @param {number} batch
   * @param {number} attempt
   */
  async #exchange(batch, attempt) {
    const controller = new AbortController();
    const known = { batch, attempt, controller };
    this.#attempts.add(known);
    /** @type {{ error: unknown } | null} */
    let failure = null;
    try {
      await this.#converse(batch, attempt, controller.signal);
    } catch (error) {
      failure = { error };
    }
    this.#attempts.delete(known);
    if (this.#isOver) return;
    const isNotSent = failure !== null && wasNotSent(failure.error);
    this.#engine.call(() => {
      const now = performance.now();
      if (failure === null) this.#run.end(now, batch, attempt);
      else this.#run.fail(now, batch, attempt, isNotSent);
    });
    this.#conclude();
    this.#advance();
  }

  /**
   * @param {number} batch
   * @param {number} attempt
   */
  #abort(batch, attempt) {
    for (const known of this.#attempts) {
      if (known.batch === batch && known.attempt === attempt) known.controller.abort();
    }
  }

  /** Tells who watches what became of the attempt that just ended. */
  #conclude() {
    const { drain, watch } = this.#world;
    if (watch === null && drain === null) return;
    const conclusion = this.#engine.call(() => this.#run.takeConclusion());
    if (conclusion === undefined) return;
    watch?.attemptEnded(conclusion);
    const { firstRow, ids, queued } = conclusion;
    if (queued > 0) return;
    drain?.give(this.#run, firstRow, ids).then(() => this.#wake(), this.#reject);
  }

  /**
   * @param {number} batch
   * @param {number} attempt
   * @param {AbortSignal} signal
   */
  async #converse(batch, attempt, signal) {
    const run = this.#run;
    const { watch } = this.#world;
    const { body, ids } = this.#engine.call(() => {
      this.#target = run.target(batch) ?? this.#target;
      return { body: run.body(batch), ids: run.idsOf(batch) };
    });
    watch?.attemptStarted(batch, attempt, ids, body?.length ?? 0);
    const response = await send(this.#transport, this.#target, body, signal);
    if (!this.#isOver) {
      const { status, retryAfter, date, requestId } = headOf(response);
      const now = Date.now();
      this.#engine.call(() => {
        run.head(performance.now(), batch, attempt, status, now, retryAfter, date, requestId);
      });
    }
    await readBody(response, (bytes) => {
      watch?.received(batch, attempt, bytes.length);
      return !this.#isOver && this.#engine.call(() => run.chunk(batch, attempt, bytes));
    });
  }

  /** @type {import("./exchange.js").Transport} */
  #transport = async (url, init) => {
    await null;
    // Nothing leaves on behalf of a core whose ledger may be wrong.
    this.#engine.assertReady();
    const { transport } = this.#world;
    return transport(url, init);
  };

  async #persist() {
    const bytes = this.#engine.call(() => this.#run.takeJournal());
    await null;
    let isKept = true;
    try {
      await this.#world.append(bytes);
    } catch {
      isKept = false;
    }
    this.tell((run) => (isKept ? run.persisted() : run.persistFailed()));
  }

  async #renew() {
    this.#renewal?.abort();
    const renewal = (this.#renewal = new AbortController());
    const run = this.#run;
    const { url, body } = this.#engine.call(() => {
      return { url: run.tokenUrl, body: run.tokenRequest() };
    });
    await null;
    const { credentials, onCredentialsFailure } = this.#world;
    const found =
      body === undefined
        ? await askCaller(credentials(), onCredentialsFailure)
        : await fetchToken(this.#transport, { url, body }, renewal.signal);
    // What was overdue failed because it was aborted, which says nothing of its successor.
    if (renewal !== this.#renewal) return;
    const now = performance.now();
    this.tell((run) => {
      if ("body" in found) {
        run.takeToken(now, found.status, found.body);
      } else if ("headers" in found) {
        for (const [name, value] of found.headers) run.addHeader(name, value);
        run.takeHeaders(now);
      } else {
        run.credentialsFailed(now, found.isUnreadable);
      }
    });
  }
}
