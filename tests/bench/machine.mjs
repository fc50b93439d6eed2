// What the figures were measured on.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg, platform, release, totalmem } from "node:os";
import { capture } from "../../scripts/capture.mjs";
import { NODE } from "../../scripts/project.mjs";

const require = createRequire(import.meta.url);

/** @returns {Record<string, string | number | Record<string, string>>} */
export function machine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / (1 << 30)),
    system: `${platform()} ${release()}`,
    load: loadavg().map((load) => load.toFixed(2)).join(" "),
    node: capture(NODE, ["--version"]) ?? "unknown",
    rustc: capture("rustc", ["--version"]) ?? "unknown",
    chromium: capture("chromium", ["--version"]) ?? "none",
    workerd: version("workerd"),
    "issue-bulk": version("issue-bulk"),
    commit: capture("git", ["rev-parse", "--short", "HEAD"]) ?? "unknown",
    peers: peers(),
  };
}

/** @param {string} name */
function version(name) {
  /** @type {{ version: string }} */
  const manifest = JSON.parse(readFileSync(require.resolve(`${name}/package.json`), "utf8"));
  return manifest.version;
}

/** @returns {Record<string, string>} exact versions, which the manifest of the peers names */
function peers() {
  return JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")).dependencies;
}
