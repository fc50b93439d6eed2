// Behind a proxy, as the README says it: a real one that connects its clients (CONNECT) and counts.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import process from "node:process";
import { after, before, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { issueBulk } from "issue-bulk";
import { undiciTransport } from "issue-bulk/node";
import { ProxyAgent } from "undici";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway(["--https-port", "0"]);

/** @type {import("node:http").Server} */
let server;
let address = "";
/** What the proxy was asked for, and as whom. @type {{ to: string, as: string | undefined }[]} */
const asked = [];

before(async () => {
  server = createServer((_, response) => response.writeHead(405).end());
  server.on("connect", (request, near) => {
    asked.push({ to: String(request.url), as: request.headers["proxy-authorization"] });
    const { hostname, port } = new URL(`https://${request.url}`);
    const far = connect(Number(port), hostname, () => {
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      near.pipe(far).pipe(near);
    });
    for (const socket of [near, far]) socket.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  address = `127.0.0.1:${port}`;
});
beforeEach(() => void asked.splice(0));
after(() => {
  server.closeAllConnections();
  server.close();
});

/** The gateway's certificate is one that nobody signed. */
const TRUSTING = Object.freeze({ requestTls: { rejectUnauthorized: false } });

async function assertThroughProxy() {
  const { host } = new URL(service.gateway.tlsHost);
  assert.ok(asked.length > 0, "nothing went through the proxy");
  for (const { to } of asked) assert.equal(to, host);
  const { issued, arrivals } = await service.gateway.summary();
  assert.deepEqual([issued, arrivals], [30, 30]);
}

test("undici's ProxyAgent is given to the transport", async () => {
  const dispatcher = new ProxyAgent({ uri: `http://user:word@${address}`, ...TRUSTING });
  const transport = await undiciTransport({ dispatcher });
  const options = { host: service.gateway.tlsHost, batchSize: 10, transport };
  const report = await issueBulk(what(ids(30)), service.where(options));
  assert.equal(report.counts.issued, 30);
  await assertThroughProxy();
  assert.equal(asked[0]?.as, `Basic ${btoa("user:word")}`);
  await dispatcher.close();
});

/**
 * A run in a process that has a proxy in its environment.
 *
 * @param {{ isOverUndici: boolean, env?: Record<string, string> }} how
 */
async function runBehind({ isOverUndici, env = {} }) {
  const options = service.where({ host: service.gateway.tlsHost, batchSize: 10, isOverUndici });
  const program = fileURLToPath(new URL("proxy-run.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      NODE_USE_ENV_PROXY: "1",
      NODE_NO_WARNINGS: "1",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      HTTPS_PROXY: `http://${address}`,
      ...env,
    },
  });
  let out = "";
  child.stdout.on("data", (text) => (out += text));
  await once(child, "close");
  return JSON.parse(out);
}

/** Node's own fetch reads the variables from 24 on. */
const heeding = Number.parseInt(process.versions.node) >= 24 ? [false, true] : [true];
const nameOf = (/** @type {boolean} */ isOverUndici) => (isOverUndici ? "undici" : "fetch");

for (const isOverUndici of heeding) {
  const name = nameOf(isOverUndici);

  test(`NODE_USE_ENV_PROXY sends over ${name} through HTTPS_PROXY`, async () => {
    assert.equal((await runBehind({ isOverUndici })).issued, 30);
    await assertThroughProxy();
  });

  test(`NO_PROXY names hosts that ${name} reaches without a proxy`, async () => {
    const env = { NO_PROXY: "127.0.0.1" };
    assert.equal((await runBehind({ isOverUndici, env })).issued, 30);
    assert.deepEqual(asked, []);
  });
}

for (const isOverUndici of [false, true]) {
  test(`without NODE_USE_ENV_PROXY ${nameOf(isOverUndici)} goes past the proxy`, async () => {
    const env = { NODE_USE_ENV_PROXY: "0" };
    assert.equal((await runBehind({ isOverUndici, env })).issued, 30);
    assert.deepEqual(asked, []);
  });
}
