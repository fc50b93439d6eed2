// A Worker with the package in the real workerd, started without wrangler: it needs no newer Node.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { bundled } from "./bundle.mjs";

const ENTRY = `
  import { issueBulk } from "issue-bulk";
  import { play } from "./play.mjs";
  export default {
    async fetch(request) {
      return Response.json(await play(issueBulk, await request.json()));
    },
  };
`;

/** The Worker may reach this machine alone. */
const CONFIG = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker", esModule = embed "worker.js"),
    (name = "./core_bg.wasm", wasm = embed "core_bg.wasm"),
  ],
  compatibilityDate = "2026-10-01",
);
`;

/** @returns {Promise<import("./table.mjs").Subject>} */
export async function startWorkerd() {
  const folder = await mkdtemp(join(tmpdir(), "issue-bulk-workerd-"));
  const conditions = ["workerd", "worker"];
  await writeFile(join(folder, "worker.js"), await bundled(ENTRY, { conditions }));
  await writeFile(join(folder, "config.capnp"), CONFIG);
  const wasm = fileURLToPath(import.meta.resolve("issue-bulk/wasm"));
  await copyFile(wasm, join(folder, "core_bg.wasm"));
  const child = spawn(workerdBinary(), ["serve", "config.capnp", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const gone = once(child, "exit");
  const control = /** @type {import("node:stream").Readable} */ (child.stdio[3]);
  const [line] = await Promise.race([
    once(createInterface({ input: control }), "line"),
    gone.then(() => assert.fail("workerd ended before it was ready")),
  ]);
  const { port } = JSON.parse(line);
  return {
    play: async (given) => {
      const init = { method: "POST", body: JSON.stringify(given) };
      const reply = await fetch(`http://127.0.0.1:${port}/`, init);
      const text = await reply.text();
      assert.equal(reply.status, 200, text);
      return JSON.parse(text);
    },
    stop: async () => {
      child.kill();
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}

/** The executable behind the npm package, which is only a launcher of it. */
export function workerdBinary() {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch === "x64" ? "64" : process.arch}`;
  return require.resolve(`@cloudflare/workerd-${platform}/bin/workerd`);
}
