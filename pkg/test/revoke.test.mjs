// Issuances are taken back: one alone and then the others, and the gateway's account agrees with
// the report, whatever the service or the network does.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchTransport, issueBulk, revoke } from "issue-bulk";
import { PROMOTION } from "./gateway.mjs";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;

/** The report of a run over some customers. */
const issued = (/** @type {number} */ customers) => issueBulk(what(ids(customers)), where());

/** Customers whose issuance the account calls revoked. */
async function gone() {
  const rows = await service.gateway.issuances();
  return rows.filter((row) => row.revoked).map((row) => row.customerId);
}

const calls = async () => (await service.gateway.summary()).callsByPath.revoke ?? 0;

/** @param {import("issue-bulk").RevokeReport} report */
const sums = ({ counts }) => [counts.revoked, counts.refused, counts.unsent, counts.unknown];

/** @param {object} fault @param {object} when */
const fault = (fault, when) =>
  service.gateway.faults([{ when: { path: "revoke", ...when }, fault }]);

test("a report is taken back whole, in one call alone and then one a customer", async () => {
  const run = await issued(40);
  let inFlight = 0;
  /** @type {number[]} */
  const flights = [];
  /** @type {import("issue-bulk").Transport} */
  const transport = async (url, init) => {
    flights.push((inFlight += 1));
    try {
      return await fetchTransport(url, init);
    } finally {
      inFlight -= 1;
    }
  };
  /** @type {import("issue-bulk").RevokeCounts[]} */
  const states = [];
  const onProgress = (/** @type {import("issue-bulk").RevokeCounts} */ it) => states.push(it);
  const report = await revoke({ issuances: run }, where({ transport, onProgress }));
  assert.deepEqual([sums(report), report.stopped, report.notes], [[40, 0, 0, 0], null, []]);
  assert.deepEqual(await gone(), ids(40));
  assert.equal(await calls(), 40);
  assert.deepEqual(flights.slice(0, 2), [1, 1]);
  assert.ok(Math.max(...flights) > 1);
  assert.deepEqual(states.at(-1), report.counts);
  assert.ok(states.every(({ revoked, unsent }) => revoked + unsent === 40));
});

test("only the issuances that are given are taken back, ids in any form", async () => {
  const [first, second, third] = [...(await issued(4)).issued()];
  assert.ok(first && second && third);
  const numbered = { ...second, customerId: BigInt(second.customerId) };
  const issuances = new Set([first, numbered, first, { ...third, customerId: 500_000_003 }]);
  const report = await revoke({ issuances }, where());
  assert.deepEqual(sums(report), [3, 0, 0, 0]);
  assert.deepEqual(await gone(), ids(3));
  const none = await revoke({ issuances: [] }, where());
  assert.deepEqual([sums(none), none.length, none.stopped], [[0, 0, 0, 0], 0, null]);
});

test("rows are objects, CSV and NDJSON, until the report is given back", async () => {
  const run = await issued(450);
  const report = await revoke({ issuances: run }, where());
  assert.equal(report.length, 450);
  const rows = [...report];
  assert.deepEqual(rows.map(({ customerId }) => customerId), ids(450));
  const expected = [...run.issued()].map(({ id }) => id);
  assert.deepEqual(rows.map(({ id }) => id), expected);
  const [first] = rows;
  assert.deepEqual(first, {
    outcome: "revoked",
    customerId: "500000001",
    promotionId: PROMOTION,
    id: expected[0],
    code: null,
    status: 200,
    message: "",
    requestId: first?.requestId,
  });
  const lines = (await new Response(report.ndjson()).text()).trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line)), rows);
  const csv = (await new Response(report.csv()).text()).split("\r\n");
  assert.equal(csv.length, 452);
  assert.match(csv[0] ?? "", /^customer_id,outcome,issuance_id,promotion_id,service_code,/);
  assert.match(csv[450] ?? "", /^500000450,revoked,"[0-9a-f]{24}","[0-9a-f]{24}",,200,/);
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(report))), ["counts", "stopped", "notes"]);
  report.dispose();
  assert.throws(() => [...report], { code: "report-disposed" });
});

test("where an issuance id is no earn id, one call shows it and no other is made", async () => {
  await service.gateway.switches({ reconcile: { sameId: false } });
  const report = await revoke({ issuances: await issued(10) }, where());
  assert.deepEqual(sums(report), [0, 1, 9, 0]);
  assert.equal(report.stopped?.code, "first-not-revoked");
  assert.match(report.stopped?.reason ?? "", /Invalid earn id/);
  assert.equal([...report][0]?.code, 731);
  assert.equal(await calls(), 1);
});

test("a lost answer ends as unknown, and what is not taken back is tried again", async () => {
  await fault({ kind: "resetAfterRead" }, { calls: [4] });
  const report = await revoke({ issuances: await issued(6) }, where());
  assert.deepEqual([sums(report), report.stopped], [[5, 0, 0, 1], null]);
  assert.equal((await gone()).length, 5);
  await service.gateway.faults([]);
  const rest = [...report].filter(({ outcome }) => outcome === "unknown");
  assert.deepEqual(sums(await revoke({ issuances: rest }, where())), [1, 0, 0, 0]);
  assert.equal((await gone()).length, 6);
});

test("a call that took effect before its answer was lost may be made once more", async () => {
  await fault({ kind: "actThenDrop" }, { calls: [3] });
  const report = await revoke({ issuances: await issued(4) }, where());
  assert.deepEqual(sums(report), [3, 0, 0, 1]);
  assert.equal((await gone()).length, 4);
  await service.gateway.faults([]);
  const rest = [...report].filter(({ outcome }) => outcome === "unknown");
  await revoke({ issuances: rest }, where());
  assert.equal((await gone()).length, 4);
});

test("a 429 is waited for, and answers in a row that prove nothing stop it", async () => {
  const run = await issued(30);
  const storm = { kind: "rateLimited", retryAfter: { form: "seconds", seconds: 1 } };
  await fault(storm, { calls: [2] });
  assert.deepEqual(sums(await revoke({ issuances: run }, where())), [30, 0, 0, 0]);

  await service.gateway.reset();
  const next = await issued(30);
  await fault({ kind: "status", status: 503 }, { script: [null, ...Array(40).fill(true)] });
  const report = await revoke({ issuances: next }, where());
  assert.equal(report.stopped?.code, "too-many-ambiguous");
  assert.equal(report.counts.revoked, 1);
  assert.equal((await gone()).length, 1);
});

test("an OAuth client may do it, and refused credentials stop it before anything", async () => {
  const run = await issued(3);
  const wrong = { auth: { username: "store.server", password: "wrong" } };
  const refused = await revoke({ issuances: run }, where(wrong));
  assert.deepEqual([sums(refused), refused.stopped?.code], [[0, 0, 3, 0], "unauthorised"]);
  const client = { key: "sample-key", secret: "sample-secret" };
  const unknown = await revoke({ issuances: run }, where({ auth: { ...client, secret: "no" } }));
  assert.deepEqual(sums(unknown), [0, 0, 3, 0]);
  assert.match(unknown.stopped?.code ?? "", /^(unauthorised|credentials-)/);
  const report = await revoke({ issuances: run }, where({ auth: client }));
  assert.deepEqual(sums(report), [3, 0, 0, 0]);
});

test("a token that cannot be renewed ends it, and what was taken back is told", async () => {
  const run = await issued(5);
  await service.gateway.faults([
    { when: { path: "revoke", calls: [3] }, fault: { kind: "status", status: 401 } },
    {
      when: { path: "token", script: [null, ...Array(20).fill(true)] },
      fault: { kind: "status", status: 503 },
    },
  ]);
  const auth = { key: "sample-key", secret: "sample-secret" };
  const options = where({ auth, concurrency: 1, attempts: 2 });
  const report = await revoke({ issuances: run }, options);
  assert.deepEqual(sums(report), [2, 0, 3, 0]);
  assert.equal(report.stopped?.code, "credentials-unavailable");
  assert.equal((await gone()).length, 2);
});

test("a signal ends it, and what is on its way is awaited", async () => {
  const run = await issued(20);
  const early = await revoke({ issuances: run }, where({ signal: AbortSignal.abort() }));
  assert.deepEqual([sums(early), early.stopped?.code], [[0, 0, 20, 0], "cancelled"]);
  assert.equal(await calls(), 0);
  const controller = new AbortController();
  let made = 0;
  /** @type {import("issue-bulk").Transport} */
  const transport = (url, init) => {
    made += 1;
    if (made === 5) controller.abort();
    return fetchTransport(url, init);
  };
  const { signal } = controller;
  const report = await revoke({ issuances: run }, where({ signal, transport, concurrency: 1 }));
  assert.deepEqual([sums(report), report.stopped?.code], [[5, 0, 15, 0], "cancelled"]);
  assert.equal((await gone()).length, 5);
});

test("what cannot be right is refused before anything is sent", async () => {
  const one = { customerId: "1", promotionId: PROMOTION, id: "6911eaf1f57b486147effac0" };
  const many = Array.from({ length: 1_001 }, (_, at) => ({ ...one, id: `e${at}` }));
  const exact = { ...one, customerId: 2 ** 53 };
  /** @type {[any, object, string][]} */
  const cases = [
    [undefined, {}, "invalid-argument"],
    [{ issuances: 7 }, {}, "invalid-argument"],
    [{ issuances: [null] }, {}, "invalid-argument"],
    [{ issuances: [{ ...one, id: 7 }] }, {}, "invalid-argument"],
    [{ issuances: [one], contextId: "x" }, {}, "unknown-option"],
    [{ issuances: [{ ...one, customerId: "1.2E+17" }] }, {}, "invalid-issuances"],
    [{ issuances: [{ ...one, id: "" }] }, {}, "invalid-issuances"],
    [{ issuances: [one, { ...one, promotionId: "other" }] }, {}, "invalid-issuances"],
    [{ issuances: many }, {}, "invalid-issuances"],
    [{ issuances: [exact] }, {}, "not-exact"],
    [{ issuances: [{ ...one, promotionId: "" }] }, {}, "invalid-promotion-id"],
    [{ issuances: [one] }, { batchSize: 5 }, "unknown-option"],
    [{ issuances: [one] }, { concurrency: 0 }, "invalid-concurrency"],
    [{ issuances: [one] }, { host: "http://example.com" }, "insecure-host"],
  ];
  for (const [request, options, code] of cases) {
    await assert.rejects(revoke(request, where(options)), { name: "IssueBulkError", code });
  }
  assert.equal((await service.gateway.summary()).calls, 0);
});
