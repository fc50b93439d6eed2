// Runs in another runtime, one process for all of them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("play-run.mjs", import.meta.url));

/**
 * @param {string} executable
 * @param {string[]} flags
 * @returns {Promise<import("./table.mjs").Subject>}
 */
export async function startProcess(executable, flags) {
  const child = spawn(executable, [...flags, PROGRAM], {
    stdio: ["pipe", "pipe", "inherit"],
    // The gateway's certificate is made at its start and signed by nobody.
    env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0" },
  });
  const gone = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    play: async (given) => {
      child.stdin.write(`${JSON.stringify(given)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${executable} ended`);
      return JSON.parse(value);
    },
    stop: async () => {
      child.stdin.end();
      await gone;
    },
  };
}
