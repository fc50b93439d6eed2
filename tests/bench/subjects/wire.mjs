// End to end over loopback: CPU time of the client's process per id, from ids in memory to results
// kept. `check` instead sends ids beyond 2^53 and asks the gateway's account who got something.
// Needs --expose-gc.

import process from "node:process";
import { idsFrom } from "../data/ids.mjs";
import { DISCARD, LOOPS } from "../peers/wire.mjs";
import { cpuNs, print, settings } from "./subject.mjs";

/** @type {{ origin: string, control: string, promotionId: string, username: string,
 *   password: string, passwordMd5: string, total: number, batchSize: number, concurrency: number,
 *   isCheck: boolean, subject: string }} */
const { subject, origin, control, total, batchSize, concurrency, isCheck, ...account } = settings();

const CONTEXT = "973";

/** @returns {Promise<(ids: string[]) => { run: () => Promise<number> }>} */
async function ours() {
  const { issueBulk } = await import("issue-bulk");
  const { username, password, promotionId } = account;
  const transport = subject === "issue-bulk" ? undefined : await undici();
  const auth = { username, password };
  const options = { host: origin, auth, batchSize, concurrency, transport };
  return (digits) => {
    const customerIds = BigInt64Array.from(digits, BigInt);
    return {
      run: async () => {
        const request = { promotionId, contextId: CONTEXT, customerIds };
        return (await issueBulk(request, options)).counts.issued;
      },
    };
  };
}

async function undici() {
  const { undiciTransport } = await import("issue-bulk/node");
  return undiciTransport();
}

/** @param {string} name */
function theirs(name) {
  const loop = LOOPS[name];
  if (loop === undefined) throw new Error(`no such subject: ${name}`);
  const { username, passwordMd5, promotionId } = account;
  const path = `/api_gateway/v1/promotions/${promotionId}/issueBulk`;
  const headers = {
    "content-type": "application/json",
    authorization: `Basic ${Buffer.from(`${username}:${passwordMd5}`).toString("base64")}`,
  };
  const call = { url: `${origin}${path}?contextId=${CONTEXT}`, headers, concurrency };
  return (/** @type {string[]} */ digits) => {
    // A JSON array of customers takes numbers, so that is what such a loop holds.
    const ids = digits.map(Number);
    const batches = Array.from({ length: Math.ceil(ids.length / batchSize) }, (_, index) => {
      return ids.slice(index * batchSize, (index + 1) * batchSize);
    });
    return { run: async () => (await loop(batches, call)).size };
  };
}

/** How many customers have nothing although it was to be issued to them. */
async function missed(/** @type {string[]} */ digits) {
  const reply = await fetch(`${control}/account/ids`);
  const lines = (await reply.text()).split("\n").filter((line) => line !== "");
  const issued = new Set(lines.map((line) => JSON.parse(line).id));
  return digits.filter((id) => !issued.has(id)).length;
}

const input = () => idsFrom(0, total, isCheck ? 18 : 9);

/** A function of its own, so that nothing of it lives on but what it returns. */
async function prepared() {
  const make = subject.startsWith("issue-bulk") ? await ours() : theirs(subject);
  return make(input());
}

const client = await prepared();
if (isCheck) await fetch(`${control}/reset`, { method: "POST" });
// What is garbage by now is not collected on the time of the subject.
/** @type {() => void} */ (globalThis.gc)();

const before = cpuNs();
const begin = performance.now();
const issued = await client.run();
const value = (cpuNs() - before) / total;
const wallNs = (1e6 * (performance.now() - begin)) / total;

const isBlind = subject === DISCARD;
const wrong = isCheck ? await missed(input()) : isBlind ? 0 : total - issued;
print({ value, wrong, checked: isBlind && !isCheck ? 0 : total, more: { wallNs } });
// Connections that are kept alive would hold the process.
process.exitCode = 0;
process.stdout.end(() => process.exit());
