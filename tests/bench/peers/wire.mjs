// Bulk loops over HTTP, as people write them: batches of ids out, one result per customer in a Map.

import axios from "axios";
import ky from "ky";
import pLimit from "p-limit";
import pMap from "p-map";
import PQueue from "p-queue";
import { request } from "undici";

/**
 * @typedef {object} Call
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {number} concurrency
 *
 * @typedef {number[]} Batch
 * @typedef {{ id: string, customerId: number }} Entry
 * @typedef {{ data: Record<string, Entry> }} Answer
 * @typedef {Map<number, Entry>} Results
 * @typedef {(batches: readonly Batch[], call: Call) => Promise<Results>} Loop
 */

/**
 * @param {Answer} answer
 * @param {Batch} batch
 * @param {Results} results
 */
function keep({ data }, batch, results) {
  const pending = new Set(batch);
  for (const entry of Object.values(data)) {
    if (pending.delete(entry.customerId)) results.set(entry.customerId, entry);
  }
}

/** @type {Loop} */
async function fetchAndLimit(batches, { url, headers, concurrency }) {
  /** @type {Results} */
  const results = new Map();
  const limit = pLimit(concurrency);
  const send = async (/** @type {Batch} */ batch) => {
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(batch) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    keep(/** @type {Answer} */ (await response.json()), batch, results);
  };
  await Promise.all(batches.map((batch) => limit(send, batch)));
  return results;
}

/** @type {Loop} */
async function kyAndMap(batches, { url, headers, concurrency }) {
  /** @type {Results} */
  const results = new Map();
  const options = { headers, retry: 0, timeout: 60_000 };
  const send = async (/** @type {Batch} */ batch) => {
    const answer = await ky.post(url, { ...options, json: batch }).json();
    keep(/** @type {Answer} */ (answer), batch, results);
  };
  await pMap(batches, send, { concurrency });
  return results;
}

/** @type {Loop} */
async function axiosAndQueue(batches, { url, headers, concurrency }) {
  /** @type {Results} */
  const results = new Map();
  const queue = new PQueue({ concurrency });
  const send = async (/** @type {Batch} */ batch) => {
    const { data } = await axios.post(url, batch, { headers });
    keep(data, batch, results);
  };
  await queue.addAll(batches.map((batch) => () => send(batch)));
  return results;
}

/** @type {Loop} */
async function undiciRequest(batches, { url, headers, concurrency }) {
  /** @type {Results} */
  const results = new Map();
  const limit = pLimit(concurrency);
  const send = async (/** @type {Batch} */ batch) => {
    const options = { method: /** @type {const} */ ("POST"), headers, body: JSON.stringify(batch) };
    const { statusCode, body } = await request(url, options);
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
    keep(/** @type {Answer} */ (await body.json()), batch, results);
  };
  await Promise.all(batches.map((batch) => limit(send, batch)));
  return results;
}

/**
 * The least that a call over `fetch` costs: its answer is read as a stream and looked at by nobody.
 *
 * @type {Loop}
 */
async function fetchAndDiscard(batches, { url, headers, concurrency }) {
  const limit = pLimit(concurrency);
  const send = async (/** @type {Batch} */ batch) => {
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(batch) });
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
    const reader = response.body.getReader();
    while (!(await reader.read()).done);
  };
  await Promise.all(batches.map((batch) => limit(send, batch)));
  return new Map();
}

export const DISCARD = "fetch, bodies discarded";

/** @type {Record<string, Loop>} */
export const LOOPS = {
  "fetch + p-limit": fetchAndLimit,
  "ky + p-map": kyAndMap,
  "axios + p-queue": axiosAndQueue,
  "undici.request": undiciRequest,
  [DISCARD]: fetchAndDiscard,
};
