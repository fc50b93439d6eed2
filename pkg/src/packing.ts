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

/** @param order all bytes, those of one character first */
export function unpacked(order: readonly number[], text: string): Uint8Array<ArrayBuffer> {
  const [firstLead, secondLead] = CHARACTERS;
  const singles = meanings(order, -LEADS);
  const firstPairs = meanings(order, SINGLES);
  const secondPairs = meanings(order, SINGLES + CHARACTERS.length);
  // In place: a byte never takes more room than its characters. Plain tables and one loop, since
  // this runs once, before any engine has compiled it.
  const bytes = new TextEncoder().encode(text) as Uint8Array<ArrayBuffer> & number[];
  const end = bytes.length;
  let length = 0;
  for (let at = 0; at < end; at += 1) {
    let code = bytes[at];
    let table = singles;
    if (code === firstLead || code === secondLead) {
      table = code === firstLead ? firstPairs : secondPairs;
      at += 1;
      code = bytes[at];
    }
    bytes[length] = table[code];
    length += 1;
  }
  return bytes.subarray(0, length);
}

/** The byte of each character, when that of the first character stands at `from` in the order. */
function meanings(order: readonly number[], from: number): Uint8Array & number[] {
  const table = new Uint8Array(0x80) as Uint8Array & number[];
  CHARACTERS.forEach((code, place) => (table[code] = order[from + place] ?? 0));
  return table;
}

/** The opposite, for the build. */
export function packed(bytes: Uint8Array): { order: number[]; text: string } {
  const counts = Array.from({ length: 0x100 }, () => 0);
  for (const byte of bytes) counts[byte] = Number(counts[byte]) + 1;
  const ranked = [...counts.keys()].sort((a, b) => Number(counts[b]) - Number(counts[a]));
  // By value within each group, so that bytes which differ little are characters that do.
  const byValue = (group: number[]) => group.sort((a, b) => a - b);
  const order = [...byValue(ranked.slice(0, SINGLES)), ...byValue(ranked.slice(SINGLES))];
  const codes: string[] = [];
  order.forEach((byte, place) => {
    const pair = place - SINGLES;
    const places =
      pair < 0
        ? [place + LEADS]
        : [Math.floor(pair / CHARACTERS.length), pair % CHARACTERS.length];
    codes[byte] = String.fromCharCode(...places.map((at) => Number(CHARACTERS[at])));
  });
  return { order, text: Array.from(bytes, (byte) => codes[byte]).join("") };
}
