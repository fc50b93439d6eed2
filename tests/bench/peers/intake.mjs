// Ways to get from the bytes of a CSV to exact distinct ids, as people write them.

import { parse as csvParse } from "csv-parse/sync";
import papaparse from "papaparse";
import { inferSchema, initParser } from "udsv";

/** @typedef {(bytes: Uint8Array, column: number) => Set<bigint> | Set<number>} Way */

const decoder = new TextDecoder();

/**
 * @param {readonly (readonly string[])[]} rows
 * @param {number} column
 */
function distinct(rows, column) {
  const ids = new Set();
  for (const row of rows) ids.add(BigInt(row[column] ?? ""));
  return ids;
}

/**
 * @template T
 * @param {Uint8Array} bytes
 * @param {number} column
 * @param {(text: string) => T} convert
 * @returns {Set<T>}
 */
function split(bytes, column, convert) {
  const ids = new Set();
  const lines = decoder.decode(bytes).split("\n");
  for (let at = 1; at < lines.length; at += 1) {
    const line = lines[at];
    if (line === undefined || line === "") continue;
    ids.add(convert(column === 0 ? line : (line.split(",")[column] ?? "")));
  }
  return ids;
}

/** @type {Record<string, Way>} */
export const WAYS = {
  "split + BigInt + Set": (bytes, column) => split(bytes, column, BigInt),
  "split + Number + Set": (bytes, column) => split(bytes, column, Number),
  "csv-parse": (bytes, column) => distinct(csvParse(Buffer.from(bytes), { from_line: 2 }), column),
  papaparse: (bytes, column) => {
    const options = { delimiter: ",", skipEmptyLines: true };
    const { data } = papaparse.parse(decoder.decode(bytes), options);
    return distinct(/** @type {string[][]} */ (data).slice(1), column);
  },
  udsv: (bytes, column) => {
    const text = decoder.decode(bytes);
    return distinct(initParser(inferSchema(text)).stringArrs(text), column);
  },
};
