/**
 * Some rows of a report as the core writes them for a loop: times as numbers, then text of which
 * each row has a fixed share. To take a row out of it costs a fraction of a call into the core.
 */

/** Bytes of the two times of a row. */
const TIMES = 16;
/** Characters of a row: how many digits, the digits in 19 places, the issuance id. */
const ROW = 44;
const DIGITS = 1;
const ISSUANCE = 20;
/** Stands for no digits: the row is out of the ordinary and must be asked for. */
const NONE = 64;

const decoder = new TextDecoder();

/** @typedef {import("../types/report.cjs").Issued} Issued */

export class Page {
  #times;
  #text;
  length;

  /** @param {Uint8Array<ArrayBuffer>} bytes */
  constructor(bytes) {
    const rows = bytes.length / (TIMES + ROW);
    this.length = rows;
    // Every runtime of today is little-endian, as wasm is by definition.
    this.#times = new Float64Array(bytes.buffer, 0, 2 * rows);
    this.#text = decoder.decode(bytes.subarray(TIMES * rows));
  }

  /** @param {number} row whether it was issued like the others */
  isOrdinary(row) {
    return this.#text.charCodeAt(ROW * row) !== NONE;
  }

  /**
   * @param {number} row an ordinary one
   * @param {Issued} example another of them: promotion and context are the same for all
   * @returns {Issued}
   */
  issued(row, { outcome, verifiedBy, promotionId, earnedFromId }) {
    const text = this.#text;
    const at = ROW * row;
    const digits = text.charCodeAt(at) - NONE;
    const customerId = text.slice(at + DIGITS, at + DIGITS + digits);
    const id = text.slice(at + ISSUANCE, at + ROW);
    const eventTime = timeOf(this.#times[2 * row]);
    const validTill = timeOf(this.#times[2 * row + 1]);
    return { outcome, customerId, verifiedBy, id, promotionId, earnedFromId, eventTime, validTill };
  }
}

/** @param {number | undefined} time */
function timeOf(time) {
  return time === undefined || Number.isNaN(time) ? null : time;
}
