/** Where a run stands, as it changes: a line in place, lines now and then, or events. */
import { count, counted, span } from "./text.js";

/** @typedef {import("issue-bulk").Progress} Progress */

/** Milliseconds between two states shown: in place, as lines, as events. */
const EVERY_MS = Object.freeze({ live: 100, lines: 5_000, events: 1_000 });

/** The rate is that of the last seconds: a mean since the start hides a service that slows down. */
const WINDOW_MS = 10_000;
const SAMPLE_MS = 250;

/** States that are shown as soon as they begin. */
const HEARD = new Set(["stopping", "reconciling"]);

export class ProgressLine {
  #screen;
  #next;
  #every;
  /** @type {{ at: number, settled: number }[]} */
  #samples = [];
  /** @type {Progress["state"] | ""} */
  #state = "";

  /** @param {import("./screen.js").Screen} screen */
  constructor(screen) {
    this.#screen = screen;
    const { live, lines, events } = EVERY_MS;
    this.#every = screen.isJson ? events : screen.isLive ? live : lines;
    this.#next = performance.now() + (screen.isLive ? 0 : this.#every);
  }

  /** @param {Progress} progress */
  show(progress) {
    const now = performance.now();
    this.#sample(now, settledOf(progress));
    const isNews = progress.state !== this.#state && HEARD.has(progress.state);
    if (now < this.#next && !isNews) return;
    this.#next = now + this.#every;
    this.#state = progress.state;
    const rate = this.#rate();
    this.#screen.event("progress", { ...progress, idsPerSecond: rate });
    const text = this.#text(progress, rate);
    if (this.#screen.isLive) this.#screen.live(text);
    else this.#screen.note(text);
  }

  /** Takes the line away. */
  end() {
    this.#screen.live("");
  }

  /**
   * @param {number} now
   * @param {number} settled
   */
  #sample(now, settled) {
    const last = this.#samples.at(-1);
    if (last !== undefined && now - last.at < SAMPLE_MS) return;
    this.#samples.push({ at: now, settled });
    while ((this.#samples[1]?.at ?? now) < now - WINDOW_MS) this.#samples.shift();
  }

  /** @returns {number | null} ids a second; null until it can be told */
  #rate() {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < 500) return null;
    return Math.round(((last.settled - first.settled) * 1_000) / (last.at - first.at));
  }

  /**
   * @param {Progress} progress
   * @param {number | null} rate
   */
  #text(progress, rate) {
    if (progress.state === "reading") return `Reading the customers: ${count(progress.given)}`;
    const { distinct, issued, rejected, unsent, unknown, inFlight, etaMs } = progress;
    if (progress.state === "reconciling") {
      const left = etaMs === null ? "" : ` | ${span(etaMs)} left`;
      return `Looking at the unknown: ${count(unknown)} | issued ${count(issued)}${left}`;
    }
    const settled = settledOf(progress);
    const percent = distinct === 0 ? 100 : Math.floor((settled * 100) / distinct);
    const parts = [`Settled ${percent}%, ${count(settled)} of ${count(distinct)}`];
    if (progress.state === "stopping") parts.push(`stopping, ${count(inFlight)} in flight`);
    for (const [name, value] of Object.entries({ issued, rejected, unsent, unknown })) {
      if (value > 0 || name === "issued") parts.push(`${name} ${count(value)}`);
    }
    if (rate !== null) parts.push(`${count(rate)}/s`);
    if (etaMs !== null && progress.state === "running") parts.push(`${span(etaMs)} left`);
    return parts.join(" | ");
  }
}

/** @param {Progress} progress */
function settledOf({ issued, rejected, unsent, unknown }) {
  return issued + rejected + unsent + unknown;
}

/**
 * What an input holds beside the ids, in words; empty where there is nothing.
 *
 * @param {{ invalid: number, duplicate: number, blank: number }} counts
 */
export function leftOut({ invalid, duplicate, blank }) {
  const parts = [];
  if (invalid > 0) parts.push(`${count(invalid)} invalid`);
  if (duplicate > 0) parts.push(counted(duplicate, "duplicate"));
  if (blank > 0) parts.push(counted(blank, "blank line"));
  return parts.join(", ");
}
