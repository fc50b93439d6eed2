// A run with a file journal that is killed (SIGKILL) again and again, in every state it can be in,
// and goes on each time in a new process. The gateway's account is the judge.

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { reconcile, resumeIssueBulk } from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { ids, withGateway } from "../../pkg/test/runs.mjs";
import { printTable } from "./support/print.mjs";

/** @typedef {import("./support/kill-run.mjs").State} State */

const service = withGateway();
const PROGRAM = fileURLToPath(new URL("support/kill-run.mjs", import.meta.url));

const CUSTOMERS = 6_000;
const BATCH = 10;
const CONCURRENCY = 3;

/** @type {State[]} */
const STATES = [
  "before-intent",
  "half-intent",
  "after-intent",
  "after-send",
  "after-answer",
  "before-result",
  "half-result",
  "after-result",
];

/** Times that each state is killed in; beside these, kills at moments that nobody chose. */
const ROUNDS = 7;
const RANDOM_KILLS = 8;

/** A machine that is busy with other tests takes a while to start a process. */
const PATIENCE_MS = 30_000;

/**
 * Starts an incarnation and waits for what it says.
 *
 * @param {string} path of the journal
 * @param {{ state: State, nth: number }} where
 * @param {number} [killAfterMs] kill it then, whatever it does
 */
async function incarnation(path, { state, nth }, killAfterMs) {
  const { calls } = await service.gateway.reached({ openCalls: 0 });
  const options = service.where({ batchSize: BATCH, concurrency: CONCURRENCY });
  const order = { path, count: CUSTOMERS, options, state, nth };
  const child = fork(PROGRAM, [JSON.stringify(order)], { stdio: "inherit" });
  const gone = once(child, "exit");
  const said = once(child, "message").then(([message]) => message);
  const timer = AbortSignal.timeout(PATIENCE_MS);
  const late = once(timer, "abort").then(() => assert.fail(`it never came to ${state}`));
  if (killAfterMs !== undefined) await delay(killAfterMs);
  const first = await Promise.race([
    killAfterMs === undefined ? said : Promise.race([said, { state: "somewhere" }]),
    gone.then(([code]) => assert.fail(`it ended by itself with ${code}`)),
    late,
  ]);
  // What was sent has arrived before the process is gone.
  if (first.state === "after-send") await service.gateway.reached({ calls: calls + first.sent });
  if (first.state !== "done") child.kill("SIGKILL");
  const [, signal] = await gone;
  assert.equal(signal, first.state === "done" ? null : "SIGKILL");
  return first;
}

/**
 * The whole loop; how often it was killed in each state.
 *
 * @param {string} path
 */
async function killLoop(path) {
  /** @type {Map<string, number>} */
  const kills = new Map();
  const count = (/** @type {string} */ state) => kills.set(state, (kills.get(state) ?? 0) + 1);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const state of STATES) {
      // Intents alone are written first in every incarnation, and rarely later.
      const nth = state.endsWith("intent") ? 1 : 1 + (round % 3);
      const said = await incarnation(path, { state, nth });
      if (said.state === "done") return { kills, done: said };
      count(said.state);
    }
  }
  for (let kill = 0; kill < RANDOM_KILLS; kill += 1) {
    const said = await incarnation(path, { state: "none", nth: 1 }, 60 + kill * 15);
    if (said.state === "done") return { kills, done: said };
    count(said.state);
  }
  return { kills, done: await incarnation(path, { state: "none", nth: 1 }) };
}

test("72 killed in every state, again and again: none lost, none issued twice", async () => {
  const folder = await mkdtemp(join(tmpdir(), "issue-bulk-kill-"));
  try {
    const path = join(folder, "run.journal");
    const { kills, done } = await killLoop(path);
    await service.gateway.reached({ openCalls: 0 });
    const report = await resumeIssueBulk(fileJournal(path), service.where());
    const account = await service.gateway.ids();
    const { issued, rejected, unsent, unknown } = report.counts;
    const twice = [...account.values()].filter((one) => one.issued > 1 || one.arrivals > 1).length;
    printTable(["killed in", "times"], [...kills]);
    printTable(
      ["ids", "kills", "issued", "unknown", "of these issued", "twice", "lost"],
      [[CUSTOMERS, sum(kills), issued, unknown, issuedOf(report, account), twice,
        CUSTOMERS - issued - unknown]],
    );
    const { attempts } = report.counts;
    assert.deepEqual(
      [done.counts.issued, done.counts.unknown, done.counts.attempts],
      [issued, unknown, attempts],
      "the journal tells the report again",
    );
    assert.ok(sum(kills) >= 50, `only ${sum(kills)} kills`);
    for (const state of STATES) assert.equal(kills.get(state), ROUNDS, state);
    assert.deepEqual([rejected, unsent, issued + unknown], [0, 0, CUSTOMERS]);
    assert.equal(twice, 0);
    assert.equal(report.length, ids(CUSTOMERS).length);
    assertHonest(report, account);
    await assertReadBack(path, account);
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** @param {Map<string, number>} kills */
const sum = (kills) => [...kills.values()].reduce((total, times) => total + times, 0);

/**
 * @param {import("issue-bulk").Report} report
 * @param {Map<string, { arrivals: number, issued: number }>} account
 */
function issuedOf(report, account) {
  return [...report.unknown()].filter(({ customerId }) => account.get(customerId)?.issued).length;
}

/**
 * @param {import("issue-bulk").Report} report
 * @param {Map<string, { arrivals: number, issued: number }>} account
 */
function assertHonest(report, account) {
  for (const { customerId } of report.issued()) {
    assert.equal(account.get(customerId)?.issued, 1, `${customerId} is not issued`);
  }
  for (const { customerId, reason } of report.unknown()) {
    assert.equal(reason, "interrupted", customerId);
  }
}

/**
 * The journal is all that a read-back needs, and it leaves nothing unknown.
 *
 * @param {string} path
 * @param {Map<string, { arrivals: number, issued: number }>} account
 */
async function assertReadBack(path, account) {
  const rules = { quietMs: 1_000, apartMs: 0, rate: { perMinute: 60_000 }, concurrency: 16 };
  const report = await reconcile(fileJournal(path), service.where(rules));
  assert.deepEqual([report.counts.unknown, report.notes], [0, []]);
  for (const { customerId, outcome } of report) {
    const isIssued = account.get(customerId)?.issued === 1;
    assert.equal(outcome, isIssued ? "issued" : "unsent", customerId);
  }
}
