// Secrets are read nowhere: runs with every kind of credentials against a service that repeats them
// in its messages, and a search through all that comes out of the package.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { checkPromotion, issueBulk, reconcile, revoke, startIssueBulk } from "issue-bulk";
import { PROMOTION, startGateway } from "./gateway.mjs";
import { ids, what } from "./runs.mjs";

const USER = "canary.user";
/** Longer than the request id that the report shows, so that what is cut is looked for, too. */
const PASSWORD = `canary-Passw0rd${"-and-more".repeat(20)}`;
const KEY = "canary-key-0123456789";
const SECRET = "canary-secret-0123456789";
const MD5 = createHash("md5").update(PASSWORD).digest("hex");
const BASIC = Buffer.from(`${USER}:${MD5}`).toString("base64");
/** What may be read nowhere, in lower case; tokens are added as they are made. */
const CANARIES = [PASSWORD.slice(0, 30), MD5, BASIC, KEY, SECRET].map((it) => it.toLowerCase());

/** @type {import("./gateway.mjs").Gateway} */
let gateway;
const folder = mkdtempSync(join(tmpdir(), "issue-bulk-canary-"));

before(async () => {
  const world = {
    promotions: [{ id: PROMOTION, type: "CUSTOMER", maxIssuancePerCustomer: -1 }],
    users: [{ username: USER, passwordMd5: MD5, access: "write" }],
    clients: [{ key: KEY, secret: SECRET, ttlSeconds: 300, access: "write" }],
  };
  const file = join(folder, "world.json");
  writeFileSync(file, JSON.stringify(world));
  gateway = await startGateway(["--world", file]);
});
beforeEach(() => gateway.reset());
after(async () => {
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function freshToken() {
  const response = await fetch(`${gateway.host}/v3/oauth/token/generate`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key: KEY, secret: SECRET }),
  });
  const { data } = await response.json();
  CANARIES.push(data.accessToken.toLowerCase());
  return data.accessToken;
}

/** A fetch that learns the tokens that pass by. @type {import("issue-bulk").Transport} */
const transport = async (url, init) => {
  const token = new Headers(init.headers).get("x-cap-api-oauth-token");
  if (token !== null) CANARIES.push(token.toLowerCase());
  return fetch(url, init);
};

/** Everything that is written while a run lasts. */
function eavesdrop(/** @type {import("node:test").TestContext} */ context) {
  /** @type {unknown[][]} */
  const lines = [];
  for (const method of /** @type {const} */ (["log", "info", "warn", "error", "debug"])) {
    context.mock.method(console, method, (/** @type {unknown[]} */ ...line) => lines.push(line));
  }
  return lines;
}

/** A journal in memory. */
function memory() {
  /** @type {Uint8Array[]} */
  const pieces = [];
  return {
    bytes: () => Buffer.concat(pieces).toString("latin1"),
    async *read() {
      yield* pieces;
    },
    append: async (/** @type {Uint8Array} */ bytes) => void pieces.push(bytes.slice()),
    truncate: async () => {
      pieces.length = 0;
    },
  };
}

/** Each kind of answer in which the service repeats what it was sent. */
const echoes = (/** @type {string | undefined} */ secret) => [
  { when: { calls: [1] }, fault: { kind: "status", status: 500, message: "{credentials}" } },
  {
    when: { calls: [2] },
    fault: { kind: "perIdError", which: "all", message: "no {credentials} for {body}" },
  },
  { when: { calls: [3] }, fault: { kind: "status", status: 401, message: "bad {credentials}" } },
  {
    when: { calls: [4] },
    fault: { kind: "status", status: 409, headers: { "x-cap-requestid": secret } },
  },
  {
    when: { calls: [5] },
    fault: { kind: "status", status: 400, code: 706, message: "over, {credentials}" },
  },
  {
    when: { path: "token", calls: [1] },
    fault: { kind: "status", status: 503, message: "{body}" },
  },
  {
    when: { path: "revoke", calls: [1] },
    fault: { kind: "status", status: 500, message: "no {credentials}" },
  },
];

/** @param {string} where @param {unknown} text */
function clean(where, text) {
  const searched = String(text).toLowerCase();
  for (const canary of CANARIES) assert.ok(!searched.includes(canary), `${where} holds a secret`);
}

/** @type {[string, () => Promise<import("issue-bulk").Auth>][]} */
const KINDS = [
  ["a password", async () => ({ username: USER, password: PASSWORD })],
  ["an md5", async () => ({ username: USER, passwordMd5: MD5.toUpperCase() })],
  ["an OAuth client", async () => ({ key: KEY, secret: SECRET })],
  ["a token", async () => ({ token: await freshToken() })],
  ["a function", async () => () => ({ authorization: `Basic ${BASIC}` })],
];

for (const [kind, auth] of KINDS) {
  test(`${kind} is read nowhere`, async (context) => {
    const said = eavesdrop(context);
    const given = await auth();
    // The gateway's own request id would take the place of the one that echoes.
    await gateway.switches({ requestId: { header: null } });
    const secret = typeof given === "function" ? BASIC : Object.values(given).at(-1);
    await gateway.faults(echoes(secret));
    /** @type {unknown[]} */
    const events = [];
    const see = (/** @type {unknown} */ event) => void events.push(structuredClone(event));
    const journal = memory();
    const job = startIssueBulk(what(ids(50)), {
      host: gateway.host,
      auth: given,
      transport,
      journal,
      batchSize: 10,
      concurrency: 1,
      stop: { ambiguousInRow: 100, failurePercent: 101 },
      onProgress: see,
      hooks: { onRunStart: see, onAttemptEnd: see, onBatchEnd: see, onRunEnd: see },
    });
    for await (const progress of job.progress) {
      see(progress);
      if (progress.state === "paused") job.resume();
    }
    const report = await job.done;
    const settled = await reconcile(report, {
      auth: given,
      transport,
      quietMs: 0,
      apartMs: 0,
      rate: { perMinute: 60_000 },
    });
    const where = { host: gateway.host, auth: given };
    const check = await checkPromotion({ promotionId: PROMOTION }, where);
    const issuances = [{ customerId: "500000001", promotionId: PROMOTION, id: "6911eaf1f57b" }];
    const undone = await revoke({ issuances }, { ...where, transport });
    for (const one of [report, settled]) {
      const csv = await new Response(one.csv()).text();
      clean("the CSV", csv);
      clean("the NDJSON", await new Response(one.ndjson()).text());
      clean("a row", JSON.stringify([...one]));
      clean("the report", JSON.stringify([one, one.counts, one.problems, one.notes]));
      clean("a column", JSON.stringify(one.columns().causeTable));
      assert.match(csv, /\[hidden\]/, "the service has repeated them");
    }
    assert.match(report.stopped?.reason ?? "", /\[hidden\]/);
    clean("the journal", journal.bytes());
    assert.ok(journal.bytes().includes("[hidden]"));
    clean("progress and hooks", JSON.stringify(events));
    clean("the check", JSON.stringify(check));
    clean("a revocation", JSON.stringify([undone, [...undone]]));
    const rows = await new Response(undone.csv()).text();
    clean("its CSV", rows);
    assert.match(rows, /\[hidden\]/, "the service has repeated them");
    clean("the console", JSON.stringify(said));
  });
}

test("errors and notes quote no credentials", async () => {
  const host = gateway.host;
  const wrong = [
    { username: USER, password: `${PASSWORD}\n` },
    { username: `${USER}:${PASSWORD}`, password: PASSWORD },
    { username: USER, passwordMd5: PASSWORD },
    { token: `${SECRET}\n` },
    { key: KEY },
    { password: PASSWORD },
    PASSWORD,
  ];
  for (const auth of wrong) {
    /** @type {any} */
    const options = { host, auth };
    await assert.rejects(issueBulk(what(ids(1)), options), (/** @type {any} */ error) => {
      clean("an error", `${error.message} ${error.stack} ${JSON.stringify(error)} ${error.cause}`);
      return error.name === "IssueBulkError";
    });
  }
  const auth = () => {
    throw new Error(`no vault for ${SECRET}`);
  };
  const report = await issueBulk(what(ids(1)), { host, auth, attempts: 1 });
  assert.equal(report.stopped?.code, "credentials-unavailable");
  clean("a note", JSON.stringify(report));
});
