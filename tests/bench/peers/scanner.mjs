// The best that can be written by hand in JavaScript for one known shape: bytes to typed arrays,
// without a string or an object per entry. It reads nothing but the documented form with ids below
// 2^53, and has nothing to fall back to.

import { CONTEXT, PROMOTION } from "../data/answers.mjs";

const encoder = new TextEncoder();
const OPEN = encoder.encode('{"data":{"');
const TO_ISSUANCE = encoder.encode('":{"id":"');
const TO_CUSTOMER = encoder.encode('","customerId":');
const TO_EVENT_TIME = encoder.encode(
  `,"promotionId":"${PROMOTION}","earnedFromId":"${CONTEXT}","eventTime":`,
);
const TO_VALID_TILL = encoder.encode(',"validTill":');

const BRACE = 0x7d;
const COMMA = 0x2c;

/** Values of hex digits by byte; 255 for other bytes. */
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = "0123456789abcdef".indexOf(String.fromCharCode(byte));
  return value === -1 ? 255 : value;
});

/** Where the last number ended. */
let end = 0;

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 * @returns {number}
 */
function digits(bytes, from) {
  let value = 0;
  let at = from;
  for (;;) {
    const digit = /** @type {number} */ (bytes[at]) - 0x30;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
    at += 1;
  }
  if (at === from) throw new SyntaxError(`no number at byte ${from}`);
  end = at;
  return value;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 * @param {Uint8Array} literal
 * @returns {number} where it ends
 */
function skip(bytes, from, literal) {
  for (let index = 0; index < literal.length; index += 1) {
    if (bytes[from + index] !== literal[index]) {
      throw new SyntaxError(`not the documented form at byte ${from + index}`);
    }
  }
  return from + literal.length;
}

/**
 * @typedef {object} Scanned
 * @property {number} issued
 * @property {Uint8Array} issuance 12 bytes for each id asked for, in that order
 * @property {Float64Array} eventTimes
 * @property {Float64Array} validTills
 */

/**
 * @param {Uint8Array} bytes
 * @param {readonly number[]} ids
 * @returns {Scanned}
 */
export function scan(bytes, ids) {
  const result = {
    issued: 0,
    issuance: new Uint8Array(12 * ids.length),
    eventTimes: new Float64Array(ids.length),
    validTills: new Float64Array(ids.length),
  };
  /** @type {Map<number, number> | null} made when the entries are not in the order of the ids */
  let rows = null;
  let at = skip(bytes, 0, OPEN);
  for (let next = 0; ; next += 1) {
    const key = digits(bytes, at);
    /** @type {number | undefined} */
    let row = next;
    if (ids[next] !== key) {
      rows ??= new Map(ids.map((id, index) => [id, index]));
      row = rows.get(key);
      if (row === undefined) throw new RangeError(`${key} was not asked for`);
    }
    at = entry(bytes, end, key, row, result);
    const byte = bytes[at];
    if (byte === BRACE) return result;
    if (byte !== COMMA) throw new SyntaxError(`not the documented form at byte ${at}`);
    at += 2;
  }
}

/**
 * @param {Uint8Array} bytes
 * @param {number} from after the digits of the key
 * @param {number} key
 * @param {number} row
 * @param {Scanned} result
 * @returns {number} after the entry
 */
function entry(bytes, from, key, row, result) {
  let at = skip(bytes, from, TO_ISSUANCE);
  let bad = 0;
  for (let index = 0; index < 12; index += 1, at += 2) {
    const high = /** @type {number} */ (HEX[/** @type {number} */ (bytes[at])]);
    const low = /** @type {number} */ (HEX[/** @type {number} */ (bytes[at + 1])]);
    bad |= high | low;
    result.issuance[12 * row + index] = (high << 4) | low;
  }
  if (bad > 15) throw new SyntaxError(`no issuance id before byte ${at}`);
  if (digits(bytes, skip(bytes, at, TO_CUSTOMER)) !== key) throw new RangeError(`not ${key}`);
  result.eventTimes[row] = digits(bytes, skip(bytes, end, TO_EVENT_TIME));
  result.validTills[row] = digits(bytes, skip(bytes, end, TO_VALID_TILL));
  result.issued += 1;
  return end + 1;
}
