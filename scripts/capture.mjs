// Ask a command a short question.

import { spawnSync } from "node:child_process";
import { ROOT, environment } from "./project.mjs";

/**
 * What a command prints, without the white space around it.
 *
 * @param {string} command
 * @param {string[]} args
 * @returns {string | null} null when it is missing or fails
 */
export function capture(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    cwd: ROOT,
    env: environment(),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return status === 0 ? stdout.trim() : null;
}
