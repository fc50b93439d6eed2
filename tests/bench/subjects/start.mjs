// Cold start in Node, by the clock of a fresh process, in milliseconds: to the first plan, or to
// the results of a first answer with 1,000 entries. The clock of the default entry begins before
// its import; that of the slim entry, like that of the hand-written twin, when the sources are
// loaded, so that it shows what compiling and instantiating the wasm costs.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { idsFrom } from "../data/ids.mjs";
import { LocalService, WHAT, WHERE, issuanceOf } from "../data/service.mjs";
import { print, settings } from "./subject.mjs";

/** @type {{ until: "plan" | "result", subject: string }} */
const { subject, until } = settings();

const BATCH = 1_000;
const digits = idsFrom(0, BATCH, 9);
const { transport } = new LocalService(BATCH);

/** @typedef {(id: string) => string | undefined} Find */

/** @typedef {Pick<typeof import("issue-bulk"), "issueBulk" | "planIssueBulk">} Package */

/** @returns {Promise<() => Promise<Package>>} what is timed of getting at the package */
async function loader() {
  if (subject === "issue-bulk") return () => import("issue-bulk");
  const slim = await import("issue-bulk/slim");
  const wasm = readFileSync(createRequire(import.meta.url).resolve("issue-bulk/wasm"));
  return async () => {
    slim.initSync(wasm);
    return slim;
  };
}

/** @param {Package} ours @returns {Promise<Find>} */
async function ourResult({ issueBulk }) {
  const customerIds = BigInt64Array.from(digits, BigInt);
  const options = { ...WHERE, concurrency: 1, batchSize: BATCH, transport };
  const report = await issueBulk({ ...WHAT, customerIds }, options);
  return (id) => {
    const outcome = report.get(id);
    return outcome?.outcome === "issued" ? outcome.id : undefined;
  };
}

/** @returns {Promise<Find>} */
async function theirResult() {
  const ids = digits.map(Number);
  const body = new TextEncoder().encode(JSON.stringify(ids));
  const response = await transport("", { body });
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += decoder.decode(read.value, { stream: true });
  }
  const pending = new Set(ids);
  /** @type {Map<number, { id: string }>} */
  const results = new Map();
  for (const entry of Object.values(JSON.parse(text).data)) {
    if (pending.delete(entry.customerId)) results.set(entry.customerId, entry);
  }
  return (id) => results.get(Number(id))?.id;
}

/** @param {Package} ours @returns {Promise<Find>} */
async function ourPlan({ planIssueBulk }) {
  const plan = await planIssueBulk({ ...WHAT, customerIds: [555_567_088n] }, WHERE);
  if (plan.requests !== 1) throw new Error(JSON.stringify(plan));
  return issuanceOf;
}

async function prepared() {
  if (!subject.startsWith("issue-bulk")) return theirResult;
  const load = await loader();
  const go = until === "plan" ? ourPlan : ourResult;
  return async () => go(await load());
}

const go = await prepared();
const begin = performance.now();
const find = await go();
const value = performance.now() - begin;
const wrong = digits.filter((id) => find(id) !== issuanceOf(id)).length;
print({ value, wrong, checked: BATCH });
