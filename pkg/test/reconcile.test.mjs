// What a run leaves unknown is read back: against a gateway whose read-back is honest nothing stays
// unknown, and whatever it does, its account agrees with the report.

import assert from "node:assert/strict";
import { test } from "node:test";
import { issueBulk, reconcile, startIssueBulk } from "issue-bulk";
import { PROMOTION } from "./gateway.mjs";
import { balances, ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;

/** No quiet period: the gateway has acted before it is silent. */
const AT_ONCE = Object.freeze({ quietMs: 0, apartMs: 0, rate: { perMinute: 60_000 } });
const NEVER = Object.freeze({ ambiguousInRow: 1_000_000, failurePercent: 101 });

/** Answers that prove nothing, half of them to calls that took effect. */
const LOST = Object.freeze([
  { when: { calls: [2] }, fault: { kind: "actThenDrop" } },
  { when: { calls: [4] }, fault: { kind: "closeBeforeAnswer" } },
  { when: { calls: [6] }, fault: { kind: "status", status: 503 } },
  { when: { calls: [8] }, fault: { kind: "truncate" } },
]);

/** A run over a hundred ids in ten calls that leaves forty unknown. */
async function lossy(/** @type {object} */ options = {}) {
  await service.gateway.faults([...LOST]);
  const report = await issueBulk(
    what(ids(100)),
    where({ batchSize: 10, concurrency: 1, stop: NEVER, ...options }),
  );
  return report;
}

/** Every row that the account contradicts. @param {import("issue-bulk").Report} report */
async function contradictions(report) {
  const account = await service.gateway.ids();
  const rows = await service.gateway.issuances();
  const issuances = new Map(rows.map((row) => [row.customerId, row.id]));
  return [...report].filter((outcome) => {
    const issued = account.get(outcome.customerId)?.issued ?? 0;
    if (outcome.outcome === "unknown") return false;
    if (outcome.outcome !== "issued") return issued !== 0;
    return issued !== 1 || issuances.get(outcome.customerId) !== outcome.id;
  });
}

/** @param {import("issue-bulk").Report} report @param {string} code */
const noted = (report, code) => report.notes.find((note) => note.code === code)?.count ?? 0;

test("an honest read-back leaves nothing unknown, and the old report as it was", async () => {
  const before = await lossy();
  assert.equal(before.counts.unknown, 40);
  const after = await reconcile(before, where(AT_ONCE));
  assert.ok(balances(after.counts));
  const { issued, unsent, unknown } = after.counts;
  assert.deepEqual([issued, unsent, unknown], [80, 20, 0]);
  assert.deepEqual(await contradictions(after), []);
  const found = [...after].filter((outcome) => outcome.verifiedBy === "read-back");
  assert.equal(found.length, 40);
  for (const outcome of found) {
    if (outcome.outcome === "issued") assert.equal(outcome.promotionId, PROMOTION);
    else assert.equal(outcome.outcome === "unsent" && outcome.reason, "read-back-not-issued");
  }
  assert.equal([...after].filter((outcome) => outcome.verifiedBy === "answer").length, 60);
  const { asked, notIssued, calls } = after.readBack ?? assert.fail("no evidence");
  assert.deepEqual([asked, notIssued, calls], [40, 20, 80]);
  assert.deepEqual([before.counts.unknown, before.readBack], [40, null]);
  const csv = await new Response(after.csv()).text();
  assert.equal(csv.match(/,read-back\r\n/g)?.length, 40);
  const again = await reconcile(after, where(AT_ONCE));
  assert.equal(again.readBack?.calls, 0);
});

test('ambiguous: "reconcile" does both and resolves with the new report', async () => {
  const states = new Set();
  const report = await lossy({
    ambiguous: "reconcile",
    reconcile: AT_ONCE,
    onProgress: (/** @type {{ state: string }} */ { state }) => states.add(state),
  });
  assert.deepEqual([report.counts.unknown, report.counts.issued], [0, 80]);
  assert.deepEqual(await contradictions(report), []);
  assert.ok(states.has("reconciling") && states.has("done"), [...states].join());
});

test('ambiguous: "retry" sends again, and what that costs is in the account', async () => {
  const report = await lossy({ ambiguous: "retry" });
  assert.deepEqual([report.counts.unknown, report.counts.issued], [0, 100]);
  assert.equal(noted(report, "resent-after-ambiguity"), 40);
  const { issued, duplicatesIssued } = await service.gateway.summary();
  assert.deepEqual([issued, duplicatesIssued], [120, 20]);
});

test("reading fails, is throttled and loses its token, and still comes to its end", async () => {
  const before = await lossy({ auth: { key: "sample-key", secret: "sample-secret" } });
  const faults = [
    { when: { path: "customer", every: 5 }, fault: { kind: "status", status: 502 } },
    { when: { path: "customer", calls: [3] }, fault: { kind: "resetAfterRead" } },
    {
      when: { path: "customer", calls: [7] },
      fault: { kind: "rateLimited", retryAfter: { form: "seconds", seconds: 0 } },
    },
    { when: { path: "customer", calls: [11] }, fault: { kind: "status", status: 401 } },
    { when: { path: "customer", calls: [13] }, fault: { kind: "html" } },
  ];
  await service.gateway.faults(faults);
  const auth = { key: "sample-key", secret: "sample-secret" };
  const after = await reconcile(before, where({ ...AT_ONCE, auth, attempts: 20 }));
  assert.deepEqual([after.counts.unknown, noted(after, "read-back-failed")], [0, 0]);
  assert.deepEqual(await contradictions(after), []);
});

test("what the read-back does not show yet is waited for by the quiet period", async () => {
  const before = await lossy();
  await service.gateway.switches({ reconcile: { delayMs: 400 } });
  const after = await reconcile(before, where({ ...AT_ONCE, quietMs: 600 }));
  assert.deepEqual([after.counts.unknown, after.counts.issued], [0, 80]);
  assert.deepEqual(await contradictions(after), []);
});

test("a page that may hide more decides nothing", async () => {
  const before = await lossy();
  const row = { earnedPromotionId: "a", promotionId: "other", eventTime: 1, validTill: 2 };
  const text = JSON.stringify({ data: Array.from({ length: 20 }, () => row) });
  await service.gateway.faults([{ when: { path: "customer" }, fault: { kind: "body", text } }]);
  const after = await reconcile(before, where({ ...AT_ONCE, limit: 20 }));
  assert.deepEqual([after.counts.unknown, noted(after, "read-back-page-full")], [40, 40]);
  // Even below the limit: pages of one length are a ceiling that nobody told.
  const ceiling = await reconcile(before, where({ ...AT_ONCE, limit: 100 }));
  assert.equal(ceiling.counts.unknown, 40);
});

test("refused credentials end the reading, and a cancel ends it at once", async () => {
  const before = await lossy();
  const wrong = { auth: { username: "store.server", password: "wrong" } };
  const refused = await reconcile(before, where({ ...AT_ONCE, ...wrong }));
  assert.equal(refused.counts.unknown, 40);
  assert.deepEqual(
    [noted(refused, "read-back-stopped"), noted(refused, "unauthorised")],
    [40, 1],
  );
  const patient = { ...AT_ONCE, quietMs: 3_600_000 };
  const signal = AbortSignal.timeout(50);
  const cancelled = await reconcile(before, where({ ...patient, signal }));
  assert.deepEqual([cancelled.counts.unknown, noted(cancelled, "cancelled")], [40, 1]);
  await service.gateway.faults([...LOST]);
  const options = { batchSize: 10, concurrency: 1, stop: NEVER };
  const both = { ...options, ambiguous: "reconcile", reconcile: patient };
  const job = startIssueBulk(what(ids(100)), where(both));
  for await (const { state } of job.progress) if (state === "reconciling") job.cancel();
  const report = await job.done;
  assert.equal(report.counts.unknown, 40);
});

test("wrong options are refused before anything is sent", async () => {
  const report = await issueBulk(what(ids(1)), where());
  for (const options of [{ limit: 9 }, { quietMs: -1 }, { rate: { perMinute: 0 } }]) {
    await assert.rejects(reconcile(report, where(options)), { code: "invalid-reconcile" });
    const run = issueBulk(what(ids(1)), where({ ambiguous: "reconcile", reconcile: options }));
    await assert.rejects(run, { code: "invalid-reconcile" });
  }
  await assert.rejects(reconcile(report, where({ batchSize: 5 })), { code: "unknown-option" });
  const nested = { reconcile: { rate: { perHour: 5 } } };
  await assert.rejects(issueBulk(what(ids(1)), where(nested)), { code: "unknown-option" });
  const nothing = /** @type {any} */ ({});
  await assert.rejects(reconcile(nothing, where()), { code: "invalid-argument" });
  assert.equal((await service.gateway.summary()).calls, 1);
});

test("the journal of a run that shall not go on is read back, too", async () => {
  /** @type {Uint8Array[]} */
  const pieces = [];
  const journal = {
    async *read() {
      yield* pieces;
    },
    append: async (/** @type {Uint8Array} */ bytes) => void pieces.push(bytes.slice()),
    truncate: async () => assert.fail("nothing is torn"),
  };
  const before = await lossy({ journal });
  const after = await reconcile(journal, where(AT_ONCE));
  assert.deepEqual([before.counts.unknown, after.counts.unknown], [40, 0]);
  assert.deepEqual(await contradictions(after), []);
});
