// Answers to results: CPU time from the bytes of answers, as they lie in memory, to one result per
// customer, those of one answer at a time.

import { readFileSync } from "node:fs";
import { CONTEXT, PROMOTION, answerTo, issuanceAt } from "../data/answers.mjs";
import { idsFrom } from "../data/ids.mjs";
import { WAYS } from "../peers/answers.mjs";
import { cpuNs, print, settings, warm, wrongOf } from "./subject.mjs";

/** Bytes of a piece, as `fetch` gives them. */
const PIECE = 1 << 16;

/** @type {{ entries: number, digits: 9 | 18, shape: import("../data/answers.mjs").Shape,
 *   total: number, core: string, subject: string }} */
const { subject, entries, digits, shape, total, core: folder } = settings();

/**
 * The reader of the shipped core, fed in pieces.
 *
 * @returns {Promise<import("../peers/answers.mjs").Way>}
 */
async function ours() {
  const core = await import(`${folder}/core.js`);
  core.initSync({ module: readFileSync(`${folder}/core_bg.wasm`) });
  /** @type {any} results of one answer at a time, as with the others */
  let last = null;
  return {
    prepare: (ids) => BigInt64Array.from(ids, BigInt),
    read: (bytes, ids) => {
      last?.free();
      last = new core.Answer(ids, PROMOTION, CONTEXT);
      for (let at = 0; at < bytes.length; at += PIECE) last.feed(bytes.subarray(at, at + PIECE));
      if (last.finish() !== ids.length) throw new Error("not every id was issued");
      return last;
    },
    pairs: function* (result, ids) {
      const issuance = result.issuanceIds();
      for (const [row, id] of ids.entries()) {
        yield [id, Buffer.from(issuance.subarray(12 * row, 12 * row + 12)).toString("hex")];
      }
    },
  };
}

const way = subject === "issue-bulk" ? await ours() : WAYS[subject];
if (way === undefined) throw new Error(`no such subject: ${subject}`);

const wanted = way.isSlow === true ? total / 3 : total;
const batches = Array.from({ length: Math.ceil(wanted / entries) }, (_, index) => {
  const ids = idsFrom(index * entries, entries, digits);
  return { ids, own: way.prepare(ids), bytes: answerTo(ids, index * entries, shape) };
});

const readAll = () => batches.forEach(({ bytes, own }) => way.read(bytes, own));
await warm(readAll);
const before = cpuNs();
readAll();
const spent = cpuNs() - before;

let wrong = 0;
for (const [index, { ids, bytes, own }] of batches.entries()) {
  const pairs = way.pairs(way.read(bytes, own), ids);
  wrong += wrongOf(pairs, ids, (row) => issuanceAt(index * entries + row));
}
const checked = batches.length * entries;
print({ value: spent / checked, wrong, checked });
