/**
 * The outcomes of a run, whichever way it was sent: a state per row for filters, and the row
 * itself only when it is shown.
 */
import { csvBlob } from "./csv.js";

/** The outcomes in the order of `Columns.outcomes`. */
export const OUTCOMES = Object.freeze(["issued", "rejected", "unsent", "unknown"]);

/**
 * @typedef {object} Row An outcome of the package, of any kind.
 * @property {string} customerId
 * @property {string} outcome
 * @property {string} [id]
 * @property {string} [earnedFromId]
 * @property {number | null} [eventTime]
 * @property {number | null} [validTill]
 * @property {string} [reason]
 * @property {number | null} [code]
 * @property {number | null} [status]
 * @property {string} [message]
 * @property {string | null} [requestId]
 * @property {string | null} [verifiedBy]
 */

/**
 * @typedef {object} Rows
 * @property {number} length
 * @property {(row: number) => number} stateAt index into OUTCOMES
 * @property {(row: number) => Row} at
 * @property {() => Promise<Blob>} csv
 */

/**
 * The rows of a run in this browser.
 *
 * @param {import("issue-bulk").Report} report
 * @returns {Rows}
 */
export function reportRows(report) {
  const states = report.columns().outcomes;
  return {
    length: report.length,
    stateAt: (row) => states[row],
    at: (row) => /** @type {Row} */ (report.at(row)),
    csv: () => new Response(report.csv(), { headers: { "content-type": "text/csv" } }).blob(),
  };
}

/** The rows of a run through this site, as they arrive: kept as the text they came in. */
export class ArrivedRows {
  /** @type {string[]} */
  #lines = [];
  /** @type {number[]} */
  #states = [];

  /** @param {string} line @param {Row} row the same, read */
  add(line, row) {
    const state = OUTCOMES.indexOf(row.outcome);
    if (state < 0) throw new Error("An outcome that this page does not know.");
    this.#lines.push(line);
    this.#states.push(state);
  }

  /**
   * Every customer the answer did not tell about: nobody may send these again blindly.
   *
   * @param {string[]} ids of the whole list, in its order
   */
  complete(ids) {
    for (const customerId of ids.slice(this.#lines.length)) {
      const row = { outcome: "unknown", customerId, reason: "answer-cut" };
      this.add(JSON.stringify(row), row);
    }
  }

  get length() {
    return this.#lines.length;
  }

  stateAt(/** @type {number} */ row) {
    return this.#states[row];
  }

  /** @returns {Row} */
  at(/** @type {number} */ row) {
    return JSON.parse(this.#lines[row]);
  }

  async csv() {
    return csvBlob(this.length, (row) => this.at(row));
  }
}
