// Cloudflare Workers, in the real workerd.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { NODE_NEWER, ROOT } from "../../../scripts/project.mjs";
import { QUIET } from "../../../scripts/worker.mjs";
import { built } from "../shipped.mjs";

/** @typedef {import("../environments.mjs").Environment} Environment */
/** @typedef {import("../project.mjs").Project} Project */

const WORKER = `import { issueBulk, version } from "issue-bulk";
import { play } from "./program.js";
import { where } from "./where.js";

export default {
  async fetch() {
    await play({ issueBulk, version }, where);
    return new Response("played");
  },
};
`;

const COMPATIBILITY = "2026-10-01";

const CONFIGURATION = JSON.stringify({
  name: "matrix",
  main: "worker.js",
  compatibility_date: COMPATIBILITY,
  send_metrics: false,
});

/** @param {Project} project */
function writeWorker(project) {
  project.write("worker.js", WORKER);
  project.write("wrangler.json", CONFIGURATION);
}

/**
 * What wrangler would upload, run by workerd itself: `wrangler dev` bundles in another way.
 *
 * @type {Environment}
 */
const WRANGLER = {
  name: "wrangler bundle in workerd",
  core: true,
  prepare: async (project) => {
    writeWorker(project);
    const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
    const flags = ["deploy", "--dry-run", "--outdir", "out"];
    await project.exec(NODE_NEWER, [wrangler, ...flags], { env: QUIET });
    project.write("out/workerd.capnp", workerd(readdirSync(project.path("out"))));
  },
  run: async (project) => {
    const binary = join(ROOT, "node_modules", "workerd", "bin", "workerd");
    const flags = ["serve", "out/workerd.capnp", "--control-fd=1"];
    const ready = /"event":"listen","socket":"http","port":(\d+)/;
    const port = await project.start(NODE_NEWER, [binary, ...flags], { ready });
    await project.request(`http://127.0.0.1:${port}/`);
  },
  shipped: (project) => built(project.path("out")),
};

/**
 * The configuration for the files of a bundle.
 *
 * @param {string[]} names
 */
function workerd(names) {
  const wasm = names.filter((name) => name.endsWith(".wasm"));
  const modules = [
    '(name = "worker.js", esModule = embed "worker.js")',
    ...wasm.map((name) => `(name = "./${name}", wasm = embed "${name}")`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [${modules.join(", ")}],
      compatibilityDate = "${COMPATIBILITY}",
      globalOutbound = "machine")),
    (name = "machine", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}

const VITE_CONFIGURATION = `import { cloudflare } from "@cloudflare/vite-plugin";

export default { plugins: [cloudflare({ inspectorPort: false, persistState: false })] };
`;

/**
 * The plugin runs the Worker in workerd, in both modes.
 *
 * @param {string} name
 * @param {string[]} command of Vite that serves
 * @param {boolean} build whether to build before
 * @returns {Environment}
 */
function vitePlugin(name, command, build) {
  const vite = (/** @type {Project} */ project) => project.tool("vite/bin/vite.js");
  return {
    name,
    prepare: async (project) => {
      writeWorker(project);
      project.write("vite.config.js", VITE_CONFIGURATION);
      if (build) await project.exec(NODE_NEWER, [vite(project), "build"], { env: QUIET });
    },
    run: async (project) => {
      const args = [vite(project), ...command, "--host", "127.0.0.1", "--port", "0"];
      const ready = /Local:\s+(http:\/\/[\w.:]+\/)/;
      await project.request(await project.start(NODE_NEWER, args, { ready, env: QUIET }));
    },
    shipped: (project) => (build ? built(project.path("dist")) : null),
  };
}

/** @type {Environment[]} */
export const WORKERS = [
  WRANGLER,
  vitePlugin("Cloudflare Vite plugin, dev", ["dev"], false),
  vitePlugin("Cloudflare Vite plugin, build", ["preview"], true),
];
