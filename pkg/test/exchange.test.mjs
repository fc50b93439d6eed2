// What a transport may do, case by case: how its answers are read and what its errors prove. The
// transports here are scripts, since no real service shows these cases at will.

import assert from "node:assert/strict";
import { setTimeout as later } from "node:timers/promises";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";
import { issueBulk, startIssueBulk } from "issue-bulk";
import { ids, what } from "./runs.mjs";

const OPTIONS = Object.freeze({ host: "service.example", seed: 1 });

/** @typedef {(init: any, call: number, url: string) => any} Script of a call, counted from 1 */

/**
 * @param {Script} script
 * @returns {import("issue-bulk").Transport}
 */
function scripted(script) {
  let calls = 0;
  return async (url, init) => {
    calls += 1;
    return script(init, calls, url);
  };
}

/**
 * @param {Script} script
 * @param {object} [options]
 */
const run = (script, options = {}, customerIds = ids(2)) =>
  issueBulk(what(customerIds), { ...OPTIONS, transport: scripted(script), ...options });

/** The answer of the service that issues to everybody. @param {any} init */
function answerTo(init) {
  const entry = (/** @type {string} */ id) =>
    `"${id}":{"id":"67dd4237ef21a64211227e06","customerId":${id},` +
    `"promotionId":"67dd4210ef21a64211227e04","earnedFromId":"2 items in cart",` +
    `"eventTime":1742553655678,"validTill":1746046799999}`;
  const sent = new TextDecoder().decode(init.body).slice(1, -1).split(",");
  return new TextEncoder().encode(`{"data":{${sent.map(entry).join(",")}}}`);
}

/** @param {Uint8Array} bytes @param {number} size of its pieces */
function streamOf(bytes, size) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, (at += size)));
    },
  });
}

test("an answer that trickles in is read piece by piece, exactly", async () => {
  const long = ["9007199254740993", "9223372036854775807", "5"];
  const script = (/** @type {any} */ init) => new Response(streamOf(answerTo(init), 7));
  const report = await run(script, { batchSize: 2 }, long);
  assert.deepEqual([report.counts.issued, report.counts.attempts], [3, 2]);
  assert.deepEqual([...report].map(({ customerId }) => customerId), long);
  const { eventTime } = /** @type {any} */ (report.get(9_223_372_036_854_775_807n));
  assert.equal(Number(new Date(eventTime)), 1_742_553_655_678);
});

test("the request is what the service documents", async () => {
  /** @type {any} */
  let seen;
  /** @type {Script} */
  const script = (init, _call, url) => {
    seen = { url, ...init, body: new TextDecoder().decode(init.body) };
    return new Response(answerTo(init));
  };
  const auth = { username: "store.server", password: "server123" };
  const attribution = { code: "till1" };
  await run(script, { auth, attribution, orgId: "100" }, ["555567088"]);
  const { url, method, redirect, headers, body, signal } = seen;
  assert.equal(
    url,
    "https://service.example/api_gateway/v1/promotions/67dd4210ef21a64211227e04/issueBulk" +
      "?contextId=2%20items%20in%20cart",
  );
  assert.deepEqual([method, redirect, body], ["POST", "manual", "[555567088]"]);
  assert.ok(signal instanceof AbortSignal);
  assert.deepEqual(headers, {
    "Content-Type": "application/json",
    Accept: "application/json",
    "X-CAP-API-AUTH-ORG-ID": "100",
    "X-CAP-API-ATTRIBUTION-ENTITY-TYPE": "TILL",
    "X-CAP-API-ATTRIBUTION-ENTITY-CODE": "till1",
    Authorization: "Basic c3RvcmUuc2VydmVyOjhhMTZhNmI3MDUwNWViMWYxZmY3Y2RjMGNkNTU1OWE3",
  });
});

/** Errors of a transport, and whether they prove that nothing left. @type {[any, boolean][]} */
const FAILURES = [
  [{ cause: { code: "ECONNREFUSED" } }, true],
  [{ cause: { code: "ENOTFOUND" } }, true],
  [{ cause: { code: "EAI_AGAIN" } }, true],
  [{ cause: { code: "UND_ERR_CONNECT_TIMEOUT" } }, true],
  [{ code: "ConnectionRefused" }, true],
  [{ code: "FailedToOpenSocket" }, true],
  [{ cause: { code: "EHOSTUNREACH", syscall: "connect" } }, true],
  [{ cause: { code: "ENETUNREACH", syscall: "connect" } }, true],
  [{ cause: { code: "EHOSTUNREACH", syscall: "write" } }, false],
  [{ cause: { code: "ECONNRESET" } }, false],
  [{ cause: { code: "UND_ERR_SOCKET" } }, false],
  [{ cause: { code: "EPIPE" } }, false],
  [{}, false],
];

for (const [fields, isProof] of FAILURES) {
  const verdict = isProof ? "is sent again" : "proves nothing";
  test(`a failure with ${JSON.stringify(fields)} ${verdict}`, async () => {
    const { counts } = await run((init, call) => {
      if (call > 1) return new Response(answerTo(init));
      throw Object.assign(new TypeError("fetch failed"), fields);
    });
    const expected = isProof ? [2, 0, 2] : [0, 2, 1];
    assert.deepEqual([counts.issued, counts.unknown, counts.attempts], expected);
  });
}

test("an error that cannot even be looked at proves nothing", async () => {
  const hostile = new Proxy({}, { get: () => assert.fail("no property may be read") });
  const { counts } = await run(() => Promise.reject(hostile));
  assert.deepEqual([counts.unknown, counts.attempts], [2, 1]);
});

test("a stream that breaks, or gives no bytes, proves nothing", async () => {
  const start = new TextEncoder().encode('{"data":{');
  const broken = () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(start);
        controller.error(new TypeError("terminated"));
      },
    });
  const texts = { getReader: () => ({ read: async () => ({ done: false, value: "text" }) }) };
  for (const body of [broken(), texts]) {
    const report = await run(() => ({ status: 200, headers: new Headers(), body }));
    assert.deepEqual([...report.unknown()].map(({ reason }) => reason), ["cut-body", "cut-body"]);
  }
});

test("a Response without streams, without headers or of another realm is read", async () => {
  const whole = await run((init) => ({
    status: 200,
    headers: new Headers(),
    arrayBuffer: async () => answerTo(init).buffer,
  }));
  assert.equal(whole.counts.issued, 2);
  const bare = await run((init) => ({ status: 200, body: streamOf(answerTo(init), 100) }));
  assert.equal(bare.counts.issued, 2);
  const answer = (/** @type {any} */ init) => new Response(answerTo(init));
  const strange = createContext({ answer });
  const transport = runInContext("(url, init) => Promise.resolve(answer(init))", strange);
  const { counts } = await issueBulk(what(ids(2)), { ...OPTIONS, transport });
  assert.equal(counts.issued, 2);
});

/** @param {(take: (bytes: any) => boolean) => Promise<void>} pushTo */
const pushed = (pushTo) => ({ status: 200, headers: new Headers(), body: { pushTo } });

test("a body that hands out its own bytes is read, and may use its memory again", async () => {
  const report = await run((init) =>
    pushed(async (take) => {
      const answer = answerTo(init);
      const piece = new Uint8Array(7);
      for (let at = 0; at < answer.length; at += piece.length) {
        piece.set(answer.subarray(at, at + piece.length));
        assert.ok(take(piece.subarray(0, answer.length - at)));
        await null;
      }
    }),
  );
  assert.equal(report.counts.issued, 2);
});

test("a body that hands out no bytes, or breaks off, proves nothing", async () => {
  const start = new TextEncoder().encode('{"data":{');
  const broken = async (/** @type {(bytes: any) => boolean} */ take) => {
    take(start);
    throw new TypeError("terminated");
  };
  const texts = async (/** @type {(bytes: any) => boolean} */ take) => void take("text");
  for (const pushTo of [broken, texts]) {
    const report = await run(() => pushed(pushTo));
    assert.deepEqual([...report.unknown()].map(({ reason }) => reason), ["cut-body", "cut-body"]);
  }
});

test("a body that hands out too much is told so", async () => {
  let pushes = 0;
  const blanks = new Uint8Array(1_000).fill(0x20);
  const pushTo = async (/** @type {(bytes: any) => boolean} */ take) => {
    do pushes += 1;
    while (take(blanks));
  };
  const report = await run(() => pushed(pushTo), { responseBytesMax: 10_000 });
  assert.equal([...report.unknown()][0]?.reason, "oversized-body");
  assert.equal(pushes, 11);
});

test("an answer without a body is an empty one", async () => {
  const report = await run(() => new Response(null, { status: 200 }));
  assert.deepEqual([...report.unknown()].map(({ reason }) => reason), ["cut-body", "cut-body"]);
});

test("a redirect that a page is not shown stops the run", async () => {
  const hidden = { status: 0, type: "opaqueredirect", headers: new Headers(), body: null };
  const report = await run(() => hidden);
  assert.deepEqual([report.stopped?.code, report.counts.unsent], ["redirected", 2]);
});

/** Heads that no service can have sent. 65,965 is 429 and 65,736 is 200 modulo 2^16. */
const NO_HEADS = [
  ["a network error", () => Response.error()],
  ...[0, 99, 600, 65_736, 65_965, -200, 200.5, NaN, "200", null].map((status) => [
    `the status ${String(status)}`,
    () => ({ status, headers: new Headers(), body: null }),
  ]),
];

for (const [name, answer] of /** @type {[string, () => any][]} */ (NO_HEADS)) {
  test(`${name} proves nothing, and nothing is sent again`, async () => {
    const report = await run(() => answer());
    assert.deepEqual([...report.unknown()].map(({ reason }) => reason), ["network", "network"]);
    assert.deepEqual([report.counts.attempts, report.stopped], [1, null]);
  });
}

test("a body beyond its bound is not read on, even if it cannot be cancelled", async () => {
  let pulls = 0;
  let isCancelled = false;
  const endless = new ReadableStream({
    pull(controller) {
      pulls += 1;
      controller.enqueue(new Uint8Array(1_000).fill(0x20));
    },
    cancel() {
      isCancelled = true;
      return new Promise(() => {});
    },
  });
  const report = await run(() => new Response(endless), { responseBytesMax: 10_000 });
  const [unknown] = report.unknown();
  assert.equal(unknown?.reason, "oversized-body");
  assert.ok(isCancelled && pulls < 20, String(pulls));
});

test("a Retry-After is awaited with the runtime's timer", async () => {
  let refusedAt = 0;
  let waited = 0;
  const { counts } = await run((init, call) => {
    if (call === 1) {
      refusedAt = performance.now();
      return new Response("", { status: 429, headers: { "retry-after": "1" } });
    }
    waited = performance.now() - refusedAt;
    return new Response(answerTo(init));
  });
  assert.deepEqual([counts.issued, counts.attempts], [2, 2]);
  assert.ok(waited >= 999 && waited < 4_000, `waited ${waited} ms`);
});

test("an attempt that never ends is dropped at its timeout", async () => {
  let isDropped = false;
  const script = (/** @type {any} */ { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        isDropped = true;
        reject(signal.reason);
      });
    });
  const report = await run(script, { timeoutMs: 50 });
  assert.deepEqual([...report.unknown()].map(({ reason }) => reason), ["timeout", "timeout"]);
  assert.ok(isDropped);
});

test("an answer that comes after its timeout, or after the run, changes nothing", async () => {
  /** @type {(() => void)[]} */
  const answers = [];
  const script = (/** @type {any} */ init) =>
    new Promise((resolve) => answers.push(() => resolve(new Response(answerTo(init)))));
  const report = await run(script, { timeoutMs: 20, batchSize: 1, concurrency: 1 });
  assert.deepEqual([report.counts.unknown, answers.length], [2, 2]);
  for (const answer of answers) answer();
  await later(10);
  assert.deepEqual([report.counts.unknown, [...report.unknown()].length], [2, 2]);
});

test("a wait of more than 24.8 days is made of shorter ones", async (context) => {
  const { setTimeout: real } = globalThis;
  /** @type {number[]} */
  const delays = [];
  /** @type {(value?: unknown) => void} */
  let waitsAgain = () => {};
  const waitedTwice = new Promise((resolve) => (waitsAgain = resolve));
  /** The first long wait is over at once. */
  const faster = (/** @type {() => void} */ call, /** @type {number} */ ms) => {
    if (ms <= 0x7000_0000) return real(call, ms);
    delays.push(ms);
    if (delays.length === 2) waitsAgain();
    return real(call, delays.length === 1 ? 1 : ms);
  };
  context.mock.method(globalThis, "setTimeout", faster);
  const transport = scripted((init) => new Response(answerTo(init)));
  const job = startIssueBulk(what(ids(2)), { ...OPTIONS, transport });
  job.pause();
  await waitedTwice;
  assert.deepEqual(delays, [0x7fff_ffff, 0x7fff_ffff]);
  assert.deepEqual([job.snapshot().state, job.snapshot().attempts], ["paused", 0]);
  job.resume();
  assert.equal((await job.done).counts.issued, 2);
});

test("an OAuth client fetches its token first, and once more when it is refused", async () => {
  /** @type {Script} */
  const script = (init, call, url) => {
    if (url === "https://service.example/v3/oauth/token/generate") {
      const { key, secret } = JSON.parse(new TextDecoder().decode(init.body));
      return Response.json({ data: { accessToken: `${key}.${secret}.${call}`, ttlSeconds: 300 } });
    }
    const isFresh = init.headers["X-CAP-API-OAUTH-TOKEN"] === "k.s.3";
    return isFresh ? new Response(answerTo(init)) : new Response("", { status: 401 });
  };
  const { counts } = await run(script, { auth: { key: "k", secret: "s" } });
  assert.deepEqual([counts.issued, counts.attempts], [2, 2]);
});

/** Answers of a token endpoint, how often it is asked, and why the run stops. @type {any[]} */
const TOKEN_ANSWERS = [
  [["{}"], 1, "credentials-unreadable"],
  [["no json"], 1, "credentials-unreadable"],
  [['{"data":{"accessToken":"t"}}'], 1, "credentials-unreadable"],
  [['{"data":{"accessToken":"a\\nb","ttlSeconds":300}}'], 1, "credentials-unreadable"],
  [['{"data":{"accessToken":"t","ttlSeconds":0}}'], 1, "credentials-unreadable"],
  [[" ".repeat(70_000)], 1, "credentials-unreadable"],
  [["<html>blocked</html>", { status: 403 }], 1, "credentials-unreadable"],
  [['{"data":null,"errors":[{"code":320001,"message":"Invalid client key"}]}'], 1, "unauthorised"],
  [["", { status: 401 }], 1, "unauthorised"],
  [["", { status: 503 }], 2, "credentials-unavailable"],
  [["", { status: 429 }], 2, "credentials-unavailable"],
];

for (const [[body, init], asked, code] of TOKEN_ANSWERS) {
  const shown = `${JSON.stringify(init ?? {})} ${body.slice(0, 50)}`;
  test(`a token endpoint that answers ${shown} is asked ${asked} times`, async () => {
    let calls = 0;
    const script = () => {
      calls += 1;
      return new Response(body, init);
    };
    const report = await run(script, { auth: { key: "k", secret: "s" }, attempts: 2 });
    assert.deepEqual([report.stopped?.code, report.counts.unsent], [code, 2]);
    assert.equal(report.stopped?.status, init?.status ?? 200);
    assert.equal(calls, asked);
  });
}

test("a token's life may be called expiresIn, and be a text", async () => {
  for (const life of ['"ttlSeconds":"300"', '"expiresIn":300', '"expiresIn":"300"']) {
    /** @type {Script} */
    const script = (init, _call, url) => {
      const token = `{"data":{"accessToken":"t",${life}}}`;
      return new Response(url.endsWith("/generate") ? token : answerTo(init));
    };
    const { counts } = await run(script, { auth: { key: "k", secret: "s" } });
    assert.equal(counts.issued, 2, life);
  }
});

test("headers of an auth function that cannot be sent are refused, not repaired", async () => {
  for (const headers of [
    { a: "1\r\nb: 2" },
    { "a b": "1" },
    { a: 5 },
    [["a", "1"], ["b", "\n"]],
    { Authorization: "x", "Content-Length": "5" },
    { host: "other.example" },
    { "Transfer-Encoding": "chunked" },
    { expect: "100-continue" },
  ]) {
    const script = () => assert.fail("nothing may be sent");
    const report = await run(script, { auth: () => /** @type {any} */ (headers) });
    assert.deepEqual([report.stopped?.code, report.counts.unsent], ["credentials-unreadable", 2]);
  }
});

test("a call of the runtime's fetch asks no cache, where that is taken", async (context) => {
  /** @type {any[]} */
  const inits = [];
  /** @type {any} */
  const fetched = async (/** @type {string} */ _url, /** @type {any} */ init) => {
    inits.push(init);
    return new Response(answerTo(init));
  };
  context.mock.method(globalThis, "fetch", fetched);
  await issueBulk(what(ids(2)), OPTIONS);
  assert.deepEqual(inits.map(({ cache, redirect }) => [cache, redirect]), [["no-store", "manual"]]);

  // As in Workers with an old compatibility date.
  const { Request: Own } = globalThis;
  class Picky extends Own {
    /** @param {any} input @param {any} init */
    constructor(input, init) {
      if (init?.cache !== undefined) throw new Error("The 'cache' field is not implemented.");
      super(input, init);
    }
  }
  globalThis.Request = /** @type {any} */ (Picky);
  try {
    await issueBulk(what(ids(2)), OPTIONS);
  } finally {
    globalThis.Request = Own;
  }
  assert.equal("cache" in inits[1], false);
});
