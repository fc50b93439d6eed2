// A million ids while every fifth call fails: the gateway's account, which counts every arrival and
// every issuance, judges what the report says. The promotion has no limit per customer, so that the
// service's own rules hide nothing.

import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { issueBulk, reconcile } from "issue-bulk";
import { what, withGateway } from "../../pkg/test/runs.mjs";
import { printTable } from "./support/print.mjs";

const service = withGateway();

const FIRST_ID = 500_000_000n;

/**
 * Ids of the run that is read back, which takes two calls for each unknown one and at most 1,000
 * calls a second; the variable asks for more.
 */
const READ_BACK_IDS = Math.max(20_000, Number(process.env.FAULTS_READ_BACK_IDS) || 0);

/** Customers the service does not know. */
const GUILTY = Object.freeze(
  Array.from({ length: 8 }, (_, at) => String(FIRST_ID + BigInt(at) * 7_919n + 17n)),
);

/**
 * Refusals that prove that nothing was done: a tenth of the calls, with the 413s of the service's
 * own bound on bodies.
 */
const CERTAIN = Object.freeze({
  "1006 guilty": { when: { contains: GUILTY }, fault: { kind: "status", status: 400, code: 1006 } },
  "1006 at random": { when: { probability: 0.07 }, fault: invalidCustomer() },
  429: {
    when: { probability: 0.012 },
    fault: { kind: "rateLimited", retryAfter: { form: "seconds", seconds: 0 } },
  },
});

/** Faults after which nobody can know: a tenth of the calls, a ninth of that each. @type {any} */
const AMBIGUOUS = Object.freeze({
  "issued, closed": { kind: "actThenDrop" },
  "issued, reset": { kind: "actThenDrop", end: "reset" },
  "closed without issue": { kind: "closeBeforeAnswer" },
  "reset without issue": { kind: "resetAfterRead" },
  "500 without issue": { kind: "status", status: 500 },
  "503 after the issue": { kind: "status", status: 503, apply: true },
  "504, issued later": { kind: "lateApply", afterMs: 50 },
  "body cut": { kind: "truncate" },
  "body reset": { kind: "resetInBody" },
});

function invalidCustomer() {
  return { kind: "status", status: 400, code: 1006, message: "Invalid customer" };
}

/** @returns {any[]} chances of later rules count among the calls that earlier ones let pass */
function rules() {
  const ambiguous = Object.entries(AMBIGUOUS);
  const probability = 0.13 / ambiguous.length;
  return [
    ...Object.entries(CERTAIN).map(([name, rule]) => ({ name, ...rule })),
    ...ambiguous.map(([name, fault]) => ({ name, when: { probability }, fault })),
  ];
}

/** No rule ends the run early: those have tests of their own. */
const NEVER_STOP = Object.freeze({
  ambiguousInRow: 1_000_000,
  failurePercent: 100,
  failureCallsMin: 1_000_000,
});

/**
 * @param {number} count
 * @param {number} batchSize
 */
async function run(count, batchSize) {
  const { gateway } = service;
  // A body of half a batch fits, so that the first calls are answered with 413 and halved.
  await gateway.switches({ ids: { bodyBytesMax: batchSize * 6 } });
  await gateway.faults(rules());
  const ids = BigInt64Array.from({ length: count }, (_, at) => FIRST_ID + BigInt(at));
  const options = { batchSize, stop: NEVER_STOP, seed: 7 };
  const report = await issueBulk(what(ids), service.where(options));
  // What was to be issued later has been, and no call is open any more.
  await gateway.reached({ openCalls: 0 });
  return report;
}

/** What the account holds against the report; all of it is to be empty. */
async function judge(/** @type {import("issue-bulk").Report} */ report) {
  const { customerIds, outcomes } = report.columns();
  const account = await service.gateway.ids();
  const found = {
    duplicates: /** @type {string[]} */ ([]),
    lost: /** @type {string[]} */ ([]),
    invented: /** @type {string[]} */ ([]),
    strangers: account.size - customerIds.length,
  };
  outcomes.forEach((outcome, row) => {
    const id = String(customerIds[row]);
    const { issued = 0 } = account.get(id) ?? {};
    if (issued > 1) found.duplicates.push(id);
    if (issued > 0 && (outcome === 1 || outcome === 2)) found.lost.push(id);
    if (issued === 0 && outcome === 0) found.invented.push(id);
  });
  return found;
}

/** Calls and ids of each fault, and the ids whose exchange was ambiguous. */
async function met() {
  /** @type {Map<string, { calls: number, ids: number }>} */
  const faults = new Map();
  /** @type {Set<string>} */
  const ambiguous = new Set();
  const calls = await service.gateway.calls({ ids: "full" });
  for (const { fault, status, customerIds } of calls) {
    const name = fault ?? (status === 413 ? "413" : "none");
    const sum = faults.get(name) ?? { calls: 0, ids: 0 };
    faults.set(name, { calls: sum.calls + 1, ids: sum.ids + customerIds.length });
    if (fault in AMBIGUOUS) for (const id of customerIds) ambiguous.add(id);
  }
  return { faults, ambiguous, calls: calls.length };
}

/**
 * The table: what was injected, what became of the ids, and what is wrong with it.
 *
 * @param {import("issue-bulk").Report} report
 * @param {Awaited<ReturnType<typeof judge>>} verdict
 * @param {Awaited<ReturnType<typeof met>>} seen
 */
function print({ counts }, { duplicates, lost }, { faults }) {
  const rows = [...faults].map(([name, { calls, ids }]) => [name, calls, ids]);
  printTable(["fault", "calls", "ids"], rows);
  const { given, issued, rejected, unsent, unknown } = counts;
  printTable(
    ["ids", "issued", "rejected", "unsent", "unknown", "duplicates", "lost"],
    [[given, issued, rejected, unsent, unknown, duplicates.length, lost.length]],
  );
}

test("a million ids, faults at a fifth of the calls: none lost, none issued twice", async () => {
  const report = await run(1_000_000, 1_000);
  const verdict = await judge(report);
  const seen = await met();
  print(report, verdict, seen);
  assert.deepEqual(verdict, { duplicates: [], lost: [], invented: [], strangers: 0 });
  const { issued, rejected, unsent, unknown } = report.counts;
  assert.equal(issued + rejected + unknown, 1_000_000);
  assert.deepEqual([report.stopped, unsent], [null, 0]);
  const { customerIds, outcomes } = report.columns();
  const told = [...customerIds].filter((_, row) => outcomes[row] === 3).map(String);
  assert.equal(told.length, seen.ambiguous.size, "unknown is what met an ambiguous fault ...");
  assert.ok(told.every((id) => seen.ambiguous.has(id)), "... and nothing else");
  for (const { reason } of report.rejected()) assert.equal(reason, "invalid-customer");
  for (const id of GUILTY) assert.match(report.get(id)?.outcome ?? "", /rejected|unknown/);
  assertShares(seen);
});

test("the same trouble, read back: no id is unknown any more", async () => {
  const report = await run(READ_BACK_IDS, 100);
  const { given, unknown } = report.counts;
  assert.ok(unknown > given / 20, `${unknown} of ${given} are unknown`);
  // A twentieth of a second after its answer, an issue takes effect at the latest.
  const rules = { quietMs: 1_000, apartMs: 0, rate: { perMinute: 60_000 }, concurrency: 16 };
  const after = await reconcile(report, service.where(rules));
  const verdict = await judge(after);
  const { counts, readBack } = after;
  printTable(
    ["ids", "unknown before", "issued", "not issued", "unknown after", "calls", "twice", "lost"],
    [[given, unknown, readBack?.issued, readBack?.notIssued, counts.unknown, readBack?.calls,
      verdict.duplicates.length, verdict.lost.length]],
  );
  assert.deepEqual(verdict, { duplicates: [], lost: [], invented: [], strangers: 0 });
  assert.deepEqual([counts.unknown, after.notes], [0, []]);
  assert.equal(report.counts.unknown, unknown, "the report of the run stays as it is");
  for (const one of report.unknown()) {
    const found = after.get(one.customerId);
    assert.equal(found?.verifiedBy, "read-back", one.customerId);
    const { outcome } = found;
    assert.ok(outcome === "issued" || found.reason === "read-back-not-issued", one.customerId);
  }
});

/** A tenth of the calls met a certain refusal, a tenth an ambiguous fault. */
function assertShares(/** @type {Awaited<ReturnType<typeof met>>} */ { faults, calls }) {
  const count = (/** @type {string[]} */ names) =>
    names.reduce((sum, name) => sum + (faults.get(name)?.calls ?? 0), 0);
  const certain = count([...Object.keys(CERTAIN), "413"]);
  const unsure = count(Object.keys(AMBIGUOUS));
  assert.ok(certain >= calls / 10, `${certain} of ${calls} calls were refused`);
  assert.ok(unsure >= calls / 10, `${unsure} of ${calls} calls were ambiguous`);
}
