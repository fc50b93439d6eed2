/** The Worker in workerd: what it refuses, with nothing sent, and what it answers. */
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { answered, call, linesOf, textOf } from "./support/api.mjs";
import { PROMOTION, startGateway, until } from "./support/gateway.mjs";
import { CANARIES, TOKEN, startSite } from "./support/site.mjs";

let gateway;
let site;
const OAUTH_SECRET = "sample-secret";
/** Everything any answer said, headers included. */
const seen = [];

before(async () => {
  gateway = await startGateway();
  site = await startSite(gateway, { SUBREQUESTS: "100", BODY_BYTES_MAX: "100000" });
});
beforeEach(() => gateway.reset(site.origin));
after(async () => {
  await site?.stop();
  await gateway?.stop();
});

async function ask(given, origin = site.origin) {
  const answer = await answered(origin, given);
  seen.push(JSON.stringify(answer));
  return answer;
}

/** A JSON error with this status and code, and a gateway that heard nothing. */
async function refuses(given, status, code, origin = site.origin) {
  const answer = await ask(given, origin);
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers["content-type"], /^application\/json/);
  const error = JSON.parse(answer.text);
  assert.deepEqual(Object.keys(error).sort(), ["code", "message"]);
  assert.equal(error.code, code);
  assert.match(error.message, /^[A-Za-z0-9].{10,}\.$/s);
  assert.equal((await gateway.summary()).calls, 0, "the gateway heard of it");
  return answer;
}

const idLines = (length) => Array.from({ length }, (_, at) => at + 1).join("\n");
const query = (more) => ({ promotionId: PROMOTION, contextId: "page test", ...more });

describe("what is refused before anything is sent", () => {
  const wrong = TOKEN.replace("canary", "canarx");
  const cases = [
    ["no token", { headers: { authorization: undefined } }, 401, "operator-token"],
    ["a wrong token", { headers: { authorization: `Bearer ${wrong}` } }, 401, "operator-token"],
    ["a longer token", { headers: { authorization: `Bearer ${TOKEN}x` } }, 401, "operator-token"],
    ["another scheme", { headers: { authorization: `Basic ${TOKEN}` } }, 401, "operator-token"],
    ["no Origin", { headers: { origin: undefined } }, 403, "origin-not-allowed"],
    ["Origin null", { headers: { origin: "null" } }, 403, "origin-not-allowed"],
    ["a foreign Origin", { headers: { origin: "https://evil.example" } }, 403,
      "origin-not-allowed"],
    ["a foreign Host", { headers: { host: "evil.example" } }, 403, "host-not-allowed"],
    ["GET", { method: "GET" }, 405, "method-not-allowed"],
    ["PUT", { method: "PUT" }, 405, "method-not-allowed"],
    ["a path below the route", { path: "/api/issue/x" }, 404, "not-found"],
    ["another route", { path: "/api/other" }, 404, "not-found"],
    ["a file that is not there", { method: "GET", path: "/x.js" }, 404, "not-found"],
    ["POST to a file", { path: "/" }, 405, "method-not-allowed"],
    ["a host in the query", { query: query({ host: "evil.example" }) }, 400, "bad-parameter"],
    ["a parameter twice", { query: "contextId=a&contextId=b" }, 400, "bad-parameter"],
    ["too many connections", { query: query({ concurrency: "7" }) }, 400, "bad-parameter"],
    ["a batch size that is none", { query: query({ batchSize: "1e3" }) }, 400, "bad-parameter"],
    ["another kind of body", { headers: { "content-type": "text/html" } }, 415,
      "unsupported-media-type"],
    ["a compressed body", { headers: { "content-encoding": "gzip" } }, 415,
      "unsupported-media-type"],
    ["a body too large by its length", { body: "1\n".repeat(60_000) }, 413, "body-too-large"],
    ["a body too large without a length", {
      body: "1\n".repeat(60_000),
      headers: { "transfer-encoding": "chunked" },
    }, 413, "body-too-large"],
    ["more requests than its calls", {
      body: idLines(71),
      query: query({ batchSize: "1" }),
    }, 413, "subrequest-budget"],
    ["a run key that could collide", { headers: { "idempotency-key": "short" } }, 400,
      "bad-idempotency-key"],
    ["cancelling a run nobody knows", {
      method: "DELETE",
      headers: { "idempotency-key": "0123456789abcdef" },
    }, 404, "run-not-found"],
  ];
  for (const [name, given, status, code] of cases) {
    test(name, () => refuses(given, status, code));
  }

  test("what the package finds wrong, with its own codes", async () => {
    const codes = [];
    for (const given of [
      { query: query({ promotionId: ".." }) },
      { query: query({ promotionId: "a/b" }) },
      { query: query({ contextId: "" }) },
      { query: query({ batchSize: "0" }) },
      { query: query({ column: "nobody" }), body: "customer_id,name\n1,a\n" },
      { body: "" },
      { body: "customer_id\n" },
    ]) {
      const answer = await ask(given);
      assert.equal(answer.status, 400, answer.text);
      codes.push(JSON.parse(answer.text).code);
    }
    assert.equal((await gateway.summary()).calls, 0);
    assert.ok(codes.every((code) => /^[a-z]+(-[a-z]+)+$/.test(code)), String(codes));
    assert.equal(new Set(codes).size >= 4, true, String(codes));
  });
});

describe("a Worker that is not set up", () => {
  const setups = [
    ["no operator token", { OPERATOR_TOKEN: undefined }, "not-configured"],
    ["a short operator token", { OPERATOR_TOKEN: "x".repeat(31) }, "not-configured"],
    ["no allowed origin", { ALLOWED_ORIGINS: undefined }, "not-configured"],
    ["no host", { SERVICE_HOST: undefined }, "not-configured"],
    ["a host that only looks like the service", {
      SERVICE_HOST: "eu.api.capillarytech.com.evil.example",
    }, "service-host-not-allowed"],
    ["half of the credentials", { SERVICE_PASSWORD_MD5: undefined }, "not-configured"],
    ["two kinds of credentials", { SERVICE_KEY: "k", SERVICE_SECRET: "s" }, "not-configured"],
  ];
  for (const [name, variables, code] of setups) {
    test(name, async () => {
      const other = await startSite(gateway, variables);
      try {
        await refuses({}, 503, code, other.origin);
      } finally {
        await other.stop();
      }
    });
  }
});

describe("what is answered", () => {
  test("as many requests as its calls allow", async () => {
    const answer = await ask({ body: idLines(70), query: query({ batchSize: "1" }) });
    assert.equal(linesOf(answer.text).summary.counts.issued, 70);
  });

  test("a plan, the problems, progress, every outcome, and a summary at the end", async () => {
    const body = "customer_id,name\n9007199254740993,a\n9223372036854775807,b\n" +
      "9223372036854775808,c\n9007199254740993,d\n5.0,e\n";
    const answer = await ask({ body });
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.headers["content-type"], /^application\/x-ndjson/);
    const { plan, problems, progress, rows, summary, last } = linesOf(answer.text);
    assert.equal(plan.distinct, 2);
    assert.equal(plan.requests, 1);
    assert.deepEqual(
      problems.map(({ line, reason, firstLine }) => [line, reason, firstLine]),
      [[4, "too-large", null], [5, "duplicate", 2], [6, "not-digits", null]],
    );
    assert.ok(progress.length >= 1);
    assert.deepEqual(
      rows.map(({ customerId, outcome }) => [customerId, outcome]),
      [["9007199254740993", "issued"], ["9223372036854775807", "issued"]],
    );
    assert.equal(last, summary);
    assert.equal(summary.stopped, null);
    const { given, invalid, duplicate, issued, rejected, unsent, unknown } = summary.counts;
    assert.equal(invalid + duplicate + issued + rejected + unsent + unknown, given);
    const account = await gateway.ids();
    assert.deepEqual([...account.keys()].sort(), ["9007199254740993", "9223372036854775807"]);
    assert.equal((await gateway.calls())[0].contextId, "page test");
  });

  test("a column by its number, and a body by its own kind", async () => {
    const csv = await ask({
      body: "name;a;b\nx;7;8\n",
      query: query({ format: "csv", column: "3", delimiter: ";" }),
    });
    assert.deepEqual(linesOf(csv.text).rows.map(({ customerId }) => customerId), ["8"]);
    const headers = { "content-type": "application/json" };
    const json = await ask({ body: '[11, "12"]', headers });
    assert.deepEqual(linesOf(json.text).rows.map(({ customerId }) => customerId), ["11", "12"]);
  });

  test("refused credentials stop the run, and the rest is unsent", async () => {
    await gateway.switches({ auth: { refuseAll: true } });
    const answer = await ask({ query: query({ batchSize: "1" }) });
    const { summary, rows } = linesOf(answer.text);
    assert.equal(summary.stopped.code, "unauthorised");
    assert.equal(summary.counts.unsent, 3);
    assert.ok(rows.every(({ outcome }) => outcome === "unsent"));
    assert.equal((await gateway.summary()).issued, 0);
  });

  test("a promotion the service does not know", async () => {
    const answer = await ask({ query: query({ promotionId: "0".repeat(24) }) });
    const { summary } = linesOf(answer.text);
    assert.equal(summary.stopped.code, "promotion-not-found");
    assert.equal(summary.counts.unsent, 3);
  });

  test("OAuth credentials of the Worker", async () => {
    const other = await startSite(gateway, {
      SERVICE_USERNAME: undefined,
      SERVICE_PASSWORD_MD5: undefined,
      SERVICE_KEY: "sample-key",
      SERVICE_SECRET: OAUTH_SECRET,
    });
    try {
      const answer = await ask({}, other.origin);
      assert.equal(linesOf(answer.text).summary.counts.issued, 3);
    } finally {
      await other.stop();
    }
  });

  test("splitting cannot outlast the budget of calls", async () => {
    await gateway.faults({ name: "large", fault: { kind: "status", status: 413 } });
    const answer = await ask({ body: idLines(200) });
    const { summary } = linesOf(answer.text);
    assert.equal(summary.stopped.code, "subrequest-budget");
    assert.equal(summary.counts.unsent, 200);
    const { calls, issued } = await gateway.summary();
    assert.ok(calls > 50 && calls <= 100, `${calls} calls`);
    assert.equal(issued, 0);
  });

  test("a second copy of one request starts no second run", async () => {
    const given = { headers: { "idempotency-key": "0123456789-abcdef-1" } };
    assert.equal((await ask(given)).status, 200);
    const second = await ask(given);
    assert.equal(second.status, 409);
    assert.equal(JSON.parse(second.text).code, "already-started");
    assert.equal((await gateway.summary()).maxIssuedPerCustomer, 1);
  });

  test("DELETE cancels: what is in flight is awaited, the rest is unsent", async () => {
    const headers = { "idempotency-key": "0123456789-abcdef-2" };
    const body = idLines(60);
    await gateway.faults({ name: "hold", fault: { kind: "stallBeforeHeaders", apply: true } });
    const response = await call(site.origin, { headers, body, query: query({ batchSize: "1" }) });
    const text = textOf(response);
    await until("calls are in flight", async () => (await gateway.summary()).calls >= 2);
    assert.equal((await ask({ method: "DELETE", headers })).status, 202);
    // The next line of progress after the cancel was seen is the proof that it was.
    await gateway.faults({ name: "late", fault: { kind: "delay", ms: 300 } });
    const { summary, rows } = linesOf(await text);
    const account = await gateway.ids();
    assert.equal(summary.stopped.code, "cancelled");
    assert.ok(summary.counts.unsent > 0);
    for (const { customerId, outcome } of rows) {
      if (outcome === "unsent") assert.equal(account.has(customerId), false, customerId);
    }
  });

  test("a client that leaves ends the run, and what is in flight is awaited", async () => {
    await gateway.faults({ name: "slow", fault: { kind: "delay", ms: 200 } });
    const given = { body: idLines(60), query: query({ batchSize: "1" }) };
    const response = await call(site.origin, given);
    await until("calls are in flight", async () => (await gateway.summary()).calls >= 2);
    response.destroy();
    const { calls, aborted } = await until("no call is in flight", async () => {
      const [first, second] = [await gateway.quiet(), await gateway.quiet()];
      return first.inTime && second.inTime && first.calls === second.calls && second;
    });
    assert.ok(calls < 60, `${calls} calls`);
    assert.equal(aborted, 0);
  });
});

describe("what every answer carries", () => {
  test("the security headers, on pages, files, answers and errors", async () => {
    for (const given of [
      { method: "GET", path: "/" },
      { method: "HEAD", path: "/" },
      { method: "GET", path: "/style.css" },
      { method: "GET", path: "/generated/page.js" },
      { method: "GET", path: "/nothing" },
      {},
      { headers: { authorization: undefined } },
    ]) {
      const { headers } = await ask(given);
      const policy = headers["content-security-policy"];
      for (const part of [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        `connect-src 'self' http://${gateway.http}`,
        "frame-ancestors 'none'",
        "form-action 'none'",
        "base-uri 'none'",
      ]) {
        assert.ok(policy.split("; ").includes(part), `${given.path}: ${part}`);
      }
      assert.equal(headers["x-content-type-options"], "nosniff");
      assert.equal(headers["x-frame-options"], "DENY");
      assert.equal(headers["referrer-policy"], "no-referrer");
      assert.equal(headers["cross-origin-opener-policy"], "same-origin");
    }
  });

  test("no secret: not in an answer, not in the page, not in the Worker's log", async () => {
    assert.ok(seen.length > 30);
    const everything = `${seen.join("\n")}\n${await site.log()}`;
    for (const canary of [...CANARIES, OAUTH_SECRET]) {
      assert.equal(everything.includes(canary), false);
    }
  });
});
