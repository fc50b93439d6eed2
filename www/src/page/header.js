/** The names in a CSV's first line, for the column picker. The package reads the file itself. */

/** A first line longer than this is no header a person could choose from. */
const HEAD_BYTES = 64 * 1024;

const DELIMITERS = Object.freeze([",", ";", "\t", "|"]);

/**
 * @param {Blob} blob
 * @returns {Promise<{ delimiter: string, names: string[] } | null>} null without two columns
 */
export async function readHeader(blob) {
  const head = new Uint8Array(await blob.slice(0, HEAD_BYTES).arrayBuffer());
  const text = new TextDecoder().decode(head);
  if (/^\s*[[{]/.test(text)) return null;
  const [widest] = DELIMITERS.map((delimiter) => ({ delimiter, names: fields(text, delimiter) }))
    .filter(({ names }) => names.length > 1)
    .sort((left, right) => right.names.length - left.names.length);
  return widest ?? null;
}

/**
 * The fields of the first record (RFC 4180: a quoted field may hold delimiters and line breaks).
 *
 * @param {string} text
 * @param {string} delimiter
 */
function fields(text, delimiter) {
  const found = [""];
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '"' && text[at + 1] === '"') at += 1;
    else if (character === '"') {
      quoted = !quoted;
      continue;
    } else if (!quoted && (character === "\n" || character === "\r")) break;
    else if (!quoted && character === delimiter) {
      found.push("");
      continue;
    }
    found[found.length - 1] += character;
  }
  return found;
}
