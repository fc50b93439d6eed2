// Ways to get from the bytes of an answer to one result per customer, as people write them.

import jsonBigint from "json-bigint";
import { parse as parseLossless } from "lossless-json";
import { scan } from "./scanner.mjs";

/**
 * @typedef {object} Way
 * @property {boolean} [isSlow] whether a third of the entries takes long enough to be timed
 * @property {(ids: readonly string[]) => unknown} prepare the ids of a batch as this way holds
 *   them; not timed
 * @property {(bytes: Uint8Array, ids: any) => any} read timed: an answer to results
 * @property {(result: any, ids: readonly string[]) => Iterable<[string, string]>} pairs what was
 *   found, as digits of the customer and issuance id, for the check
 */

/** @typedef {{ id: string, customerId: number | bigint }} Entry */

const decoder = new TextDecoder();
const { parse: parseBigint } = jsonBigint({ useNativeBigInt: true });

/**
 * The loop that most people write: every id that was asked for once, results by id.
 *
 * @param {Record<string, Entry>} data
 * @param {readonly (number | bigint)[]} ids
 */
function matched(data, ids) {
  const pending = new Set(ids);
  const results = new Map();
  for (const entry of Object.values(data)) {
    if (pending.delete(entry.customerId)) results.set(entry.customerId, entry);
  }
  return results;
}

/** @param {Map<number | bigint, Entry>} results @returns {Iterable<[string, string]>} */
function* pairsOfMap(results) {
  for (const [customer, { id }] of results) yield [String(customer), id];
}

/** @param {string} text */
function integer(text) {
  return /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
}

/** @param {readonly string[]} ids */
const asNumbers = (ids) => ids.map(Number);
/** @param {readonly string[]} ids */
const asBigints = (ids) => ids.map(BigInt);

/** @type {Record<string, Way>} */
export const WAYS = {
  "JSON.parse + Map/Set": {
    prepare: asNumbers,
    read: (bytes, ids) => matched(JSON.parse(decoder.decode(bytes)).data, ids),
    pairs: pairsOfMap,
  },
  "JSON.parse + look-up": {
    prepare: (ids) => ids,
    read: (bytes, /** @type {string[]} */ ids) => {
      const { data } = JSON.parse(decoder.decode(bytes));
      return ids.map((id) => data[id]);
    },
    pairs: function* (/** @type {Entry[]} */ results) {
      for (const { customerId, id } of results) yield [String(customerId), id];
    },
  },
  "lossless-json": {
    isSlow: true,
    prepare: asBigints,
    read: (bytes, ids) => {
      const answer = parseLossless(decoder.decode(bytes), null, integer);
      return matched(/** @type {any} */ (answer).data, ids);
    },
    pairs: pairsOfMap,
  },
  "json-bigint": {
    isSlow: true,
    prepare: asBigints,
    read: (bytes, ids) => {
      const { data } = parseBigint(decoder.decode(bytes));
      const pending = new Set(ids);
      const results = new Map();
      for (const entry of Object.values(data)) {
        // It gives a bigint only where a number would not be exact.
        const customer = BigInt(/** @type {any} */ (entry).customerId);
        if (pending.delete(customer)) results.set(customer, entry);
      }
      return results;
    },
    pairs: pairsOfMap,
  },
  "JavaScript byte scanner": {
    prepare: asNumbers,
    read: scan,
    pairs: function* (/** @type {import("./scanner.mjs").Scanned} */ { issuance }, ids) {
      for (const [row, id] of ids.entries()) {
        yield [id, Buffer.from(issuance.subarray(12 * row, 12 * row + 12)).toString("hex")];
      }
    },
  },
};
