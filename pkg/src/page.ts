/**
 * Some rows of a report as the core writes them for a loop: times as numbers, then text of which
 * each row has a fixed share. To take a row out of it costs a fraction of a call into the core.
 */
import type { Issued } from "./types/report.js";

/** Bytes of the two times of a row. */
const TIMES = 16;
/** Characters of a row: how many digits, the digits in 19 places, the issuance id. */
const ROW = 44;
const DIGITS = 1;
const ISSUANCE = 20;
/** Stands for no digits: the row is out of the ordinary and must be asked for. */
const NONE = 64;

export class Page {
  readonly #times: Float64Array;
  readonly #text: string;
  readonly length: number;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    const rows = bytes.length / (TIMES + ROW);
    this.length = rows;
    // Every runtime of today is little-endian, as wasm is by definition.
    this.#times = new Float64Array(bytes.buffer, 0, 2 * rows);
    this.#text = new TextDecoder().decode(bytes.subarray(TIMES * rows));
  }

  /** Whether a row was issued like the others. */
  isOrdinary(row: number): boolean {
    return this.#text.charCodeAt(ROW * row) !== NONE;
  }

  /**
   * @param row an ordinary one
   * @param example another of them: promotion and context are the same for all
   */
  issued(row: number, { outcome, verifiedBy, promotionId, earnedFromId }: Issued): Issued {
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

function timeOf(time: number | undefined): number | null {
  return time === undefined || Number.isNaN(time) ? null : time;
}
