// A gateway process for each test file: the stand-in for the service, on a port of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";

/** The sample world of the gateway; good for nothing else. */
export const PROMOTION = "67dd4210ef21a64211227e04";
export const AUTH = Object.freeze({ username: "store.server", password: "server123" });

/**
 * @typedef {object} Gateway
 * @property {string} host address of the service
 * @property {string} tlsHost the same over TLS, for which it needs the flag `--https-port 0`
 * @property {(rules: object[]) => Promise<void>} faults replaces the faults
 * @property {(switches: object) => Promise<void>} switches changes some switches
 * @property {() => Promise<void>} reset account, faults and switches as at the start
 * @property {() => Promise<any>} summary
 * @property {(counters: Record<string, number>) => Promise<any>} reached the summary, as soon as
 *   each of these counters is reached (`openCalls`: at most)
 * @property {(options?: { path?: string, ids?: "full" }) => Promise<any[]>} calls in order of
 *   arrival, by default to issue; `ids: "full"` adds the `customerIds` of each
 * @property {() => Promise<void>} expireTokens every token given out so far
 * @property {() => Promise<Map<string, { arrivals: number, issued: number }>>} ids
 * @property {() => Promise<any[]>} issuances
 * @property {() => Promise<void>} stop
 */

/**
 * @param {string[]} [flags]
 * @returns {Promise<Gateway>}
 */
export async function startGateway(flags = []) {
  const binary = process.env.ISSUE_BULK_GATEWAY ?? process.env.GATEWAY_BINARY;
  assert.ok(binary, "set ISSUE_BULK_GATEWAY to the gateway's binary");
  const child = spawn(binary, ["--exit-with-stdin", ...flags], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const { http, https, control } = JSON.parse(line);
  return {
    host: `http://${http}`,
    tlsHost: `https://${https}`,
    ...controls(`http://${control}`),
    stop: () => stop(child),
  };
}

/** @param {import("node:child_process").ChildProcess} child */
async function stop(child) {
  const exit = once(child, "exit");
  child.stdin?.end();
  await exit;
}

/** @param {string} control */
function controls(control) {
  const send = (/** @type {string} */ method, /** @type {string} */ path, body = {}) =>
    ask(control + path, { method, body: JSON.stringify(body), headers: JSON_BODY });
  const lines = async (/** @type {string} */ path) =>
    (await (await ask(control + path)).text())
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  return {
    faults: async (/** @type {object[]} */ rules) => void (await send("PUT", "/faults", { rules })),
    switches: async (/** @type {object} */ part) => void (await send("PATCH", "/switches", part)),
    reset: async () => void (await send("POST", "/reset")),
    summary: async () => (await ask(`${control}/account/summary`)).json(),
    reached: async (/** @type {Record<string, number>} */ counters) => {
      const query = Object.entries(counters).map(([name, value]) => `&${name}=${value}`);
      const summary = `${control}/account/summary?waitMs=${PATIENCE_MS}${query.join("")}`;
      const reply = await (await ask(summary)).json();
      assert.ok(reply.inTime, `not reached in time: ${query}`);
      return reply;
    },
    calls: ({ path = "issue", ids = "" } = {}) =>
      lines(`/account/calls?path=${path}${ids && `&ids=${ids}`}`),
    expireTokens: async () => void (await send("POST", "/tokens/expire")),
    ids: async () => new Map((await lines("/account/ids")).map((entry) => [entry.id, entry])),
    issuances: () => lines("/account/issuances"),
  };
}

/** Milliseconds to wait for a counter of the account. */
const PATIENCE_MS = 10_000;

const JSON_BODY = { "content-type": "application/json" };

/**
 * @param {string} url
 * @param {RequestInit} [init]
 */
async function ask(url, init) {
  const response = await fetch(url, init);
  assert.ok(response.ok, `${url}: ${response.status}`);
  return response;
}
