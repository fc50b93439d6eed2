/**
 * Ctrl-C and its like. Once: nothing more is sent, what is in flight is awaited. Twice: what is in
 * flight is given up as well and ends as unknown. A third one ends the process as it would any.
 */
import { fetchTransport } from "issue-bulk";
import process from "node:process";

const SIGNALS = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);

export class Interrupt {
  #screen;
  #stop = new AbortController();
  #giveUp = new AbortController();
  #onSignal = () => this.#signalled();

  /** @param {import("./screen.js").Screen} screen */
  constructor(screen) {
    this.#screen = screen;
    for (const name of SIGNALS) process.on(name, this.#onSignal);
  }

  /** Aborted by the first. */
  get signal() {
    return this.#stop.signal;
  }

  /**
   * What the library sends with by itself, ended by the second.
   *
   * @type {import("issue-bulk").Transport}
   */
  transport = (url, init) => {
    const ends = init.signal ? [init.signal, this.#giveUp.signal] : [this.#giveUp.signal];
    return fetchTransport(url, { ...init, signal: AbortSignal.any(ends) });
  };

  /** Signals mean again what they mean to any process. */
  end() {
    for (const name of SIGNALS) process.off(name, this.#onSignal);
  }

  #signalled() {
    if (!this.#stop.signal.aborted) {
      this.#screen.note("Stopping: no more is sent, answers are awaited. Ctrl-C again: give up.");
      this.#stop.abort();
      return;
    }
    this.#screen.note("Customers in flight are given up: they end as unknown.");
    this.#giveUp.abort();
    this.end();
  }
}
