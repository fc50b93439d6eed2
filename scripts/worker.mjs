// The Worker with its page, served by wrangler on this machine alone.

import { createHash, randomBytes } from "node:crypto";
import { chmodSync, createWriteStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { SAMPLE } from "./gateway.mjs";
import { LOGS, NODE_NEWER, ROOT } from "./project.mjs";
import { ended, launch, stop } from "./run.mjs";

const WWW = join(ROOT, "www");

/** The file wrangler reads secrets from; ignored by git. */
export const DEV_VARS = join(WWW, ".dev.vars");

/** Wrangler stays on this machine: no metrics, no reports, no look-up of the caller's place. */
export const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_LOG_PATH: LOGS,
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  CI: "true",
};

/**
 * @typedef {object} Worker
 * @property {string} url of the page
 * @property {Promise<string>} ended how the process ended, in words
 * @property {() => Promise<void>} stop
 */

/**
 * The variables of a Worker that sends to a gateway with its sample account.
 *
 * @param {{ http: string }} gateway
 * @param {{ operatorToken: string, origins: string[] }} options
 * @returns {Record<string, string>}
 */
export function workerVariables(gateway, { operatorToken, origins }) {
  return {
    OPERATOR_TOKEN: operatorToken,
    SERVICE_HOST: gateway.http,
    // So that "Directly from this browser" can be tried, too.
    DIRECT_HOSTS: gateway.http,
    SERVICE_USERNAME: SAMPLE.username,
    SERVICE_PASSWORD_MD5: createHash("md5").update(SAMPLE.password).digest("hex"),
    ALLOWED_ORIGINS: origins.join(","),
  };
}

/**
 * Write variables where only their owner can read them.
 *
 * @param {string} file
 * @param {Record<string, string>} variables
 */
export function writeVariables(file, variables) {
  const lines = Object.entries(variables).map(([name, value]) => `${name}="${value}"\n`);
  writeFileSync(file, lines.join(""), { mode: 0o600 });
  // The mode above is only for a file that is new.
  chmodSync(file, 0o600);
}

/**
 * The operator token of this checkout: made at the first start, then kept.
 *
 * @param {string} [file]
 * @returns {string} 43 characters of base64url, 256 random bits
 */
export function operatorToken(file = DEV_VARS) {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return /^OPERATOR_TOKEN="([\w-]{43})"$/m.exec(text)?.[1] ?? randomBytes(32).toString("base64url");
}

/**
 * Serve the Worker on 127.0.0.1.
 *
 * @param {{ port: number, variables?: string }} options `port` 0 takes a free one; `variables`
 *   is the file with its variables, default `www/.dev.vars`
 * @returns {Promise<Worker>}
 * @throws {Error} when it ends before it is ready
 */
export async function startWorker({ port, variables = DEV_VARS }) {
  const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  const place = ["--local", "--ip", "127.0.0.1", "--port", String(port), "--inspector-port", "0"];
  const rest = ["--env-file", variables, "--show-interactive-dev-session=false"];
  const child = launch(NODE_NEWER, [wrangler, "dev", ...place, ...rest], {
    cwd: WWW,
    env: QUIET,
    stdin: "ignore",
  });
  const end = ended(child);
  mkdirSync(LOGS, { recursive: true });
  const log = createWriteStream(join(LOGS, "worker.log"), { flags: "a" });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const lines = createInterface({ input: /** @type {import("stream").Readable} */ (child.stdout) });
  /** @type {Promise<string>} */
  const ready = new Promise((resolve) => {
    lines.on("line", (line) => {
      const url = /Ready on (http:\/\/[\w.:]+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const url = await Promise.race([
    ready,
    end.then((how) => {
      throw new Error(`the Worker did not start: ${how}; see target/logs/worker.log`);
    }),
  ]);
  return { url, ended: end, stop: () => stop(child) };
}
