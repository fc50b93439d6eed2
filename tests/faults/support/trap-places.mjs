// The core built so that it traps on demand, and the places where it is made to: Node, workerd and
// Chromium. The package has no such switch.

import { build } from "esbuild";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { browserArguments } from "../../../scripts/browser.mjs";
import { findProgram } from "../../../scripts/programs.mjs";
import { LOGS, ROOT } from "../../../scripts/project.mjs";
import { makeCore } from "../../../scripts/wasm.mjs";
import { workerdBinary } from "./workerd.mjs";

/** @typedef {import("./trap-program.mjs").Asked} Asked */
/** @typedef {import("./trap-program.mjs").Seen} Seen */
/** @typedef {(asked: Asked) => Promise<Seen>} Play each time with an instance of its own */

const HERE = dirname(fileURLToPath(import.meta.url));

const PROGRAM = `
  import * as core from ${JSON.stringify(join(ROOT, "pkg", "src", "slim.ts"))};
  import { trapped } from "./trap-program.mjs";
`;

/** Its file is read when the module is loaded: each instance is a module of its own. */
const IN_NODE = `${PROGRAM}
  import { readFileSync } from "node:fs";
  core.initSync(readFileSync(new URL("core_bg.wasm", import.meta.url)));
  export const play = (asked) => trapped(core, asked);
`;

const IN_WORKERD = `${PROGRAM}
  import wasm from "./core_bg.wasm";
  core.initSync(wasm);
  export default {
    async fetch(request) {
      return Response.json(await trapped(core, await request.json()));
    },
  };
`;

const IN_CHROMIUM = `${PROGRAM}
  await core.init(fetch("/core_bg.wasm"));
  globalThis.play = (asked) => trapped(core, asked);
`;

const CONFIG = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "worker", esModule = embed "worker.mjs"),
    (name = "./core_bg.wasm", wasm = embed "core_bg.wasm"),
  ],
  compatibilityDate = "2026-10-01",
);
`;

/**
 * @returns {Promise<{ folder: string, stop: () => Promise<void> }>} where the core and the programs
 *   are
 */
export async function makeTrappingCore() {
  const folder = await mkdtemp(join(tmpdir(), "issue-bulk-traps-"));
  await makeCore({ folder, log: join(LOGS, "traps.log"), features: "traps" });
  await bundle(IN_NODE, join(folder, "node.mjs"), folder);
  await bundle(IN_WORKERD, join(folder, "worker.mjs"), folder);
  await bundle(IN_CHROMIUM, join(folder, "page.mjs"), folder);
  await writeFile(join(folder, "config.capnp"), CONFIG);
  return { folder, stop: () => rm(folder, { recursive: true }) };
}

/**
 * @param {string} source
 * @param {string} outfile
 * @param {string} folder of the core that stands for that of the package
 */
async function bundle(source, outfile, folder) {
  await build({
    stdin: { contents: source, resolveDir: HERE, sourcefile: "entry.mjs" },
    bundle: true,
    outfile,
    format: "esm",
    target: "es2022",
    external: ["*.wasm", "node:*"],
    logLevel: "warning",
    plugins: [
      {
        name: "trapping-core",
        setup: ({ onResolve }) => {
          onResolve({ filter: /\/core\.js$/ }, () => ({ path: join(folder, "core.js") }));
        },
      },
    ],
  });
}

let instances = 0;

/**
 * @param {string} folder
 * @returns {Play}
 */
export function inNode(folder) {
  return async (asked) => {
    instances += 1;
    const { play } = await import(`${pathToFileURL(join(folder, "node.mjs"))}?${instances}`);
    return play(asked);
  };
}

/**
 * @param {string} folder
 * @returns {Play}
 */
export function inWorkerd(folder) {
  return async (asked) => {
    const child = spawn(workerdBinary(), ["serve", "config.capnp", "--control-fd=3"], {
      cwd: folder,
      stdio: ["ignore", "inherit", "ignore", "pipe"],
    });
    const gone = once(child, "exit");
    const control = /** @type {import("node:stream").Readable} */ (child.stdio[3]);
    const [line] = await once(createInterface({ input: control }), "line");
    const init = { method: "POST", body: JSON.stringify(asked) };
    try {
      const reply = await fetch(`http://127.0.0.1:${JSON.parse(line).port}/`, init);
      return /** @type {Seen} */ (await reply.json());
    } finally {
      child.kill();
      await gone;
    }
  };
}

/**
 * @param {string} folder
 * @returns {Promise<{ play: Play, stop: () => Promise<void> }>}
 */
export async function inChromium(folder) {
  const executablePath = findProgram("chromium");
  assert.ok(executablePath, "no Chromium: set CHROMIUM to its path");
  const server = createServer(async ({ url }, response) => {
    const [name, type] = {
      "/page.mjs": ["page.mjs", "text/javascript"],
      "/core_bg.wasm": ["core_bg.wasm", "application/wasm"],
    }[String(url)] ?? ["", "text/html"];
    response.writeHead(200, { "content-type": type, connection: "close" });
    const page = '<!doctype html><script type="module" src="/page.mjs"></script>';
    response.end(name === "" ? page : await readFile(join(folder, name)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const browser = await chromium.launch({ executablePath, args: browserArguments() });
  return {
    play: async (asked) => {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      await page.waitForFunction(() => "play" in globalThis);
      const seen = await page.evaluate((it) => Reflect.get(globalThis, "play")(it), asked);
      await page.close();
      return seen;
    },
    stop: async () => {
      await browser.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

