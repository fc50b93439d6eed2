// Cold start in workerd, in milliseconds: the first request of a fresh process, to a Worker that
// plans with the package or to one without it. `more.total` counts from the start of the process,
// since a runtime may do some of the work before it listens.

import { build } from "esbuild";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { print, settings } from "./subject.mjs";

const { subject } = settings();
const require = createRequire(import.meta.url);

const WITH = `
import { planIssueBulk } from "issue-bulk";
const request = { promotionId: "67dd4210ef21a64211227e04", contextId: "973", customerIds: [1n] };
const where = { host: "127.0.0.1", auth: { token: "none" } };
export default {
  fetch: async () => new Response(String((await planIssueBulk(request, where)).requests)),
};`;
const WITHOUT = `export default { fetch: async () => new Response("1") };`;

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "core_bg.wasm", wasm = embed "core_bg.wasm"),
  ],
  compatibilityDate = "2025-01-01",
);
`;

/** @param {string} folder */
async function prepare(folder) {
  await build({
    stdin: {
      contents: subject === "issue-bulk" ? WITH : WITHOUT,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    conditions: ["workerd"],
    external: ["*.wasm"],
    outfile: join(folder, "worker.js"),
  });
  cpSync(require.resolve("issue-bulk/wasm"), join(folder, "core_bg.wasm"));
  writeFileSync(join(folder, "config.capnp"), CONFIG);
}

/** The body of one GET, over a bare socket, since a client's own first request would be slow. */
async function get(/** @type {number} */ port) {
  const socket = connect(port, "127.0.0.1");
  socket.end("GET / HTTP/1.1\r\nhost: worker\r\nconnection: close\r\n\r\n");
  let text = "";
  for await (const piece of socket) text += piece;
  return text;
}

/** @param {string} folder */
async function measure(folder) {
  // Inside the package that npm chose for this platform.
  const binary = require("workerd").default;
  const args = ["serve", "--control-fd=3", join(folder, "config.capnp")];
  const begin = performance.now();
  const child = spawn(binary, args, { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  try {
    const control = /** @type {import("node:stream").Readable} */ (child.stdio[3]);
    const [line] = await once(createInterface({ input: control }), "line");
    const { port } = JSON.parse(line);
    const listening = performance.now();
    const answer = await get(port);
    const end = performance.now();
    if (!answer.includes(" 200 ") || !answer.includes("\r\n\r\n")) throw new Error(answer);
    print({ value: end - listening, more: { total: end - begin } });
  } finally {
    child.kill();
    await once(child, "exit");
  }
}

const folder = mkdtempSync(join(tmpdir(), "issue-bulk-workerd-"));
try {
  await prepare(folder);
  await measure(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
