// Groups B and F of the catalogue from Node: credentials and time.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { issueBulk, startIssueBulk } from "issue-bulk";
import { ids, what, withGateway } from "../../pkg/test/runs.mjs";

const service = withGateway();

const OAUTH = Object.freeze({ key: "sample-key", secret: "sample-secret" });
const SMALL = Object.freeze({ batchSize: 10, concurrency: 4 });

/** Calls for a token, in order of arrival. */
const tokenCalls = () => service.gateway.calls({ path: "token" });

/** Every id of the run arrived once with what the service would act on, and was issued once. */
async function assertOnce(/** @type {number} */ count) {
  const summary = await service.gateway.summary();
  assert.deepEqual([summary.issued, summary.distinctIssued], [count, count]);
}

test("19 a token that expires in the middle is renewed once for all", async () => {
  let isExpired = false;
  const job = startIssueBulk(what(ids(400)), service.where({ ...SMALL, auth: OAUTH }));
  for await (const { issued } of job.progress) {
    if (issued === 0 || isExpired) continue;
    isExpired = true;
    await service.gateway.expireTokens();
  }
  const report = await job.done;
  assert.ok(isExpired);
  assert.equal(report.counts.issued, 400, JSON.stringify(report));
  assert.equal((await tokenCalls()).length, 2);
  await assertOnce(400);
});

test("19 a second refusal pauses a job and stops a plain run", async () => {
  await service.gateway.switches({ auth: { refuseAll: true } });
  const where = service.where({ ...SMALL, auth: OAUTH });
  const report = await issueBulk(what(ids(20)), where);
  assert.deepEqual([report.stopped?.code, report.counts.unsent], ["unauthorised", 20]);
  const job = startIssueBulk(what(ids(20)), where);
  for await (const { state, pausedBy } of job.progress) {
    if (state !== "paused") continue;
    assert.equal(pausedBy, "unauthorised");
    await service.gateway.switches({ auth: { refuseAll: false } });
    job.resume();
  }
  assert.equal((await job.done).counts.issued, 20);
});

test("20 a 403 pauses a job and stops a plain run, without another try", async () => {
  const auth = { username: "store.denied", password: "server123" };
  const where = service.where({ batchSize: 10, concurrency: 1, auth });
  const report = await issueBulk(what(ids(20)), where);
  assert.deepEqual([report.stopped?.code, report.counts.attempts], ["access-denied", 1]);
  assert.equal(report.counts.unsent, 20);
  const job = startIssueBulk(what(ids(20)), where);
  for await (const { state, pausedBy } of job.progress) {
    if (state !== "paused") continue;
    assert.equal(pausedBy, "access-denied");
    job.cancel();
  }
  assert.equal((await job.done).counts.unsent, 20);
});

test("21 a token endpoint that fails twice is asked again after a wait", async () => {
  await service.gateway.faults([
    { when: { path: "token", calls: [1, 2] }, fault: { kind: "status", status: 503 } },
  ]);
  const report = await issueBulk(what(ids(20)), service.where({ ...SMALL, auth: OAUTH }));
  assert.equal(report.counts.issued, 20, JSON.stringify(report));
  assert.equal((await tokenCalls()).length, 3);
});

test("21 a token endpoint that stays away pauses the job, and nothing is lost", async () => {
  await service.gateway.faults([
    { when: { path: "token" }, fault: { kind: "status", status: 503 } },
  ]);
  const where = service.where({ ...SMALL, auth: OAUTH, attempts: 2 });
  const job = startIssueBulk(what(ids(20)), where);
  for await (const { state, pausedBy } of job.progress) {
    if (state !== "paused") continue;
    assert.equal(pausedBy, "credentials-unavailable");
    await service.gateway.faults([]);
    job.resume();
  }
  assert.equal((await job.done).counts.issued, 20);
});

/** Answers of a token endpoint that hold no token to use. @type {[string, object][]} */
const NO_TOKENS = [
  ["no JSON", { kind: "html", status: 200 }],
  ["no token", { kind: "body", status: 200, text: '{"data":{}}' }],
  ["a token that would break a header", token("a\\r\\nx: y")],
  ["an empty token", token("")],
  ["a huge answer", { kind: "body", status: 200, text: `{"a":"${"x".repeat(9 << 20)}"}` }],
];

/** @param {string} accessToken */
function token(accessToken) {
  const text = `{"data":{"accessToken":"${accessToken}","ttlSeconds":300}}`;
  return { kind: "body", status: 200, text };
}

for (const [name, fault] of NO_TOKENS) {
  test(`22 a token answer with ${name} is not used, and nothing is sent`, async () => {
    await service.gateway.faults([{ when: { path: "token" }, fault }]);
    const where = service.where({ ...SMALL, auth: OAUTH, attempts: 2 });
    const report = await issueBulk(what(ids(20)), where);
    assert.deepEqual([report.stopped?.code, report.counts.unsent], ["credentials-unreadable", 20]);
    assert.deepEqual(await service.gateway.calls(), []);
  });
}

for (const password of ["a:b", "p\u00e4ss\u{1F511}"]) {
  test(`23 the password ${JSON.stringify(password)} makes a header that is right`, async () => {
    /** @type {string[]} */
    const seen = [];
    const transport = (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
      seen.push(new Headers(init.headers).get("authorization") ?? "");
      return fetch(url, init);
    };
    const auth = { username: "store.server", password };
    await issueBulk(what(["11"]), service.where({ auth, transport }));
    const md5 = createHash("md5").update(password, "utf8").digest("hex");
    assert.equal(seen[0], `Basic ${btoa(`store.server:${md5}`)}`);
  });
}

for (const auth of [
  { username: "a:b", password: "x" },
  { username: "a\r\nx: y", passwordMd5: "8a16a6b70505eb1f1ff7cdc0cd5559a7" },
  { username: "a", password: "x\r\ny: z" },
  { token: "a\nb" },
]) {
  test(`23 ${JSON.stringify(auth)} is refused before anything is sent`, async () => {
    const mistake = { name: "IssueBulkError", code: "invalid-credentials" };
    await assert.rejects(issueBulk(what(["11"]), service.where({ auth })), mistake);
    assert.equal((await service.gateway.summary()).calls, 0);
  });
}

test("24 a secret that is rotated during a pause is asked for again", async () => {
  let asked = 0;
  const auth = async () => {
    asked += 1;
    return { "x-cap-api-oauth-token": await freshToken() };
  };
  const job = startIssueBulk(what(ids(100)), service.where({ ...SMALL, auth }));
  let isRotated = false;
  for await (const { state, issued } of job.progress) {
    if (issued > 0 && !isRotated && state === "running") job.pause();
    if (state !== "paused" || isRotated) continue;
    isRotated = true;
    await service.gateway.expireTokens();
    job.resume();
  }
  assert.equal((await job.done).counts.issued, 100);
  assert.ok(isRotated);
  assert.equal(asked, 2);
  await assertOnce(100);
});

async function freshToken() {
  const response = await fetch(`${service.gateway.host}/v3/oauth/token/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(OAUTH),
  });
  return (await response.json()).data.accessToken;
}

for (const hours of [-5, 5]) {
  test(`60 a Retry-After date counts from the answer's own clock, ${hours} hours off`, async () => {
    const retryAfter = { form: "date", format: "imf", inSeconds: 2 };
    const dateSkewSeconds = hours * 3_600;
    await service.gateway.faults([
      { when: { calls: [2] }, fault: { kind: "rateLimited", retryAfter, dateSkewSeconds } },
    ]);
    const report = await issueBulk(
      what(ids(30)),
      service.where({ batchSize: 10, concurrency: 1 }),
    );
    assert.equal(report.counts.issued, 30, JSON.stringify(report));
    const calls = await service.gateway.calls();
    const waited = calls[2].at - calls[1].at;
    // Dates have whole seconds: of two, one may be gone when the answer leaves.
    assert.ok(waited >= 1_000 && waited < 10_000, `waited ${waited} ms`);
  });
}
