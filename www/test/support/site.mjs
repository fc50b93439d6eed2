/** The Worker with its page in the real workerd, and a wire in front of it that can be cut. */
import { createHash } from "node:crypto";
import { connect, createServer } from "node:net";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { once } from "node:events";
import { LOGS } from "../../../scripts/project.mjs";
import { startWorker, writeVariables } from "../../../scripts/worker.mjs";
import { USER } from "./gateway.mjs";

/** Every value here is a canary: none may ever be seen outside the Worker. */
export const TOKEN = "canary-operator-token-0123456789abcdef";
export const PASSWORD_MD5 = createHash("md5").update(USER.password).digest("hex");
export const BASIC = Buffer.from(`${USER.name}:${PASSWORD_MD5}`).toString("base64");
export const CANARIES = Object.freeze([TOKEN, PASSWORD_MD5, BASIC, USER.password]);

/**
 * @param {{ http: string }} gateway
 * @param {Record<string, string | undefined>} [more] variables; undefined takes one away
 */
export async function startSite(gateway, more = {}) {
  const wire = await startWire();
  const folder = await mkdtemp(join(tmpdir(), "issue-bulk-www-"));
  const variables = {
    OPERATOR_TOKEN: TOKEN,
    ALLOWED_ORIGINS: wire.origin,
    SERVICE_HOST: gateway.http,
    SERVICE_USERNAME: USER.name,
    SERVICE_PASSWORD_MD5: PASSWORD_MD5,
    DIRECT_HOSTS: gateway.http,
    ...more,
  };
  const file = join(folder, "vars.env");
  const given = Object.entries(variables).filter(([, value]) => value !== undefined);
  writeVariables(file, Object.fromEntries(given));
  const worker = await startWorker({ port: 0, variables: file });
  wire.to(worker.url);
  return {
    origin: wire.origin,
    cut: wire.cut,
    cutAfter: wire.cutAfter,
    said: wire.said,
    log: () => readFile(join(LOGS, "worker.log"), "utf8"),
    stop: async () => {
      await wire.stop();
      await worker.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** A TCP proxy: the origin is known before the Worker starts, and every connection can be cut. */
async function startWire() {
  const sockets = new Set();
  let port = 0;
  let bytesLeft = Infinity;
  let said = [];
  const server = createServer((near) => {
    const far = connect({ port, host: "127.0.0.1" });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    near.on("close", () => far.destroy());
    // What the Worker wrote before still arrives; only `cut` takes that away too.
    far.on("close", () => near.end());
    near.pipe(far);
    far.on("data", (bytes) => {
      said.push(bytes);
      near.write(bytes.subarray(0, bytesLeft));
      bytesLeft -= bytes.length;
      if (bytesLeft <= 0) far.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    to: (url) => {
      port = Number(new URL(url).port);
    },
    cut,
    /** Every byte that left the site since this was asked last. */
    said: () => {
      const bytes = Buffer.concat(said);
      said = [];
      return bytes.toString("latin1");
    },
    /** From now on the site's answers end after so many bytes; without a number they do not. */
    cutAfter: (bytes = Infinity) => {
      bytesLeft = bytes;
    },
    stop: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
