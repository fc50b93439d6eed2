/**
 * Bytes as a text of printable ASCII that compresses nearly as well as the bytes themselves, since
 * each byte stays one unit: base64, which cuts through them, costs a quarter more after brotli.
 * The 89 most frequent bytes are one character each, the others two.
 */

/** Characters that begin a pair. */
const LEADS = 2;

/** Printable characters that a string literal and a template hold as they are: not " $ \ and `. */
const CHARACTERS = Array.from({ length: 95 }, (_, at) => at + 0x20).filter(
  (code) => ![0x22, 0x24, 0x5c, 0x60].includes(code),
);
const SINGLES = CHARACTERS.length - LEADS;

/**
 * @param {readonly number[]} order all bytes, the most frequent first
 * @param {string} text
 * @returns {BufferSource}
 */
export function unpacked(order, text) {
  const places = new Int16Array(0x80);
  // The byte of a single; for a lead where its pairs begin in `order`, as a number below zero.
  const meanings = new Int16Array(0x80);
  CHARACTERS.forEach((code, place) => {
    places[code] = place;
    const pairs = SINGLES + place * CHARACTERS.length;
    meanings[code] = place < LEADS ? -pairs : /** @type {number} */ (order[place - LEADS]);
  });
  // In place: a byte never takes more room than its characters.
  const bytes = new TextEncoder().encode(text);
  const take = (/** @type {number} */ at) => /** @type {number} */ (bytes[at]);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    let byte = /** @type {number} */ (meanings[take(at)]);
    if (byte < 0) {
      at += 1;
      const place = /** @type {number} */ (places[take(at)]);
      byte = /** @type {number} */ (order[place - byte]);
    }
    bytes[length] = byte;
    length += 1;
  }
  return bytes.subarray(0, length);
}

/**
 * @param {Uint8Array} bytes
 * @returns {{ order: number[], text: string }}
 */
export function packed(bytes) {
  const counts = Array.from({ length: 0x100 }, () => 0);
  for (const byte of bytes) counts[byte] = Number(counts[byte]) + 1;
  const order = [...counts.keys()].sort((a, b) => Number(counts[b]) - Number(counts[a]));
  /** @type {string[]} */
  const codes = [];
  order.forEach((byte, rank) => {
    const pair = rank - SINGLES;
    const places =
      pair < 0
        ? [rank + LEADS]
        : [Math.floor(pair / CHARACTERS.length), pair % CHARACTERS.length];
    codes[byte] = String.fromCharCode(...places.map((place) => Number(CHARACTERS[place])));
  });
  return { order, text: Array.from(bytes, (byte) => codes[byte]).join("") };
}
