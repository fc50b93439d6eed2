// A call that failed before its first byte left: nobody got anything, and the reason is told. Each
// failure is a real one, of real sockets, over the runtime's fetch and over undici.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import process from "node:process";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { issueBulk } from "issue-bulk";
import { undiciTransport } from "issue-bulk/node";
import { ProxyAgent } from "undici";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway(["--https-port", "0"]);

/** @type {import("node:net").Server[]} */
const servers = [];
after(() => {
  for (const server of servers) server.close();
});

/**
 * A server that ends a connection at its first byte, in one way or another; its port.
 *
 * @param {(socket: import("node:net").Socket) => void} end
 */
async function startEnding(end) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => end(socket));
  });
  return portOf(server);
}

/** @param {import("node:net").Server} server @param {string} [address] */
async function portOf(server, address = "127.0.0.1") {
  servers.push(server.listen(0, address));
  await once(server, "listening");
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

/** A port on which nobody listens any more. */
async function portOfNobody() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** A proxy that refuses to connect to anybody. */
async function startRefusingProxy() {
  const server = createHttpServer();
  server.on("connect", (_, socket) => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
  return new ProxyAgent(`http://127.0.0.1:${await portOf(server)}`);
}

/**
 * How a call can fail before it leaves, and the note that names the cause.
 *
 * @type {[name: string, start: () => Promise<{ host: string }>, note: string][]}
 */
const FAILURES = [
  [
    "a self-signed certificate",
    async () => ({ host: service.gateway.tlsHost }),
    "certificate-refused",
  ],
  ["a host that does not exist", async () => ({ host: "eu.api.invalid" }), "unknown-host"],
  [
    "a connection that is closed in the handshake",
    async () => ({ host: `https://127.0.0.1:${await startEnding((socket) => socket.destroy())}` }),
    "tls-failed",
  ],
  [
    "a connection that is reset in the handshake",
    async () => ({
      host: `https://127.0.0.1:${await startEnding((socket) => socket.resetAndDestroy())}`,
    }),
    "not-connected",
  ],
  [
    "a server that speaks no TLS",
    async () => ({
      host: `https://127.0.0.1:${await startEnding((socket) => socket.end("HTTP/1.1 400 No\r\n"))}`,
    }),
    "tls-failed",
  ],
  [
    "localhost with nobody at any of its addresses",
    async () => ({ host: `http://localhost:${await portOfNobody()}` }),
    "connection-refused",
  ],
];

/** @type {Record<string, () => Promise<import("issue-bulk").Transport | undefined>>} */
const TRANSPORTS = { fetch: async () => undefined, undici: undiciTransport };

for (const [name, start, note] of FAILURES) {
  for (const [kind, make] of Object.entries(TRANSPORTS)) {
    test(`${name}: nobody was sent anything over ${kind}, so everybody is unsent`, async () => {
      const transport = await make();
      const given = transport === undefined ? {} : { transport };
      const options = { ...(await start()), ...given, attempts: 2 };
      const report = await issueBulk(what(ids(6_000)), service.where(options));
      const { unsent, unknown, issued } = report.counts;
      assert.deepEqual([unsent, unknown, issued], [6_000, 0, 0]);
      assert.deepEqual(report.notes.map(({ code }) => code), [note]);
      assert.equal((await service.gateway.summary()).calls, 0);
    });
  }
}

test("a proxy that refuses to connect: everybody is unsent", async () => {
  const dispatcher = await startRefusingProxy();
  const transport = await undiciTransport({ dispatcher });
  const options = { host: service.gateway.tlsHost, transport, attempts: 2 };
  const report = await issueBulk(what(ids(10)), service.where(options));
  assert.deepEqual([report.counts.unsent, report.counts.unknown], [10, 0]);
  assert.deepEqual(report.notes.map(({ code }) => code), ["proxy-refused"]);
  await dispatcher.close();
});

test("a port that no fetch sends to: everybody is unsent", async () => {
  const options = { host: "http://localhost:6000", attempts: 2 };
  const report = await issueBulk(what(ids(10)), service.where(options));
  assert.deepEqual([report.counts.unsent, report.counts.unknown], [10, 0]);
});

test("what fails after its request left proves nothing, over fetch and undici", async () => {
  const host = `http://127.0.0.1:${await startEnding((socket) => socket.destroy())}`;
  for (const make of Object.values(TRANSPORTS)) {
    const transport = (await make()) ?? fetch;
    const report = await issueBulk(what(ids(10)), service.where({ host, transport }));
    assert.deepEqual([report.counts.unsent, report.counts.unknown], [0, 10]);
  }
  const report = await issueBulk(what(ids(10)), service.where({ host }));
  assert.deepEqual([report.counts.unsent, report.counts.unknown], [0, 10]);
});

test("a fetch that somebody replaced by one that sends again proves nothing", async (context) => {
  const host = `http://127.0.0.1:${await startEnding((socket) => socket.destroy())}`;
  const { fetch: real } = globalThis;
  const other = `https://127.0.0.1:${await startEnding((socket) => socket.resetAndDestroy())}/`;
  /** The first copy leaves; the second, which is the one to fail last, does not. */
  const repeating = (/** @type {any} */ url, /** @type {any} */ init) =>
    real(url, init).catch(() => real(other, init));
  context.mock.method(globalThis, "fetch", repeating);
  const report = await issueBulk(what(ids(2)), service.where({ host }));
  assert.deepEqual([report.counts.unsent, report.counts.unknown], [0, 2]);
});

const { ISSUE_BULK_BUN = "", ISSUE_BULK_DENO = "" } = process.env;
const PROGRAM = fileURLToPath(new URL("evidence-run.mjs", import.meta.url));

/**
 * What the other runtimes prove of the failures above, in their order. Bun has one code for a
 * connection that ends in the handshake and for one that ends later.
 *
 * @type {Record<string, { command: string[], proves: boolean[] }>}
 */
const RUNTIMES = {
  bun: { command: [ISSUE_BULK_BUN], proves: [true, true, false, false, false, true] },
  deno: {
    command: [ISSUE_BULK_DENO, "run", "--allow-all", "--no-prompt", "--node-modules-dir=manual"],
    proves: [true, true, true, true, true, true],
  },
};

for (const [name, { command, proves }] of Object.entries(RUNTIMES)) {
  test(`${name} says of a failed call that it never left, as far as it can know`, async () => {
    const starts = await Promise.all(FAILURES.map(([, start]) => start()));
    const lost = `http://127.0.0.1:${await startEnding((socket) => socket.destroy())}`;
    const hosts = [...starts.map(({ host }) => host), lost];
    const [program = "", ...args] = [...command, PROGRAM, JSON.stringify(hosts)];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (text) => (out += text));
    await once(child, "close");
    const told = out.trim().split("\n").map((line) => JSON.parse(line));
    const expected = [...proves, false].map((isProof) => (isProof ? [2, 0] : [0, 2]));
    assert.deepEqual(told, expected);
    assert.equal((await service.gateway.summary()).calls, 0);
  });
}
