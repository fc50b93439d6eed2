/** A gateway of a test's own, on free ports, with its control interface. */
import { createInterface } from "node:readline";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { gatewayBinary } from "../../../scripts/project.mjs";

/** The sample world (tests/gateway/README.md): public, and of no use anywhere else. */
export const PROMOTION = "67dd4210ef21a64211227e04";
export const USER = Object.freeze({ name: "store.server", password: "server123" });

/** How often a condition is looked at, and for how long. */
const LOOK_MS = 20;
const PATIENCE_MS = 30_000;

/**
 * @param {string[]} [flags] of the gateway
 */
export async function startGateway(flags = []) {
  const binary = process.env.ISSUE_BULK_GATEWAY ?? gatewayBinary();
  const child = spawn(binary, ["--exit-with-stdin", ...flags], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, "line"),
    gone.then(() => {
      throw new Error("the gateway ended before it was ready");
    }),
  ]);
  return new Gateway(child, gone, JSON.parse(line));
}

class Gateway {
  #child;
  #gone;

  constructor(child, gone, { http, control }) {
    this.#child = child;
    this.#gone = gone;
    this.http = http;
    this.control = `http://${control}`;
  }

  async #ask(method, path, body) {
    const response = await fetch(this.control + path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return response;
  }

  /** An empty account, no faults, and this page allowed to call. */
  async reset(origin) {
    await this.#ask("POST", "/reset");
    await this.#ask("PATCH", "/switches", { cors: { origins: [origin] } });
  }

  switches(part) {
    return this.#ask("PATCH", "/switches", part);
  }

  faults(...rules) {
    return this.#ask("PUT", "/faults", { seed: 1, rules });
  }

  clearFaults() {
    return this.#ask("DELETE", "/faults");
  }

  async summary() {
    return (await this.#ask("GET", "/account/summary")).json();
  }

  /** The same as soon as no call is open, or with `inTime` false after a second. */
  async quiet() {
    return (await this.#ask("GET", "/account/summary?openCalls=0&waitMs=1000")).json();
  }

  /** The calls the account has, oldest first. */
  async calls() {
    return ndjson(await this.#ask("GET", "/account/calls"));
  }

  /** @returns {Promise<Map<string, { arrivals: number, issued: number }>>} by id */
  async ids() {
    const rows = await ndjson(await this.#ask("GET", "/account/ids"));
    return new Map(rows.map(({ id, arrivals, issued }) => [id, { arrivals, issued }]));
  }

  /** The end of the process as of a machine that lost its power. */
  async kill() {
    this.#child.kill("SIGKILL");
    await this.#gone;
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.stdin.end();
    await this.#gone;
  }
}

async function ndjson(response) {
  const text = await response.text();
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/**
 * Waits until a condition holds; what it returns then.
 *
 * @template T
 * @param {string} what for the message when it never does
 * @param {() => Promise<T | undefined | false> | T | undefined | false} condition
 * @returns {Promise<T>}
 */
export async function until(what, condition) {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const value = await condition();
    if (value) return value;
    await delay(LOOK_MS);
  }
  throw new Error(`waited in vain until ${what}`);
}
