// Bodies: CPU time from ids to the bytes of a request, one buffer a call as a call needs it.

import { readFileSync } from "node:fs";
import { idsFrom } from "../data/ids.mjs";
import { cpuNs, print, settings, warm } from "./subject.mjs";

/** @type {{ total: number, batchSize: number, core: string, subject: string }} */
const { subject, total, batchSize, core: folder } = settings();

const digits = idsFrom(0, total, 9);

/** @typedef {(from: number) => Uint8Array} Write the body of the batch that begins there */

/** @returns {Promise<Write>} */
async function ours() {
  const core = await import(`${folder}/core.js`);
  core.initSync({ module: readFileSync(`${folder}/core_bg.wasm`) });
  const bodies = new core.Bodies(BigInt64Array.from(digits, BigInt));
  return (from) => bodies.write(from, batchSize);
}

/** @returns {Write} */
function theirs() {
  const encoder = new TextEncoder();
  const ids = digits.map(Number);
  return (from) => encoder.encode(JSON.stringify(ids.slice(from, from + batchSize)));
}

const write = subject === "issue-bulk" ? await ours() : theirs();

function writeAll() {
  for (let from = 0; from < total; from += batchSize) write(from);
}
await warm(writeAll);
const before = cpuNs();
writeAll();
const spent = cpuNs() - before;

let wrong = 0;
for (let from = 0; from < total; from += batchSize) {
  const batch = digits.slice(from, from + batchSize);
  if (new TextDecoder().decode(write(from)) !== `[${batch}]`) wrong += batch.length;
}
print({ value: spent / total, wrong, checked: total });
