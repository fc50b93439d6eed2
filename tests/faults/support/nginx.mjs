// A real nginx in front of the gateway, with its own rate limit.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findProgram } from "../../../scripts/programs.mjs";

/** How often the port is tried until nginx listens, and for how long, in milliseconds. */
const LOOK_MS = 20;
const PATIENCE_MS = 10_000;

/**
 * @param {{ folder: string, port: number, service: string, perSecond: number }} options
 */
const config = ({ folder, port, service, perSecond }) => `
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  limit_req_zone $binary_remote_addr zone=calls:1m rate=${perSecond}r/s;
  limit_req_status 429;
  server {
    listen 127.0.0.1:${port};
    location / {
      limit_req zone=calls burst=2 nodelay;
      proxy_pass ${service};
      proxy_request_buffering on;
    }
  }
}
`;

/**
 * @param {{ service: string, perSecond: number }} options address of the gateway; calls a second,
 *   beside a burst of two, that are not answered with 429
 */
export async function startNginx({ service, perSecond }) {
  const executable = findProgram("nginx");
  assert.ok(executable, "no nginx: set NGINX to its path");
  const folder = await mkdtemp(join(tmpdir(), "issue-bulk-nginx-"));
  const port = await freePort();
  const file = join(folder, "nginx.conf");
  await writeFile(file, config({ folder, port, service, perSecond }));
  const child = spawn(executable, ["-p", folder, "-e", join(folder, "error.log"), "-c", file], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const gone = once(child, "exit");
  await Promise.race([
    listening(port),
    gone.then(() => assert.fail("nginx ended before it was ready")),
  ]);
  return {
    host: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill("SIGTERM");
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}

/** nginx takes no port 0: this one was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/** @param {number} port */
async function listening(port) {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const socket = createConnection({ port, host: "127.0.0.1" });
    try {
      await once(socket, "connect");
      return;
    } catch {
      await delay(LOOK_MS);
    } finally {
      socket.destroy();
    }
  }
  throw new Error("nginx does not listen");
}
