/** Texts as a terminal may show them. */

/**
 * What a terminal would obey or hide instead of showing: control characters of both sets (escape
 * sequences begin with one), and marks that change the direction of what follows.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Foreign text, safe to print: from the service, a file or an argument.
 *
 * @param {string} text
 */
export function printable(text) {
  return text.replace(UNPRINTABLE, (mark) => `\\u{${mark.codePointAt(0)?.toString(16)}}`);
}

/**
 * One line of JSON that a terminal cannot misread either.
 *
 * @param {object} value
 */
export function jsonLine(value) {
  const units = (/** @type {string} */ mark) =>
    [...Array(mark.length).keys()]
      .map((at) => `\\u${mark.charCodeAt(at).toString(16).padStart(4, "0")}`)
      .join("");
  return JSON.stringify(value).replace(UNPRINTABLE, units);
}

/** @param {number} count */
export function count(count) {
  return count.toLocaleString("en-US");
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

/**
 * A span as people say it: `0.4 s`, `12 s`, `3:05`, `2:03:05` (hours first).
 *
 * @param {number} ms
 */
export function span(ms) {
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1_000) return `${bytes} bytes`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/**
 * Rows of a name and a text, the texts below each other.
 *
 * @param {readonly (readonly [string, string])[]} rows
 * @returns {string[]}
 */
export function table(rows) {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, text]) => `${name.padEnd(width)}${text}`);
}
