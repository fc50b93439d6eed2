// Child processes: run one to its end with its output in a log file, keep one running, and leave
// none behind, whatever ends this process.

import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname } from "node:path";
import process from "node:process";
import { finished } from "node:stream/promises";
import { ROOT, environment } from "./project.mjs";

/** Lines of a log shown when its command fails. */
const TAIL_LINES = 40;

/** How often a script that npm started looks whether npm still lives, in milliseconds. */
const PARENT_MS = 500;

/** In the environment of every child: the process groups are the business of somebody above. */
const LED = "ISSUE_BULK_LED";

/** How long a child may take to stop after SIGTERM before it is killed, in milliseconds. */
const STOP_MS = 5_000;

/** @type {Set<import("node:child_process").ChildProcess>} */
const children = new Set();

let leading = false;

/**
 * From now on every child gets a process group of its own, which is stopped as a whole. Only the
 * outermost script does this: what it starts stays in that one group, so that nothing escapes.
 */
export function lead() {
  leading = true;
}

/** A command that failed; `message` is one line, `tail` the end of what it printed. */
export class CommandError extends Error {
  /**
   * @param {string} message
   * @param {string} tail
   */
  constructor(message, tail) {
    super(message);
    this.name = "CommandError";
    this.tail = tail;
  }
}

/**
 * @typedef {object} Options
 * @property {string} [cwd] default: the root of the checkout
 * @property {Record<string, string>} [env] on top of `environment()`
 * @property {string} log the file that receives standard output and error; it is appended to
 * @property {number} [minutes] the command is killed after this long; default 15, because a
 *   command that hangs has to become a failure
 */

/**
 * Run a command to its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Options} options
 * @returns {Promise<void>}
 * @throws {CommandError} when it cannot be started, fails, or takes too long
 */
export async function run(command, args, { cwd = ROOT, env, log, minutes = 15 }) {
  mkdirSync(dirname(log), { recursive: true });
  const out = createWriteStream(log, { flags: "a" });
  out.write(`$ ${[command, ...args].join(" ")}\n`);
  const child = launch(command, args, { cwd, env, stdin: "ignore" });
  child.stdout?.pipe(out, { end: false });
  child.stderr?.pipe(out, { end: false });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    signal(child, "SIGKILL");
  }, minutes * 60_000);
  const end = await ended(child);
  clearTimeout(timer);
  out.end(`${end}\n`);
  await finished(out);
  if (late) throw new CommandError(`${command} took more than ${minutes} minutes`, tail(log));
  if (end !== "exit 0") throw new CommandError(`${command} ${args[0] ?? ""}: ${end}`, tail(log));
}

/**
 * Start a command. It ends with this process, whatever ends it, except SIGKILL.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string> | undefined, stdin: "pipe" | "ignore" }}
 *   options
 * @returns {import("node:child_process").ChildProcess}
 */
export function launch(command, args, { cwd = ROOT, env, stdin }) {
  const child = spawn(command, args, {
    cwd,
    env: environment({ [LED]: "1", ...env }),
    stdio: [stdin, "pipe", "pipe"],
    detached: leading,
  });
  children.add(child);
  child.once("close", () => children.delete(child));
  child.once("error", () => children.delete(child));
  return child;
}

/**
 * How a child ended, in words: `exit 0`, `exit 101`, `killed by SIGTERM`, `could not start: ...`.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<string>}
 */
export function ended(child) {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(`could not start: ${error.message}`));
    child.once("close", (code, name) =>
      resolve(name === null ? `exit ${code}` : `killed by ${name}`),
    );
  });
}

/**
 * Stop a child and everything it started: SIGTERM, then SIGKILL if it does not obey.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @param {number} [patienceMs] how long it may take to obey; default 5,000
 * @returns {Promise<void>}
 */
export async function stop(child, patienceMs = STOP_MS) {
  if (!children.has(child)) return;
  const gone = ended(child);
  signal(child, "SIGTERM");
  const timer = setTimeout(() => signal(child, "SIGKILL"), patienceMs);
  await gone;
  clearTimeout(timer);
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {NodeJS.Signals} name
 */
function signal(child, name) {
  if (child.pid === undefined) return;
  try {
    process.kill(leading ? -child.pid : child.pid, name);
  } catch (error) {
    // The group is gone already, which is what was asked for.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
  }
}

/** Stop every child that still runs. */
export async function stopAll() {
  await Promise.all([...children].map((child) => stop(child)));
}

/**
 * For the main script of a process: on Ctrl-C, SIGTERM, a closed terminal, or the end of the npm
 * that started it, stop every child, then end with the exit code that shells give that signal.
 */
export function stopOnSignals() {
  if (process.env[LED] === undefined) lead();
  for (const name of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.once(name, () => void endBy(name));
  }
  // npm passes no signal on: killed alone, it would leave its script behind.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event === undefined || !leading) return;
  setInterval(() => {
    if (process.ppid !== parent) void endBy("SIGHUP");
  }, PARENT_MS).unref();
}

let ending = false;

/** Whether a signal is ending this process, so that children which stop are no news. */
export function isEnding() {
  return ending;
}

/** @param {"SIGINT" | "SIGTERM" | "SIGHUP"} name */
async function endBy(name) {
  ending = true;
  await stopAll();
  process.exit(128 + constants.signals[name]);
}

process.once("exit", () => {
  for (const child of children) signal(child, "SIGKILL");
});

/**
 * The last lines of a file.
 *
 * @param {string} path
 * @returns {string}
 */
export function tail(path) {
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
}

/**
 * Do one step and print it with its time on one line.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T> | T} work
 * @returns {Promise<T>}
 */
export async function step(name, work) {
  const begin = performance.now();
  try {
    const value = await work();
    console.log(`${name.padEnd(44)} ok      ${seconds(begin)}`);
    return value;
  } catch (error) {
    console.log(`${name.padEnd(44)} FAILED  ${seconds(begin)}`);
    throw error;
  }
}

/**
 * Seconds since a reading of `performance.now()`, for people.
 *
 * @param {number} begin
 */
export function seconds(begin) {
  return `${((performance.now() - begin) / 1000).toFixed(1)} s`.padStart(8);
}

/**
 * Print what is known of a failure: the sentence, and the end of the command's output.
 *
 * @param {unknown} error
 */
export function printFailure(error) {
  const failure = error instanceof Error ? error : new Error(String(error));
  if (failure instanceof CommandError && failure.tail !== "") {
    console.error(failure.tail.replace(/^/gm, "    "));
  }
  console.error(`${failure.name === "Error" ? "" : `${failure.name}: `}${failure.message}`);
}
