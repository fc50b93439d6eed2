// A call that failed before its first byte left: nobody got anything, and the reason is told. Each
// failure is a real one, of real sockets, over the runtime's fetch and over undici.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { after, test } from "node:test";
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
 * How a call can fail before it leaves.
 *
 * @type {[name: string, start: () => Promise<object>][]}
 */
const FAILURES = [
  ["a self-signed certificate", async () => ({ host: service.gateway.tlsHost })],
  ["a host that does not exist", async () => ({ host: "eu.api.invalid" })],
  [
    "a connection that is closed in the handshake",
    async () => ({ host: `https://127.0.0.1:${await startEnding((socket) => socket.destroy())}` }),
  ],
  [
    "a connection that is reset in the handshake",
    async () => ({
      host: `https://127.0.0.1:${await startEnding((socket) => socket.resetAndDestroy())}`,
    }),
  ],
  [
    "a server that speaks no TLS",
    async () => ({
      host: `https://127.0.0.1:${await startEnding((socket) => socket.end("HTTP/1.1 400 No\r\n"))}`,
    }),
  ],
  [
    "localhost with nobody at any of its addresses",
    async () => ({ host: `http://localhost:${await portOfNobody()}` }),
  ],
];

/** @type {Record<string, () => Promise<import("issue-bulk").Transport | undefined>>} */
const TRANSPORTS = { fetch: async () => undefined, undici: undiciTransport };

for (const [name, start] of FAILURES) {
  for (const [kind, make] of Object.entries(TRANSPORTS)) {
    test(`${name}: nobody was sent anything over ${kind}, so everybody is unsent`, async () => {
      const transport = await make();
      const given = transport === undefined ? {} : { transport };
      const options = { ...(await start()), ...given, attempts: 2 };
      const report = await issueBulk(what(ids(6_000)), service.where(options));
      const { unsent, unknown, issued } = report.counts;
      assert.deepEqual([unsent, unknown, issued], [6_000, 0, 0]);
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
  await dispatcher.close();
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
