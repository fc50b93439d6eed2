// The command as people start it: the packed package's file, in a process of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after } from "node:test";
import { AUTH, PROMOTION } from "./gateway.mjs";

const manifest = createRequire(import.meta.url).resolve("issue-bulk/package.json");
const { bin } = JSON.parse(readFileSync(manifest, "utf8"));

/** The file that `npx issue-bulk` starts. */
export const BIN = join(dirname(manifest), bin["issue-bulk"]);

const md5 = createHash("md5").update(AUTH.password).digest("hex");

/** What no output may hold. */
const SECRETS = [AUTH.password, md5, btoa(`${AUTH.username}:${md5}`)];

/** Every run needs them. */
export const WHAT = ["--promotion", PROMOTION, "--context", "summer"];

/**
 * @typedef {object} Ended
 * @property {number | null} code
 * @property {string} stdout
 * @property {string} stderr
 * @property {any[]} events the lines of standard output as JSON, with `--json`
 */

/**
 * @typedef {object} Started
 * @property {import("node:child_process").ChildProcess} child
 * @property {(text: string) => Promise<void>} saw resolves once both outputs together hold it
 * @property {Promise<Ended>} ended
 */

/**
 * A folder for one file of tests.
 *
 * @returns {{ folder: string, file: (name: string, content: string | Uint8Array) => string }}
 */
export function withFolder() {
  const folder = mkdtempSync(join(tmpdir(), "issue-bulk-cli-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    file: (name, content) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    },
  };
}

/**
 * The environment that the command gets: nothing of the user's own, and the sample account.
 *
 * @param {string} [host]
 * @returns {Record<string, string>}
 */
export function environment(host) {
  return {
    PATH: process.env.PATH ?? "",
    TERM: "xterm",
    ...(host === undefined ? {} : { ISSUE_BULK_HOST: host }),
    ISSUE_BULK_USERNAME: AUTH.username,
    ISSUE_BULK_PASSWORD: AUTH.password,
  };
}

/**
 * @param {string[]} args
 * @param {{ env: Record<string, string>, input?: string | Uint8Array, runtime?: string[] }} how
 *   `runtime` is the Node of the tests, if nothing else is said
 * @returns {Started}
 */
export function start(args, { env, input = "", runtime = [process.execPath] }) {
  const [command = "", ...words] = [...runtime, BIN, ...args];
  return watch(spawn(command, words, { env }), input);
}

/**
 * On a pseudo-terminal, which `script` of util-linux makes: it is on every Debian. Standard error
 * comes out of it together with standard output.
 *
 * @param {string[]} args
 * @param {{ env: Record<string, string>, runtime?: string[] }} how
 * @returns {Started}
 */
export function startOnTerminal(args, { env, runtime = [process.execPath] }) {
  const words = [...runtime, BIN, ...args].map((word) => `'${word}'`).join(" ");
  const shell = { SHELL: "/bin/sh" };
  return watch(spawn("script", ["-qefc", words, "/dev/null"], { env: { ...shell, ...env } }), null);
}

/**
 * @param {import("node:child_process").ChildProcessWithoutNullStreams} child
 * @param {string | Uint8Array | null} input
 * @returns {Started}
 */
function watch(child, input) {
  const said = { stdout: "", stderr: "" };
  /** @type {Set<() => void>} */
  const watchers = new Set();
  for (const name of /** @type {const} */ (["stdout", "stderr"])) {
    child[name].setEncoding("utf8").on("data", (text) => {
      said[name] += text;
      for (const look of watchers) look();
    });
  }
  child.stdin.on("error", () => {});
  if (input !== null) child.stdin.end(input);
  const ended = new Promise((resolve) => {
    child.on("close", (code) => resolve(endedWith(code, said)));
  });
  /** @param {string} text */
  const saw = (text) =>
    new Promise((resolve, reject) => {
      const look = () => said.stdout.includes(text) || said.stderr.includes(text);
      const check = () => look() && resolve(undefined);
      watchers.add(check);
      ended.then(() => look() || reject(new Error(`never said ${text}: ${JSON.stringify(said)}`)));
      check();
    });
  return { child, saw: async (text) => void (await saw(text)), ended };
}

/**
 * @param {number | null} code
 * @param {{ stdout: string, stderr: string }} said
 * @returns {Ended}
 */
function endedWith(code, { stdout, stderr }) {
  for (const secret of SECRETS) assert.ok(!`${stdout}${stderr}`.includes(secret), "a secret");
  return {
    code,
    stdout,
    stderr,
    get events() {
      return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
    },
  };
}
