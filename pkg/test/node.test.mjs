// What `issue-bulk/node` has beside the journal: files as input, and a transport on undici.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { issueBulk, planIssueBulk } from "issue-bulk";
import { fileInput, undiciTransport } from "issue-bulk/node";
import { Agent } from "undici";
import { AUTH } from "./gateway.mjs";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;
const folder = mkdtempSync(join(tmpdir(), "issue-bulk-node-"));
after(() => rmSync(folder, { recursive: true }));

/** @param {string} name @param {string | Uint8Array} content */
function written(name, content) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const CSV = `name,customer_id\n${ids(20_000)
  .map((id) => `x,${id}\n`)
  .join("")}`;

test("a file is read for a plan and again for a run, packed or not", async () => {
  const plain = written("a.csv", CSV);
  const packed = written("a.csv.gz", gzipSync(CSV));
  const nameless = written("packed", gzipSync(CSV));
  const inputs = [
    fileInput(plain),
    fileInput(pathToFileURL(plain)),
    fileInput(packed),
    fileInput(nameless, { gzip: true }),
  ];
  for (const input of inputs) {
    const planned = await planIssueBulk(what(input), where());
    assert.deepEqual([planned.distinct, planned.column], [20_000, "customer_id"]);
    const again = await planIssueBulk(what(input), where());
    assert.equal(again.distinct, 20_000);
  }
  const report = await issueBulk(what(fileInput(packed)), where({ batchSize: 5_000 }));
  assert.equal(report.counts.issued, 20_000);
});

test("a file that is missing, cut or not packed breaks the input off", async () => {
  const cut = written("cut.gz", gzipSync(CSV).subarray(0, 5_000));
  const plain = written("plain.gz", CSV);
  for (const path of [join(folder, "missing.csv"), cut, plain]) {
    const run = issueBulk(what(fileInput(path)), where());
    await assert.rejects(run, (/** @type {any} */ error) => {
      assert.equal(error.code, "input-failed", path);
      assert.ok(error.cause instanceof Error);
      return true;
    });
  }
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("a run over undici: the same report and the same account", async () => {
  const report = await issueBulk(
    what(ids(5_000)),
    where({ batchSize: 500, transport: await undiciTransport() }),
  );
  assert.equal(report.counts.issued, 5_000);
  const summary = await service.gateway.summary();
  assert.deepEqual([summary.issued, summary.arrivals], [5_000, 5_000]);
});

/** Faults of the second of three calls, and what becomes of its ids. @type {[object, string][]} */
const FAULTS = [
  [{ kind: "resetAfterRead" }, "network"],
  [{ kind: "closeBeforeAnswer" }, "network"],
  [{ kind: "truncate" }, "cut-body"],
  [{ kind: "truncate", framing: "chunked", at: { beforeEnd: 1 } }, "cut-body"],
  [{ kind: "status", status: 500 }, "ambiguous-status"],
  [{ kind: "stallBeforeHeaders" }, "timeout"],
  [{ kind: "stallInBody" }, "timeout"],
  [{ kind: "deep", depth: 100_000 }, "oversized-body"],
];

for (const [fault, reason] of FAULTS) {
  test(`over undici ${JSON.stringify(fault)} leaves its ids unknown (${reason})`, async () => {
    await service.gateway.faults([{ when: { calls: [2] }, fault }]);
    const transport = await undiciTransport();
    const options = { batchSize: 10, concurrency: 1, timeoutMs: 500, transport };
    const report = await issueBulk(what(ids(30)), where(options));
    assert.deepEqual([report.counts.issued, report.counts.unknown], [20, 10]);
    for (const one of report.unknown()) assert.equal(one.reason, reason);
    for (const [id, { arrivals }] of await service.gateway.ids()) assert.equal(arrivals, 1, id);
  });
}

test("over undici nobody listening is proven: every id is unsent", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  const options = { host: `http://127.0.0.1:${port}`, attempts: 2 };
  const transport = await undiciTransport();
  const report = await issueBulk(what(ids(2)), { ...options, auth: AUTH, transport });
  const [unsent] = report.unsent();
  assert.deepEqual([report.counts.unsent, unsent?.reason], [2, "not-reached"]);
});

/**
 * A service behind a proxy that packs its answers and first says that they take a while.
 *
 * @param {(answer: string) => Uint8Array} pack
 * @param {import("undici").Dispatcher} dispatcher
 * @param {object} [options]
 */
async function runPacked(pack, dispatcher, options = {}) {
  let calls = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const entries = JSON.parse(body).map((/** @type {number} */ customerId) => [
      customerId,
      {
        id: "67dd4237ef21a64211227e06",
        customerId,
        promotionId: "67dd4210ef21a64211227e04",
        earnedFromId: "2 items in cart",
        eventTime: 1,
        validTill: 2,
      },
    ]);
    calls += 1;
    response.writeProcessing();
    response.writeHead(200, { "content-encoding": "gzip", "content-type": "application/json" });
    response.end(pack(JSON.stringify({ data: Object.fromEntries(entries) })));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const transport = await undiciTransport({ dispatcher });
  const host = `http://127.0.0.1:${port}`;
  const report = await issueBulk(what(ids(50)), { batchSize: 10, ...options, host, transport });
  await dispatcher.close();
  server.closeAllConnections();
  server.close();
  return { report, calls };
}

/** What undici 6 and the undici inside of Node are: they know handlers of the older kind alone. */
class OldAgent extends Agent {
  /** @param {any} options @param {any} handler */
  dispatch(options, handler) {
    return super.dispatch(options, {
      onConnect: (/** @type {any[]} */ ...all) => handler.onConnect(...all),
      onHeaders: (/** @type {any[]} */ ...all) => handler.onHeaders(...all),
      onData: (/** @type {any[]} */ ...all) => handler.onData(...all),
      onComplete: (/** @type {any[]} */ ...all) => handler.onComplete(...all),
      onError: (/** @type {any[]} */ ...all) => handler.onError(...all),
    });
  }
}

for (const Dispatcher of [Agent, OldAgent]) {
  const { name } = Dispatcher;

  test(`undici decodes what a proxy packed, over an ${name} that it is given`, async () => {
    const { report, calls } = await runPacked(gzipSync, new Dispatcher({ connections: 1 }));
    assert.deepEqual([report.counts.issued, calls], [50, 5]);
  });

  test(`over an ${name} a packed answer that is cut, or bursts, proves nothing`, async () => {
    const cut = (/** @type {string} */ answer) => gzipSync(answer).subarray(0, -9);
    const bomb = () => gzipSync(Buffer.alloc(50_000_000, " "));
    /** @type {[typeof cut, string][]} */
    const packings = [[cut, "cut-body"], [bomb, "oversized-body"]];
    for (const [pack, reason] of packings) {
      const { report } = await runPacked(pack, new Dispatcher(), { responseBytesMax: 100_000 });
      assert.equal(report.counts.unknown, 50);
      for (const one of report.unknown()) assert.equal(one.reason, reason);
    }
  });

  test(`over an ${name} a call ends at its timeout, and its connection with it`, async () => {
    await service.gateway.faults([{ when: { calls: [2] }, fault: { kind: "stallInBody" } }]);
    const dispatcher = new Dispatcher();
    const transport = await undiciTransport({ dispatcher });
    const options = { batchSize: 10, concurrency: 1, timeoutMs: 300, transport };
    const report = await issueBulk(what(ids(30)), where(options));
    assert.deepEqual([report.counts.issued, report.counts.unknown], [20, 10]);
    await service.gateway.reached({ openCalls: 0 });
    await dispatcher.close();
  });
}

test("without undici its transport says what to install", async () => {
  const alone = join(folder, "alone");
  const dist = fileURLToPath(new URL("dist", import.meta.resolve("issue-bulk/package.json")));
  cpSync(dist, alone, { recursive: true });
  writeFileSync(join(alone, "package.json"), '{ "type": "module" }');
  const node = await import(pathToFileURL(join(alone, "node.js")).href);
  await assert.rejects(node.undiciTransport(), {
    code: "invalid-argument",
    message: /npm install undici/,
  });
});

/**
 * Bodies that a dispatcher gives faster than anybody reads: how they are packed.
 *
 * @type {[encoding: string, pack: (bytes: Buffer) => Buffer][]}
 */
const PACKED = [
  ["identity", (bytes) => bytes],
  ["gzip", (bytes) => gzipSync(bytes)],
];

for (const [encoding, pack] of PACKED) {
  test(`over undici a body that nobody reads yet is held back (${encoding})`, async () => {
    /** @type {any} */
    let handler;
    let resumed = 0;
    const raw = [Buffer.from("content-encoding"), Buffer.from(encoding)];
    const dispatch = (/** @type {object} */ _options, /** @type {any} */ given) => {
      handler = given;
      handler.onConnect(() => {});
      handler.onHeaders(200, raw, () => (resumed += 1));
    };
    const transport = await undiciTransport({ dispatcher: /** @type {any} */ ({ dispatch }) });
    const answer = await transport("http://127.0.0.1/", { method: "GET", headers: {} });
    const body = randomBytes(1 << 20);
    const packed = pack(body);
    const pieces = Array.from({ length: Math.ceil(packed.length / 4_096) }, (_, at) =>
      packed.subarray(4_096 * at, 4_096 * (at + 1)),
    );
    const heldAt = pieces.findIndex((piece) => !handler.onData(piece));
    assert.ok(heldAt >= 0 && heldAt < pieces.length / 2, String(heldAt));
    assert.equal(resumed, 0);
    /** @type {Uint8Array[]} */
    const taken = [];
    const { body: pushed } = /** @type {import("issue-bulk").PushedResponse} */ (answer);
    const end = pushed?.pushTo((bytes) => taken.push(bytes) > 0);
    assert.equal(resumed, 1);
    for (const piece of pieces.slice(heldAt + 1)) handler.onData(piece);
    handler.onComplete([]);
    await end;
    assert.ok(Buffer.concat(taken).equals(body));
  });
}
