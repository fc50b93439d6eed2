// Cloudflare Workers, in the real workerd.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { NODE_NEWER, ROOT } from "../../../scripts/project.mjs";
import { QUIET } from "../../../scripts/worker.mjs";
import { workerd } from "../executables.mjs";
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

const WRANGLER_CONFIGURATION = JSON.stringify({
  name: "matrix",
  main: "worker.js",
  compatibility_date: COMPATIBILITY,
  send_metrics: false,
});

/**
 * What wrangler would upload, run by workerd itself: `wrangler dev` bundles in another way.
 *
 * @type {Environment}
 */
const WRANGLER = {
  name: "wrangler bundle in workerd",
  core: true,
  prepare: async (project) => {
    project.write("worker.js", WORKER);
    await bundleWorker(project, {});
  },
  run: async (project) => project.request(await serveWorker(project)),
  shipped: (project) => built(project.path("out")),
};

/**
 * Bundles the project's worker.js as wrangler would before an upload.
 *
 * @param {Project} project
 * @param {Record<string, string>} variables of the Worker
 */
export async function bundleWorker(project, variables) {
  project.write("wrangler.json", WRANGLER_CONFIGURATION);
  const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  const flags = ["deploy", "--dry-run", "--outdir", "out"];
  await project.exec(NODE_NEWER, [wrangler, ...flags], { env: QUIET });
  project.write("out/workerd.capnp", configuration(readdirSync(project.path("out")), variables));
}

/**
 * Serves the bundle.
 *
 * @param {Project} project
 * @returns {Promise<string>} its address
 */
export async function serveWorker(project) {
  const flags = ["serve", "out/workerd.capnp", "--control-fd=1"];
  const ready = /"event":"listen","socket":"http","port":(\d+)/;
  const port = await project.start(workerd(), flags, { ready });
  return `http://127.0.0.1:${port}/`;
}

/**
 * The configuration for the files of a bundle.
 *
 * @param {string[]} names
 * @param {Record<string, string>} variables
 */
function configuration(names, variables) {
  const wasm = names.filter((name) => name.endsWith(".wasm"));
  const modules = [
    '(name = "worker.js", esModule = embed "worker.js")',
    ...wasm.map((name) => `(name = "./${name}", wasm = embed "${name}")`),
  ];
  const bindings = Object.entries(variables).map(
    ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [${modules.join(", ")}],
      bindings = [${bindings.join(", ")}],
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
      project.write("worker.js", WORKER);
      project.write("wrangler.json", WRANGLER_CONFIGURATION);
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
