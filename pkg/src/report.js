/** The end of a run. Rows stay in the core's columns and become objects as they are asked for. */
import { IssueBulkError } from "./errors.js";
import { Page } from "./page.js";

/** @typedef {import("../types/report.cjs").Outcome} Outcome */
/** @typedef {import("../types/report.cjs").Note} Note */
/** @typedef {Pick<import("./core.js").Outcomes, keyof import("./core.js").Outcomes>} Outcomes */

/** The core's numbers of the four outcomes. */
const NUMBER_OF = Object.freeze({ issued: 0, rejected: 1, unsent: 2, unknown: 3 });

/** Rows that a loop has ready: a call into the core for each would be most of what it takes. */
const ROWS_PAGE = 512;

/** Rows of a CSV or NDJSON made at once: some 300 kB, well below a frame's time. */
const ROWS_SLICE = 2_000;

export class Report {
  #engine;
  /** @type {Outcomes | null} */
  #outcomes;
  #ownNotes;
  counts;
  length;
  stopped;
  problems;
  readBack;
  #coreNotes;

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {Outcomes} outcomes
   * @param {readonly Note[]} notes of the face, beside those of the core; may still grow
   */
  constructor(engine, outcomes, notes) {
    this.#engine = engine;
    this.#outcomes = outcomes;
    this.#ownNotes = notes;
    const read = engine.call(() => ({
      counts: outcomes.counts(),
      length: outcomes.length,
      stopped: outcomes.stopped(),
      problems: outcomes.problems(),
      notes: outcomes.notes(),
      readBack: outcomes.readBack(),
    }));
    this.counts = countsOf(read.counts);
    this.length = read.length;
    this.stopped = stoppedOf(read.stopped);
    this.problems = Object.freeze(read.problems);
    this.readBack = Object.freeze(read.readBack);
    this.#coreNotes = read.notes;
  }

  get notes() {
    return [...this.#coreNotes, ...this.#ownNotes];
  }

  /**
   * @template {Outcome["outcome"]} Kind
   * @param {import("../types/input.cjs").CustomerId} id
   * @param {Kind} [kind]
   * @returns {Extract<Outcome, { outcome: Kind }> | undefined}
   */
  get(id, kind) {
    if (typeof id === "number" && !Number.isSafeInteger(id)) {
      throw new IssueBulkError(
        "not-exact",
        "This number is not exact: pass the id as a bigint or a string.",
      );
    }
    const row = this.#read((outcomes) => outcomes.find(String(id)));
    const outcome = row < 0 ? undefined : this.at(row);
    const isWanted = kind === undefined || outcome?.outcome === kind;
    return isWanted ? /** @type {any} */ (outcome) : undefined;
  }

  /** @param {number} row */
  at(row) {
    const isRow = Number.isInteger(row) && row >= 0 && row < this.length;
    return this.#read((outcomes) => (isRow ? outcomes.at(row) : undefined));
  }

  [Symbol.iterator]() {
    return this.#pages((from) => (from < this.length ? from : -1));
  }

  /** @returns {IterableIterator<import("../types/report.cjs").Issued>} */
  issued() {
    const next = (/** @type {number} */ from) =>
      this.#read((outcomes) => outcomes.next(NUMBER_OF.issued, from));
    return /** @type {any} */ (this.#pages(next, "issued"));
  }

  rejected() {
    return this.#those("rejected");
  }

  unsent() {
    return this.#those("unsent");
  }

  unknown() {
    return this.#those("unknown");
  }

  columns() {
    return this.#read((outcomes) => ({
      customerIds: outcomes.ids(),
      outcomes: outcomes.states(),
      issuanceIds: outcomes.issuanceIds(),
      eventTimes: outcomes.eventTimes(),
      validTills: outcomes.validTills(),
      causes: outcomes.causes(),
      causeTable: outcomes.causeTable(),
    }));
  }

  csv() {
    return this.#stream((outcomes, row) => outcomes.csv(row, ROWS_SLICE));
  }

  ndjson() {
    return this.#stream((outcomes, row) => outcomes.ndjson(row, ROWS_SLICE));
  }

  toJSON() {
    const { counts, stopped, notes, readBack } = this;
    return { counts, stopped, notes, readBack };
  }

  /**
   * What a read-back begins with; the report stays as it is.
   *
   * @template T
   * @param {Report} report
   * @param {(outcomes: Outcomes) => T} action
   * @returns {T}
   */
  static readFrom(report, action) {
    return report.#read(action);
  }

  dispose() {
    const outcomes = this.#outcomes;
    this.#outcomes = null;
    if (outcomes !== null) this.#engine.call(() => outcomes.free());
  }

  /**
   * @template T
   * @param {(outcomes: Outcomes) => T} action
   * @returns {T}
   */
  #read(action) {
    const outcomes = this.#assertReadable();
    return this.#engine.call(() => action(outcomes));
  }

  #assertReadable() {
    this.#engine.assertReady();
    const outcomes = this.#outcomes;
    if (outcomes === null) {
      const message = "The rows of this report were given back; read them before dispose().";
      throw new IssueBulkError("report-disposed", message);
    }
    return outcomes;
  }

  /**
   * @param {(from: number) => number} next the first row of the next page, from there on; negative
   *   at the end
   * @param {Outcome["outcome"]} [only] passes over the others
   * @returns {IterableIterator<Outcome>}
   */
  *#pages(next, only) {
    /** @type {Outcome | undefined} an ordinary row, for what all of them share */
    let example;
    for (let from = next(0); from >= 0; from = next(from + ROWS_PAGE)) {
      const count = Math.min(ROWS_PAGE, this.length - from);
      const page = new Page(this.#read((outcomes) => outcomes.page(from, count)));
      for (let row = 0; row < count; row += 1) {
        const isOrdinary = page.isOrdinary(row);
        if (!isOrdinary || example?.outcome !== "issued") {
          const outcome = this.#read((outcomes) => outcomes.at(from + row));
          if (isOrdinary) example = outcome;
          // None where it was given away.
          if (outcome !== undefined && (only ?? outcome.outcome) === outcome.outcome) yield outcome;
        } else {
          this.#assertReadable();
          yield page.issued(row, example);
        }
      }
    }
  }

  /**
   * @template {Outcome["outcome"]} Name
   * @param {Name} name
   * @returns {IterableIterator<Extract<Outcome, { outcome: Name }>>}
   */
  *#those(name) {
    const number = NUMBER_OF[name];
    const next = (/** @type {number} */ from) =>
      this.#read((outcomes) => outcomes.next(number, from));
    for (let row = next(0); row >= 0; row = next(row + 1)) {
      yield /** @type {Extract<Outcome, { outcome: Name }>} */ (this.at(row));
    }
  }

  /**
   * A stream that makes its bytes as they are asked for.
   *
   * @param {(outcomes: Outcomes, row: number) => Uint8Array} slice
   * @returns {ReadableStream<Uint8Array>}
   */
  #stream(slice) {
    let row = 0;
    return new ReadableStream(
      {
        pull: (controller) => {
          controller.enqueue(this.#read((outcomes) => slice(outcomes, row)));
          row += ROWS_SLICE;
          if (row >= this.length) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  }
}

/**
 * The sums alone: what only describes a run under way is no part of a report.
 *
 * @param {import("../types/report.cjs").Counts} counts
 */
function countsOf(counts) {
  const { given, invalid, duplicate, blank, issued, rejected, unsent, unknown } = counts;
  const { attempts, retries, bytesSent, bytesReceived, elapsedMs } = counts;
  const outcomes = { issued, rejected, unsent, unknown };
  const cost = { attempts, retries, bytesSent, bytesReceived, elapsedMs };
  return Object.freeze({ given, invalid, duplicate, blank, ...outcomes, ...cost });
}

/**
 * Null for whatever was not told, as everywhere in a report.
 *
 * @param {ReturnType<Outcomes["stopped"]>} stopped
 * @returns {import("../types/report.cjs").Stopped | null}
 */
function stoppedOf(stopped) {
  if (stopped === null) return null;
  const { code, reason, status = null, serviceCode = null, requestId = null } = stopped;
  return Object.freeze({ code, reason, status, serviceCode, requestId });
}

// Browsers without explicit resource management have no such symbol, and no `using` either.
if (Symbol.dispose !== undefined) {
  Object.defineProperty(Report.prototype, Symbol.dispose, {
    value: Report.prototype.dispose,
    configurable: true,
    writable: true,
  });
}
