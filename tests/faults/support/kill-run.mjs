// One incarnation of a run with a file journal, in a process of its own. It stands still in the
// state it was told, says so, and waits to be killed there; or it comes to its end and says that.

import { open } from "node:fs/promises";
import process from "node:process";
import { issueBulk, resumeIssueBulk } from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { ids, what } from "../../../pkg/test/runs.mjs";

/**
 * @typedef {"before-intent" | "half-intent" | "after-intent" | "after-send" | "after-answer"
 *   | "before-result" | "half-result" | "after-result" | "none"} State
 *
 * @typedef {object} Order
 * @property {string} path of the journal
 * @property {number} count of ids
 * @property {import("issue-bulk").RunOptions} options
 * @property {State} state to stand still in
 * @property {number} nth time that this state is reached
 */

/** @type {Order} */
const { path, count, options, state, nth } = JSON.parse(process.argv[2] ?? "{}");

/** Calls sent, answers read to their end, answers that the core was given since it last wrote. */
const seen = { sent: 0, answers: 0, unwritten: 0, reached: 0 };

/**
 * The place where this incarnation may end. The interval keeps a process alive that waits for
 * nothing but its end.
 *
 * @param {State} here
 */
async function place(here) {
  if (here !== state) return;
  seen.reached += 1;
  if (seen.reached < nth) return;
  setInterval(() => {}, 1_000);
  process.send?.({ state, sent: seen.sent });
  await new Promise(() => {});
}

const file = fileJournal(path);

/**
 * An append with answers behind it writes results, mostly with the next intents; any other one
 * writes intents alone (the first of all: the beginning of the run).
 *
 * @type {import("issue-bulk").Journal}
 */
const journal = {
  read: () => file.read(),
  truncate: (length) => file.truncate(length),
  close: () => file.close(),
  append: async (bytes) => {
    const isResult = seen.unwritten > 0;
    await place(isResult ? "before-result" : "before-intent");
    const half = isResult ? "half-result" : "half-intent";
    if (state === half && seen.reached + 1 >= nth) await appendHalf(bytes);
    await place(half);
    seen.unwritten = 0;
    await file.append(bytes);
    await place(isResult ? "after-result" : "after-intent");
  },
};

/** What a crash in the middle of a write leaves: the file ends within a record. */
async function appendHalf(/** @type {Uint8Array} */ bytes) {
  const handle = await open(path, "a");
  await handle.write(bytes.subarray(0, bytes.length >> 1));
  await handle.close();
}

/** @type {import("issue-bulk").Transport} */
async function transport(url, init) {
  seen.sent += 1;
  const sending = fetch(url, init);
  await place("after-send");
  const reply = await sending;
  const body = await reply.arrayBuffer();
  await place("after-answer");
  seen.unwritten += 1;
  return new Response(body, reply);
}

/** Goes on with what is there; a run that had not begun is begun. */
async function run() {
  try {
    return await resumeIssueBulk(journal, { ...options, transport });
  } catch (error) {
    // The kill came before the first record, or before the journal itself.
    const { code } = /** @type {any} */ (error);
    if (code !== "journal-empty" && code !== "journal-missing") throw error;
    return issueBulk(what(ids(count)), { ...options, transport, journal });
  }
}

const { counts } = await run();
process.send?.({ state: "done", counts });
process.disconnect?.();
