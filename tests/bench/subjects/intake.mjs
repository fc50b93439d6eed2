// Intake: CPU time from the bytes of a CSV to exact distinct ids. The package is asked for a plan,
// which reads and checks an input as a run does and sends nothing.

import { csv } from "../data/ids.mjs";
import { WAYS } from "../peers/intake.mjs";
import { cpuNs, print, settings, warm } from "./subject.mjs";

/** @type {{ lines: number, digits: 9 | 18, columns: 1 | 3, subject: string }} */
const { subject, lines, digits, columns } = settings();

const WHERE = { host: "127.0.0.1", auth: { token: "none" } };
const WHAT = { promotionId: "67dd4210ef21a64211227e04", contextId: "973" };

/** @typedef {(bytes: Uint8Array) => unknown} Read */

/** @returns {Promise<{ read: Read, ids: Read }>} */
async function ours() {
  const { issueBulk, planIssueBulk } = await import("issue-bulk");
  return {
    read: (bytes) => planIssueBulk({ ...WHAT, customerIds: bytes }, WHERE),
    // A run that is cancelled before it begins reads its input all the same.
    ids: async (bytes) => {
      const signal = AbortSignal.abort();
      const report = await issueBulk({ ...WHAT, customerIds: bytes }, { ...WHERE, signal });
      return report.columns().customerIds;
    },
  };
}

/** @param {string} name */
function theirs(name) {
  const way = WAYS[name];
  if (way === undefined) throw new Error(`no such subject: ${name}`);
  const read = (/** @type {Uint8Array} */ bytes) => way(bytes, columns === 1 ? 0 : 1);
  return { read, ids: read };
}

const file = csv({ lines, digits, columns });
const way = subject === "issue-bulk" ? await ours() : theirs(subject);

await warm(() => way.read(file.bytes));
const before = cpuNs();
await way.read(file.bytes);
const spent = cpuNs() - before;

const expected = WAYS["split + BigInt + Set"]?.(file.bytes, columns === 1 ? 0 : 1);
const found = new Set([.../** @type {Iterable<bigint | number>} */ (await way.ids(file.bytes))]
  .map(BigInt));
let right = 0;
for (const id of found) if (/** @type {Set<bigint>} */ (expected).has(id)) right += 1;
print({
  value: spent / lines,
  wrong: file.distinct - right + (found.size - right),
  checked: file.distinct,
});
