// Distinct customer ids in no order, the same in every process.

/** Coprime to both moduli below, so that multiples of it run through all of the residues. */
const STRIDE = 7_777_777;
const NINE = { first: 100_000_000, count: 900_000_000 };
const EIGHTEEN = { first: 100_000_000_000_000_000n, count: 900_000_000_000_000_000n };

/** Puts 18-digit ids far apart; a prime, so that it is coprime to their modulus. */
const LONG_STRIDE = 123_456_789_012_345_677n;

/**
 * The id at a place, as digits. Those of 18 digits are beyond 2^53: nearly none of them is a
 * JavaScript number.
 *
 * @param {number} at from 0
 * @param {9 | 18} digits
 * @returns {string}
 */
export function idAt(at, digits) {
  if (digits === 9) return String(numberAt(at));
  return String(EIGHTEEN.first + ((BigInt(at) * LONG_STRIDE) % EIGHTEEN.count));
}

/** The same of nine digits as a number. */
export function numberAt(/** @type {number} */ at) {
  return NINE.first + ((at * STRIDE) % NINE.count);
}

/** What undoes the stride of the nine digits: the two multiply to 1 modulo their count. */
const BACK = inverseOf(BigInt(STRIDE), BigInt(NINE.count));
/** So many low bits of it at a time keep every product exact. */
const HALF = 1 << 15;

/**
 * The place of an id of nine digits, without a list of them.
 *
 * @param {string} id
 */
export function placeOf(id) {
  const offset = Number(id) - NINE.first;
  const high = (offset * Math.floor(BACK / HALF)) % NINE.count;
  return (high * HALF + offset * (BACK % HALF)) % NINE.count;
}

/**
 * By Euclid's algorithm.
 *
 * @param {bigint} value
 * @param {bigint} modulus coprime to it
 */
function inverseOf(value, modulus) {
  let [before, rest] = [modulus, value];
  let [outer, inner] = [0n, 1n];
  while (rest > 0n) {
    const times = before / rest;
    [before, rest] = [rest, before - times * rest];
    [outer, inner] = [inner, outer - times * inner];
  }
  return Number(((outer % modulus) + modulus) % modulus);
}

/**
 * @param {number} from
 * @param {number} count
 * @param {9 | 18} digits
 * @returns {string[]}
 */
export function idsFrom(from, count, digits) {
  return Array.from({ length: count }, (_, at) => idAt(from + at, digits));
}

/**
 * A CSV with a header, one customer in twenty given twice.
 *
 * @param {{ lines: number, digits: 9 | 18, columns: 1 | 3 }} file `columns` 3 puts the id between
 *   a name and a city
 * @returns {{ bytes: Uint8Array, distinct: number }}
 */
export function csv({ lines, digits, columns }) {
  const rows = [columns === 1 ? "customer_id" : "name,customer_id,city"];
  let distinct = 0;
  for (let at = 0; at < lines; at += 1) {
    const again = at % 20 === 19;
    const id = again ? idAt(Math.floor(distinct / 2), digits) : idAt(distinct, digits);
    if (!again) distinct += 1;
    rows.push(columns === 1 ? id : `Customer ${at},${id},Istanbul`);
  }
  rows.push("");
  return { bytes: new TextEncoder().encode(rows.join("\n")), distinct };
}
