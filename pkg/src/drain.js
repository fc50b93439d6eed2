/**
 * Hands outcomes to `options.onOutcomes` as they settle, one list after the other, and has the core
 * forget them once they are taken.
 */
import { kindOf } from "./errors.js";
import { addNote } from "./notes.js";
import { Page } from "./page.js";

/** Lists that wait to be taken before the run waits for them: a few batches in memory. */
const WAITING_MAX = 4;
/** Rows in one of the lists at the end. */
const ROWS_SLICE = 1_000;
/** Rows whose texts are cut from one: a string of a customer who is kept holds on to all of it. */
const ROWS_PAGE = 256;

/** @typedef {import("./types/report.js").Outcome} Outcome */

export class Drain {
  #engine;
  #onOutcomes;
  #notes;
  #stop;
  /** The end of all that was given so far. */
  #taken = Promise.resolve();
  #waiting = 0;
  #isBroken = false;

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {(outcomes: readonly Outcome[]) => unknown} onOutcomes
   * @param {import("./types/report.js").Note[]} notes where its failure is told
   * @param {() => void} stop ends a run whose outcomes nobody takes
   */
  constructor(engine, onOutcomes, notes, stop) {
    this.#engine = engine;
    this.#onOutcomes = onOutcomes;
    this.#notes = notes;
    this.#stop = stop;
  }

  /** Whether the run has to wait. */
  get isFull() {
    return this.#waiting >= WAITING_MAX;
  }

  /**
   * @param {import("./core.js").Run} run
   * @param {number} from
   * @param {number} count rows that are settled
   * @returns {Promise<void>} once they are taken, or never will be
   */
  give(run, from, count) {
    this.#waiting += 1;
    this.#taken = this.#taken.then(async () => {
      await this.#give(run, from, count);
      this.#waiting -= 1;
    });
    return this.#taken;
  }

  /**
   * At the end of a run: what no call settled, or another process did.
   *
   * @param {import("./core.js").Run} run
   */
  async giveRest(run) {
    await this.#taken;
    const next = (/** @type {number} */ row) => this.#engine.call(() => run.keptFrom(row));
    for (let from = next(0); from >= 0; from = next(from + ROWS_SLICE)) {
      await this.#give(run, from, ROWS_SLICE);
    }
  }

  /**
   * @param {import("./core.js").Run} run
   * @param {number} from
   * @param {number} count
   */
  async #give(run, from, count) {
    if (this.#isBroken) return;
    const rows = this.#rows(run, from, count);
    if (rows.length === 0) return;
    const onOutcomes = this.#onOutcomes;
    try {
      await onOutcomes(rows);
    } catch (error) {
      this.#break(error);
      return;
    }
    this.#engine.call(() => run.forget(from, count));
  }

  /**
   * Those of the rows that are settled and were not given yet.
   *
   * @param {import("./core.js").Run} run
   * @param {number} from
   * @param {number} count
   */
  #rows(run, from, count) {
    /** @type {Outcome[]} */
    const rows = [];
    /** @type {Outcome | undefined} an ordinary row, for what all of them share */
    let example;
    this.#engine.call(() => {
      for (let start = from; start < from + count; start += ROWS_PAGE) {
        const length = Math.min(ROWS_PAGE, from + count - start);
        const page = new Page(run.page(start, length));
        for (let row = 0; row < page.length; row += 1) {
          const isOrdinary = page.isOrdinary(row);
          if (isOrdinary && example?.outcome === "issued") {
            rows.push(page.issued(row, example));
            continue;
          }
          const outcome = run.at(start + row);
          if (isOrdinary) example = outcome;
          if (outcome !== undefined) rows.push(outcome);
        }
      }
    });
    return rows;
  }

  /** @param {unknown} error */
  #break(error) {
    this.#isBroken = true;
    const said = error instanceof Error ? error.message : kindOf(error);
    const message = `onOutcomes failed (${said}); the run was cancelled, its report has the rest.`;
    addNote(this.#notes, "outcomes-handler-failed", message);
    this.#stop();
  }
}
