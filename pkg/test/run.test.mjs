// The main job: a CSV goes in, one outcome per customer comes out, and the gateway's account says
// the same, id by id.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { issueBulk, planIssueBulk, startIssueBulk, version } from "issue-bulk";
import { AUTH, PROMOTION } from "./gateway.mjs";
import { balances, ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;

const CUSTOMERS = 10_000;

/** Ids of 9 and of 18 digits, the largest of all, one that no float holds, and a duplicate. */
function customersCsv() {
  const rows = ["customer_id,name,city"];
  for (let n = 0; n < CUSTOMERS - 2; n += 1) {
    const id = n % 10 === 0 ? 100_000_000_000_000_000n + BigInt(n) : 500_000_000n + BigInt(n);
    rows.push(`${id},"Name, ${n}",Köln`);
  }
  rows.push("9007199254740993,a,b", "9223372036854775807,c,d", "500000001,again,e", "00123,f,g");
  return `${rows.join("\r\n")}\r\n`;
}

test("10,000 customers of a CSV: the sums balance and the account agrees id by id", async () => {
  const report = await issueBulk(what(customersCsv()), where());
  const { counts } = report;
  assert.equal(report.stopped, null);
  assert.deepEqual(report.notes, []);
  assert.ok(balances(counts));
  assert.deepEqual(
    [counts.given, counts.issued, counts.invalid, counts.duplicate, counts.attempts],
    [CUSTOMERS + 2, CUSTOMERS, 1, 1, 10],
  );
  assert.equal(report.length, CUSTOMERS);
  assert.deepEqual(report.problems, [
    { line: 10_002, column: 1, reason: "duplicate", text: "500000001", firstLine: 3 },
    { line: 10_003, column: 1, reason: "leading-zero", text: "00123", firstLine: null },
  ]);

  const account = new Map();
  for (const one of await service.gateway.issuances()) account.set(one.customerId, one);
  assert.equal(account.size, CUSTOMERS);
  for (const { outcome, customerId, verifiedBy, ...issuance } of report.issued()) {
    assert.equal(verifiedBy, "answer");
    const { id, promotionId, earnedFromId, eventTime, validTill } = account.get(customerId);
    assert.deepEqual(issuance, { id, promotionId, earnedFromId, eventTime, validTill });
  }
  assert.equal(account.get("9007199254740993").earnedFromId, "2 items in cart");
  assert.ok(account.has("9223372036854775807"));
});

/** Six customers, of whom two are issued and one each is rejected, unknown; two are unsent. */
async function mixed() {
  await service.gateway.faults([
    { when: { calls: [1] }, fault: { kind: "perIdError", which: { ids: ["12"] } } },
    { when: { calls: [2] }, fault: { kind: "omitIds", which: { ids: ["13"] } } },
    { when: { calls: [3] }, fault: { kind: "status", status: 404, message: "=promotion gone" } },
  ]);
  const customers = [11n, 12n, 13n, 9007199254740993n, 15n, 16n];
  return issueBulk(what(customers), where({ batchSize: 2, concurrency: 1 }));
}

test("a loop over the rows gives what is asked for one by one, ordinary or not", async () => {
  const which = (/** @type {number} */ every) => ({ which: { every } });
  await service.gateway.faults([
    { when: { calls: [1] }, fault: { kind: "perIdError", ...which(3) } },
    { when: { calls: [2] }, fault: { kind: "omitIds", ...which(5) } },
    { when: { calls: [3] }, fault: { kind: "wrongContext", ...which(7) } },
  ]);
  const fields = ["id", "customerId", "promotionId", "earnedFromId"];
  await service.gateway.switches({ shape: { fields } });
  const many = [...ids(899), "7", "9007199254740993", "9223372036854775807"];
  const report = await issueBulk(what(many), where({ batchSize: 300, concurrency: 1 }));
  const rows = Array.from({ length: many.length }, (_, row) => report.at(row));
  assert.deepEqual([...report], rows);
  const issued = rows.filter((row) => row?.outcome === "issued");
  assert.deepEqual([...report.issued()], issued);
  assert.ok(issued.length > 600 && issued.length < many.length);
  assert.deepEqual(issued.at(-1), rows.at(-1));
  assert.equal(issued.at(-1)?.eventTime, null);
  assert.equal(new Set(issued.map((row) => row?.earnedFromId)).size, 2);

  const loop = report[Symbol.iterator]();
  loop.next();
  report.dispose();
  assert.throws(() => loop.next(), { code: "report-disposed" });
});

test("a report is read by id and by row", async () => {
  const report = await mixed();
  const issued = report.get(11);
  assert.equal(issued?.outcome, "issued");
  assert.equal(issued?.customerId, "11");
  assert.deepEqual(report.get(11n), issued);
  assert.deepEqual(report.get("11"), issued);
  assert.deepEqual(report.get(11, "issued"), issued);
  assert.equal(report.get(11, "unknown"), undefined);
  assert.deepEqual(report.at(0), issued);
  assert.equal(report.get("9007199254740993")?.customerId, "9007199254740993");
  assert.throws(() => report.get(9007199254740993), { code: "not-exact" });
  for (const stranger of [17, "011", "", "x", -11n, 2n ** 64n]) {
    assert.equal(report.get(stranger), undefined);
  }
  for (const beyond of [-1, 6, 0.5, NaN]) assert.equal(report.at(beyond), undefined);
});

test("a report is read by outcome, in the order of the input", async () => {
  const report = await mixed();
  const { counts } = report;
  const of = (/** @type {Iterable<any>} */ outcomes) => [...outcomes].map((one) => one.customerId);
  assert.deepEqual(of(report), ["11", "12", "13", "9007199254740993", "15", "16"]);
  assert.deepEqual(of(report.issued()), ["11", "9007199254740993"]);
  assert.deepEqual(of(report.rejected()), ["12"]);
  assert.deepEqual(of(report.unknown()), ["13"]);
  assert.deepEqual(of(report.unsent()), ["15", "16"]);
  assert.deepEqual(
    [counts.issued, counts.rejected, counts.unknown, counts.unsent],
    [2, 1, 1, 2],
  );
  const [rejected] = report.rejected();
  assert.deepEqual([rejected?.reason, rejected?.code], ["entry-error", 708]);
  const [unsent] = report.unsent();
  assert.deepEqual([unsent?.reason, unsent?.status], ["promotion-not-found", 404]);
  assert.equal(unsent?.message, "=promotion gone");
  assert.equal(report.stopped?.code, "promotion-not-found");
  assert.match(report.stopped?.reason ?? "", /promotionId/);
  const { status, requestId } = report.stopped ?? {};
  assert.deepEqual([status, requestId], [404, unsent?.requestId]);
});

test("columns say the same as rows", async () => {
  const report = await mixed();
  const columns = report.columns();
  const customers = BigInt64Array.of(11n, 12n, 13n, 9007199254740993n, 15n, 16n);
  assert.deepEqual(columns.customerIds, customers);
  assert.deepEqual([...columns.outcomes], [0, 1, 3, 0, 2, 2]);
  for (let row = 0; row < report.length; row += 1) {
    const outcome = report.at(row);
    const issuance = Buffer.from(columns.issuanceIds.subarray(row * 12, row * 12 + 12));
    if (outcome?.outcome === "issued") {
      assert.equal(issuance.toString("hex"), outcome.id);
      assert.equal(columns.eventTimes[row], BigInt(outcome.eventTime ?? 0));
      assert.equal(columns.validTills[row], BigInt(outcome.validTill ?? 0));
      assert.equal(columns.causes[row], 0);
    } else {
      assert.ok(issuance.every((byte) => byte === 0));
      assert.equal(columns.eventTimes[row], -(2n ** 63n));
      const cause = columns.causeTable[columns.causes[row] - 1];
      assert.equal(cause?.reason, outcome?.reason);
      assert.equal(cause?.status, outcome?.status);
    }
  }
});

test("CSV and NDJSON hold every row, and no cell is a formula", async () => {
  const report = await mixed();
  const csv = await new Response(report.csv()).text();
  const rows = csv.trimEnd().split("\r\n");
  assert.equal(rows.length, 7);
  assert.match(rows[0] ?? "", /^customer_id,outcome,issuance_id,event_time,valid_till,/);
  assert.match(rows[1] ?? "", /^"?11"?,"?issued"?,"?[0-9a-f]{24}"?,"?\d{4}-\d\d-\d\dT/);
  assert.ok(!/(^|,)"?[=+@-]promotion/m.test(csv), csv);
  const ndjson = await new Response(report.ndjson()).text();
  const objects = ndjson.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(
    objects.map((one) => [one.customerId ?? one.customer_id, one.outcome]),
    [...report].map((one) => [one.customerId, one.outcome]),
  );
});

test("a long CSV is made in pieces, as it is read", async () => {
  const report = await issueBulk(what(ids(5_000)), where());
  const reader = report.csv().getReader();
  const sizes = [];
  let text = "";
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    sizes.push(step.value.length);
    text += Buffer.from(step.value).toString();
  }
  assert.ok(sizes.length >= 3, String(sizes));
  const customers = text.trimEnd().split("\r\n").slice(1).map((row) => row.match(/\d+/)?.[0]);
  assert.deepEqual(customers, ids(5_000));
});

test("a summary for a log holds no customer", async () => {
  const report = await mixed();
  const text = JSON.stringify(report);
  assert.deepEqual(JSON.parse(text).counts, { ...report.counts });
  assert.ok(!text.includes("9007199254740993"));
});

test("a report that was disposed of keeps its sums and gives no rows", async () => {
  const report = await mixed();
  report.dispose();
  report[Symbol.dispose]();
  assert.equal(report.counts.issued, 2);
  assert.equal(report.stopped?.code, "promotion-not-found");
  for (const read of [() => report.get(11), () => [...report], () => report.columns()]) {
    assert.throws(read, { code: "report-disposed" });
  }
  await assert.rejects(new Response(report.csv()).text(), { code: "report-disposed" });
});

test("a plan says what a run would do, and sends nothing", async () => {
  const plan = await planIssueBulk(
    what("id\n11\n12\n011\n11\n\n13\n"),
    where({ batchSize: 2, concurrency: 3 }),
  );
  assert.deepEqual(
    [plan.given, plan.distinct, plan.invalid, plan.duplicate, plan.blank],
    [5, 3, 1, 1, 1],
  );
  assert.deepEqual([plan.requests, plan.batchSize, plan.concurrency], [2, 2, 3]);
  assert.equal(plan.bytes, "[11,12][13]".length);
  // Both calls leave at once, and each is taken to last a second.
  assert.equal(plan.estimatedMs, 1000);
  assert.deepEqual(plan.problems.map(({ line, reason }) => [line, reason]), [
    [4, "leading-zero"],
    [5, "duplicate"],
  ]);
  assert.equal((await service.gateway.summary()).arrivals, 0);
  await assert.rejects(
    planIssueBulk(what([1n]), where({ signal: AbortSignal.abort() })),
    { code: "cancelled" },
  );
});

test("two runs at once share the core and nothing else", async () => {
  const [one, two] = await Promise.all([
    issueBulk(what(ids(3_000)), where({ batchSize: 100 })),
    issueBulk(what(ids(2_000), { contextId: "other" }), where({ batchSize: 70 })),
  ]);
  assert.deepEqual([one.counts.issued, two.counts.issued], [3_000, 2_000]);
  for (const { earnedFromId } of one.issued()) assert.equal(earnedFromId, "2 items in cart");
  for (const { earnedFromId } of two.issued()) assert.equal(earnedFromId, "other");
  assert.equal((await service.gateway.summary()).issued, 5_000);
});

test("every kind of credentials is accepted by the service", async () => {
  const basic = { authorization: `Basic ${btoa(`store.server:${MD5}`)}` };
  const token = await oauthToken();
  const kinds = [
    AUTH,
    { username: AUTH.username, passwordMd5: MD5 },
    { key: "sample-key", secret: "sample-secret" },
    { token },
    () => basic,
    async () => new Headers(basic),
  ];
  for (const auth of kinds) {
    const report = await issueBulk(what(ids(3)), where({ auth }));
    assert.equal(report.counts.issued, 3, JSON.stringify(report));
  }
});

test("credentials that are refused pause a job, and new ones let it end", async () => {
  const job = startIssueBulk(what(ids(3)), where({ auth: { ...AUTH, password: "wrong" } }));
  for await (const progress of job.progress) {
    if (progress.state !== "paused") continue;
    assert.equal(progress.pausedBy, "unauthorised");
    job.resume(AUTH);
    break;
  }
  const report = await job.done;
  assert.equal(report.counts.issued, 3);
});

test("credentials that are refused end a plain run with everything unsent", async () => {
  const auth = { username: AUTH.username, password: "wrong-canary-password" };
  const report = await issueBulk(what(ids(3)), where({ auth }));
  assert.equal(report.stopped?.code, "unauthorised");
  assert.equal(report.counts.unsent, 3);
  const csv = await new Response(report.csv()).text();
  const everything = JSON.stringify([report, ...report]) + csv;
  assert.ok(!everything.includes("canary"));
});

test("an auth function that fails is noted without its words", async () => {
  const auth = () => {
    throw new Error("the vault said: canary");
  };
  const report = await issueBulk(what(ids(3)), where({ auth }));
  assert.equal(report.counts.unsent, 3);
  assert.equal(report.notes[0]?.code, "auth-callback-failed");
  const { status, serviceCode, requestId } = report.stopped ?? {};
  assert.deepEqual([status, serviceCode, requestId], [null, null, null]);
  assert.ok(!JSON.stringify(report).includes("canary"));
});

test("an auth function or a token endpoint that never answers does not hold the run", async () => {
  await service.gateway.faults([{ when: { path: "token" }, fault: { kind: "stallInBody" } }]);
  const kinds = [() => new Promise(() => {}), { key: "sample-key", secret: "sample-secret" }];
  const runs = kinds.map((auth) => issueBulk(what(ids(3)), where({ auth, timeoutMs: 100 })));
  for (const report of await Promise.all(runs)) {
    assert.equal(report.counts.unsent, 3);
    assert.notEqual(report.stopped, null);
  }
});

test("another transport is called like fetch, without this", async () => {
  /** @type {any[]} */
  const seen = [];
  const transport = async function (/** @type {string} */ url, /** @type {RequestInit} */ init) {
    // @ts-expect-error a function of a module has no this
    seen.push([this, url, init.method, init.redirect]);
    return fetch(url, init);
  };
  const report = await issueBulk(what(["11"]), where({ transport }));
  assert.equal(report.counts.issued, 1);
  const url = `${service.gateway.host}/api_gateway/v1/promotions/${PROMOTION}/issueBulk`;
  assert.deepEqual(seen, [
    [undefined, `${url}?contextId=2%20items%20in%20cart`, "POST", "manual"],
  ]);
});

test("the default transport is the fetch of the moment of the call", async () => {
  const { fetch } = globalThis;
  let calls = 0;
  globalThis.fetch = (...args) => {
    calls += 1;
    return fetch(...args);
  };
  try {
    await issueBulk(what(["11"]), where());
  } finally {
    globalThis.fetch = fetch;
  }
  assert.equal(calls, 1);
});

test("a transport that fails leaves its ids unknown, whatever it throws", async () => {
  const failures = [
    () => Promise.reject(new Error("x")),
    () => Promise.reject(null),
    () => {
      throw "text";
    },
    () => undefined,
    async () => ({}),
  ];
  for (const transport of failures) {
    const report = await issueBulk(what(ids(2)), where({ transport }));
    assert.deepEqual([report.counts.unknown, report.counts.attempts], [2, 1]);
  }
});

test("the version is the same in the manifest and in the core", () => {
  const manifest = new URL(import.meta.resolve("issue-bulk/package.json"));
  assert.equal(version(), JSON.parse(readFileSync(manifest, "utf8")).version);
});

const MD5 = "8a16a6b70505eb1f1ff7cdc0cd5559a7";

async function oauthToken() {
  const response = await fetch(`${service.gateway.host}/v3/oauth/token/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key: "sample-key", secret: "sample-secret" }),
  });
  return (await response.json()).data.accessToken;
}
