// Publishing the package, from a build machine that can say who it is (npm trusted publishing):
//   node scripts/publish.mjs               a dry run: what would be published, and what is missing
//   node scripts/publish.mjs --for-real    publishes, unless something is missing

import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { buildPackageAndGateway } from "./build.mjs";
import { capture } from "./capture.mjs";
import { LOGS, ROOT } from "./project.mjs";
import { printFailure, run, stopOnSignals } from "./run.mjs";
import { setUp } from "./setup.mjs";

const PACKAGE = join(ROOT, "pkg");

/** From here on npm exchanges the identity of the build for a token, and signs the provenance. */
const NPM_MIN = [11, 5, 1];

/**
 * What decides whether the package may be published.
 *
 * @typedef {object} Facts
 * @property {string} version of the package
 * @property {unknown} repository of its manifest
 * @property {string} changelog
 * @property {string} npm its version
 * @property {boolean} identity whether the build machine gives a signed identity
 * @property {boolean} clean whether the checkout is what is committed
 */

/** @returns {Facts} */
function facts() {
  const manifest = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
  return {
    version: manifest.version,
    repository: manifest.repository,
    changelog: readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"),
    npm: capture("npm", ["--version"]) ?? "",
    identity: ["ACTIONS_ID_TOKEN_REQUEST_URL", "SIGSTORE_ID_TOKEN"].some(
      (name) => process.env[name] !== undefined,
    ),
    clean: capture("git", ["status", "--porcelain"]) === "",
  };
}

/**
 * What keeps the package from being published, each with its fix.
 *
 * @param {Facts} facts
 * @returns {string[]}
 */
export function obstacles({ version, repository, changelog, npm, identity, clean }) {
  const found = [];
  if (repository === undefined) {
    found.push(
      "pkg/package.json names no repository, and a provenance is about one: " +
        "add `repository` with the public address that the build checks out",
    );
  }
  const [heading = ""] = /^## .*$/m.exec(changelog) ?? [];
  if (!new RegExp(`^## ${version.replaceAll(".", "\\.")} - \\d{4}-\\d\\d-\\d\\d$`).test(heading)) {
    found.push(`CHANGELOG.md begins with "${heading}": give ${version} the date of its release`);
  }
  if (!reaches(npm, NPM_MIN)) found.push(`npm is ${npm}: install ${NPM_MIN.join(".")} or newer`);
  if (!identity) {
    found.push("this machine gives no signed identity: publish from CI with `id-token: write`");
  }
  if (!clean) found.push("the checkout differs from what is committed: commit or undo that");
  return found;
}

/**
 * @param {string} version
 * @param {number[]} least
 */
function reaches(version, least) {
  const parts = version.split(".").map(Number);
  const at = least.findIndex((wanted, index) => parts[index] !== wanted);
  return at === -1 || (parts[at] ?? 0) > (least[at] ?? 0);
}

async function main() {
  const real = process.argv.includes("--for-real");
  const missing = obstacles(facts());
  for (const sentence of missing) console.log(`missing: ${sentence}`);
  if (real && missing.length > 0) throw new Error("not published: see what is missing above");
  await setUp();
  await buildPackageAndGateway();
  const log = join(LOGS, "publish.log");
  // Scripts stay off, as everywhere; access and provenance stand in the manifest.
  const flags = ["publish", "--ignore-scripts", ...(real ? [] : ["--dry-run"])];
  await run("npm", flags, { cwd: PACKAGE, log });
  console.log(capture("sh", ["-c", `grep 'npm notice' ${log}`]));
  console.log(real ? "published" : "a dry run: nothing was published");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  stopOnSignals();
  main().catch((error) => {
    printFailure(error);
    process.exitCode = 1;
  });
}
