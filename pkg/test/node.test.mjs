// What `issue-bulk/node` has beside the journal: files as input, and a transport on undici.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as zlib from "node:zlib";
import { issueBulk, planIssueBulk } from "issue-bulk";
import { fileInput, undiciTransport } from "issue-bulk/node";
import { Agent, RetryAgent } from "undici";
import { AUTH } from "./gateway.mjs";
import { ids, what, withGateway } from "./runs.mjs";

const { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } = zlib;
const service = withGateway(["--https-port", "0"]);
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
 * @param {import("undici").Dispatcher | null} dispatcher null for the runtime's fetch
 * @param {{ encoding?: string, responseBytesMax?: number }} [options]
 */
async function runPacked(pack, dispatcher, { encoding = "gzip", ...options } = {}) {
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
        eventTime: Date.now(),
        validTill: Date.now() + 86_400_000,
      },
    ]);
    calls += 1;
    response.writeProcessing();
    response.writeHead(200, { "content-encoding": encoding, "content-type": "application/json" });
    response.end(pack(JSON.stringify({ data: Object.fromEntries(entries) })));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const host = `http://127.0.0.1:${port}`;
  const transport =
    dispatcher === null ? {} : { transport: await undiciTransport({ dispatcher }) };
  const given = { batchSize: 10, ...options, host, ...transport };
  const report = await issueBulk(what(ids(50)), given);
  await dispatcher?.close();
  server.closeAllConnections();
  server.close();
  return { report, calls };
}

test("undici decodes what a proxy packed, over the dispatcher that it is given", async () => {
  const { report, calls } = await runPacked(gzipSync, new Agent({ connections: 1 }));
  assert.deepEqual([report.counts.issued, calls], [50, 5]);
});

test("over undici a packed answer that is cut, or bursts, proves nothing", async () => {
  const cut = (/** @type {string} */ answer) => gzipSync(answer).subarray(0, -30);
  const bomb = () => gzipSync(Buffer.alloc(50_000_000, " "));
  /** @type {[typeof cut, string][]} */
  const packings = [[cut, "cut-body"], [bomb, "oversized-body"]];
  for (const [pack, reason] of packings) {
    const { report } = await runPacked(pack, new Agent(), { responseBytesMax: 100_000 });
    assert.equal(report.counts.unknown, 50);
    for (const one of report.unknown()) assert.equal(one.reason, reason);
  }
});

test("over undici a call ends at its timeout, and its connection with it", async () => {
  await service.gateway.faults([{ when: { calls: [2] }, fault: { kind: "stallInBody" } }]);
  const dispatcher = new Agent();
  const transport = await undiciTransport({ dispatcher });
  const options = { batchSize: 10, concurrency: 1, timeoutMs: 300, transport };
  const report = await issueBulk(what(ids(30)), where(options));
  assert.deepEqual([report.counts.issued, report.counts.unknown], [20, 10]);
  await service.gateway.reached({ openCalls: 0 });
  await dispatcher.close();
});

/**
 * Codings of an answer, what packs it so, in order, and whether it can be read.
 *
 * @type {[codings: string, packers: ((bytes: Buffer) => Buffer)[], isRead: boolean][]}
 */
const CODINGS = [
  ["gzip", [gzipSync], true],
  ["x-gzip", [gzipSync], true],
  ["GZIP", [gzipSync], true],
  ["deflate", [deflateSync], true],
  ["Deflate", [deflateRawSync], true],
  ["br", [brotliCompressSync], true],
  ["gzip, gzip", [gzipSync, gzipSync], true],
  ["deflate , br,gzip", [deflateSync, brotliCompressSync, gzipSync], true],
  ["gzip, gzip, gzip, gzip, gzip", Array(5).fill(gzipSync), true],
  ["gzip, gzip, gzip, gzip, gzip, gzip", Array(6).fill(gzipSync), false],
  ["identity", [], true],
  ["gzip, rot13", [gzipSync], false],
  ["rot13", [], true],
];
const zstd = /** @type {any} */ (zlib).zstdCompressSync;
// undici 6, of which the fetch of Node 22 is, does not know it.
if (Number.parseInt(process.versions.undici ?? "") >= 7) {
  CODINGS.push(["zstd", [zstd], true], ["zstd, gzip", [zstd, gzipSync], true]);
}

for (const [encoding, packers, isRead] of CODINGS) {
  test(`an answer packed as "${encoding}" ends over undici as over fetch`, async () => {
    const pack = (/** @type {string} */ answer) =>
      packers.reduce((bytes, packer) => packer(bytes), /** @type {Buffer} */ (Buffer.from(answer)));
    for (const dispatcher of [null, new Agent()]) {
      const { report } = await runPacked(pack, dispatcher, { encoding });
      const { issued, unknown } = report.counts;
      assert.deepEqual([issued, unknown], isRead ? [50, 0] : [0, 50], String(dispatcher));
    }
  });
}

test("Node's own dispatcher of undici 6 is left to Node's fetch", async () => {
  // From its first call on it is the global dispatcher of undici 7, too.
  await fetch(service.gateway.host).catch(() => {});
  const transport = await undiciTransport();
  const report = await issueBulk(what(ids(50)), where({ transport }));
  assert.equal(report.counts.issued, 50);
});

test("a dispatcher that does not know handlers of undici 7 sends nothing", async () => {
  const dispatch = () => {
    throw new TypeError("invalid onError method");
  };
  const transport = await undiciTransport({ dispatcher: { dispatch } });
  const report = await issueBulk(what(ids(50)), where({ transport, attempts: 2 }));
  assert.deepEqual([report.counts.unsent, report.counts.unknown], [50, 0]);
});

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
    let [resumed, paused] = [0, 0];
    const controller = { resume: () => (resumed += 1), pause: () => (paused += 1) };
    const dispatch = (/** @type {object} */ _options, /** @type {any} */ given) => {
      handler = given;
      handler.onRequestStart(controller);
      handler.onResponseStart(controller, 200, { "content-encoding": encoding });
    };
    const transport = await undiciTransport({ dispatcher: /** @type {any} */ ({ dispatch }) });
    const answer = await transport("http://127.0.0.1/", { method: "GET", headers: {} });
    const body = randomBytes(1 << 20);
    const packed = pack(body);
    const pieces = Array.from({ length: Math.ceil(packed.length / 4_096) }, (_, at) =>
      packed.subarray(4_096 * at, 4_096 * (at + 1)),
    );
    const heldAt = pieces.findIndex((piece) => {
      handler.onResponseData(controller, piece);
      return paused > 0;
    });
    assert.ok(heldAt >= 0 && heldAt < pieces.length / 2, String(heldAt));
    assert.equal(resumed, 0);
    /** @type {Uint8Array[]} */
    const taken = [];
    const { body: pushed } = /** @type {import("issue-bulk").PushedResponse} */ (answer);
    const end = pushed?.pushTo((bytes) => taken.push(bytes) > 0);
    assert.equal(resumed, 1);
    for (const piece of pieces.slice(heldAt + 1)) handler.onResponseData(controller, piece);
    handler.onResponseEnd(controller, {});
    await end;
    assert.ok(Buffer.concat(taken).equals(body));
  });
}

test("a request that a dispatcher is about to repeat is not sent again", async () => {
  let starts = 0;
  let isAborted = false;
  /** @type {any} */
  const dispatcher = {
    dispatch: (/** @type {object} */ _options, /** @type {any} */ handler) => {
      const controller = {
        abort: (/** @type {unknown} */ reason) => {
          isAborted = true;
          handler.onResponseError(controller, reason);
        },
      };
      for (starts = 0; starts < 2; starts += 1) handler.onRequestStart(controller);
    },
  };
  const transport = await undiciTransport({ dispatcher });
  const report = await issueBulk(what(ids(5)), where({ transport }));
  assert.deepEqual([starts, isAborted, report.counts.unknown], [2, true, 5]);
});

test("undici's RetryAgent, told to repeat POSTs, repeats none", async () => {
  await service.gateway.faults([{ when: { calls: [2] }, fault: { kind: "closeBeforeAnswer" } }]);
  const retry = { methods: /** @type {any} */ (["POST"]), minTimeout: 1 };
  const dispatcher = new RetryAgent(new Agent(), retry);
  const transport = await undiciTransport({ dispatcher });
  const options = { batchSize: 10, concurrency: 1, transport };
  const report = await issueBulk(what(ids(30)), where(options));
  assert.deepEqual([report.counts.issued, report.counts.unknown], [20, 10]);
  for (const [id, { arrivals }] of await service.gateway.ids()) assert.equal(arrivals, 1, id);
  await dispatcher.close();
});

test("a service that goes down behind RetryAgent proves no customer unsent", async () => {
  const service = createServer((request, response) => {
    request.resume().on("end", () => {
      // What follows is refused: the first call is lost, and the second has nobody to connect to.
      service.close();
      response.socket?.destroy();
    });
  }).listen(0, "127.0.0.1");
  await once(service, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (service.address());
  const retry = { methods: /** @type {any} */ (["POST"]), minTimeout: 1, maxRetries: 2 };
  const dispatcher = new RetryAgent(new Agent(), retry);
  const transport = await undiciTransport({ dispatcher });
  const options = { host: `http://127.0.0.1:${port}`, auth: AUTH, transport };
  const { counts } = await issueBulk(what(ids(10)), options);
  assert.deepEqual([counts.unsent, counts.unknown], [0, 10]);
  await dispatcher.close();
});

/** Reasons of HTTP/2 not to answer, which a client may take for "not processed". */
const ENDS_OF_STREAMS = [{ kind: "streamReset", reason: "refusedStream" }, { kind: "goAway" }];
const TRUSTING = Object.freeze({ connect: { rejectUnauthorized: false } });

for (const fault of ENDS_OF_STREAMS) {
  test(`undici sends once over HTTP/2 (${fault.kind}), which it uses only if allowed`, async () => {
    await service.gateway.faults([{ when: { calls: [2] }, fault }]);
    const dispatcher = new Agent({ ...TRUSTING, allowH2: true });
    const transport = await undiciTransport({ dispatcher, allowH2: true });
    const options = { host: service.gateway.tlsHost, batchSize: 10, concurrency: 1, transport };
    const report = await issueBulk(what(ids(30)), where(options));
    const calls = await service.gateway.calls();
    for (const { http } of calls) assert.equal(http, "2");
    for (const [id, { arrivals }] of await service.gateway.ids()) assert.equal(arrivals, 1, id);
    assert.equal(report.counts.issued + report.counts.unknown, 30);
    await dispatcher.close();
  });
}

test("undici speaks HTTP/1.1 with a service that offers HTTP/2", async () => {
  const dispatcher = new Agent(TRUSTING);
  const transport = await undiciTransport({ dispatcher });
  const options = { host: service.gateway.tlsHost, batchSize: 10, transport };
  const report = await issueBulk(what(ids(30)), where(options));
  assert.equal(report.counts.issued, 30);
  for (const { http } of await service.gateway.calls()) assert.equal(http, "1.1");
  await dispatcher.close();
});
