// The gateway as a child process: built once, ready when its first line is read.

import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { LOGS, gatewayBinary } from "./project.mjs";
import { ended, launch, run, stop } from "./run.mjs";

/**
 * @typedef {object} Gateway
 * @property {string} http address of the service, `127.0.0.1:PORT`
 * @property {string | null} https the same with TLS, when it was asked for
 * @property {string} control address of the control interface
 * @property {string | null} certificate PEM of the self-signed certificate
 * @property {Promise<string>} ended how the process ended, in words
 * @property {() => Promise<void>} stop
 */

/** The sample account of the gateway's embedded world: public, and of no use anywhere else. */
export const SAMPLE = {
  promotionId: "67dd4210ef21a64211227e04",
  username: "store.server",
  password: "server123",
};

/**
 * Build the gateway with optimisation.
 *
 * @param {string} log
 */
export async function buildGateway(log) {
  await run("cargo", ["build", "--release", "-p", "issue-bulk-gateway"], { log });
}

/**
 * Start a gateway on free ports of 127.0.0.1. It ends with this process, however that ends.
 *
 * @param {string[]} [flags] of `issue-bulk-gateway`
 * @param {string[]} [wrapper] a command that runs the gateway as its arguments, such as `taskset`
 * @returns {Promise<Gateway>}
 * @throws {Error} when it ends before it is ready
 */
export async function startGateway(flags = [], wrapper = []) {
  const words = [...wrapper, gatewayBinary(), "--exit-with-stdin", ...flags];
  const child = launch(words[0] ?? "", words.slice(1), { stdin: "pipe" });
  const end = ended(child);
  mkdirSync(LOGS, { recursive: true });
  const log = createWriteStream(join(LOGS, "gateway.log"), { flags: "a" });
  child.stderr?.pipe(log);
  const lines = createInterface({ input: /** @type {import("stream").Readable} */ (child.stdout) });
  /** @type {Promise<string>} */
  const first = new Promise((resolve) => lines.once("line", resolve));
  const line = await Promise.race([
    first,
    end.then((how) => {
      throw new Error(`the gateway did not start: ${how}; see target/logs/gateway.log`);
    }),
  ]);
  return { ...JSON.parse(line), ended: end, stop: () => stop(child) };
}

/**
 * What the gateway's account holds of every id: `{ id, arrivals, issued }`, ids as digits.
 *
 * @param {Gateway} gateway
 * @returns {AsyncGenerator<{ id: string, arrivals: number, issued: number }>}
 */
export async function* accountIds(gateway) {
  const reply = await fetch(`http://${gateway.control}/account/ids`);
  if (!reply.ok || reply.body === null) throw new Error(`account: status ${reply.status}`);
  let rest = "";
  for await (const text of reply.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield JSON.parse(line);
  }
  if (rest !== "") yield JSON.parse(rest);
}
