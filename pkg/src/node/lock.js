/**
 * A lock between processes: a file that is made whole or not at all, and says whose it is. After
 * a crash it stays behind; whoever comes next sees that its process is gone and takes it over.
 */
import { link, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { randomUUID } from "node:crypto";
import process from "node:process";
import { threadId } from "node:worker_threads";
import { IssueBulkError } from "../errors.js";

/**
 * Who holds a lock. A process is named by its machine and its number and, where the system tells,
 * by when it began: numbers are given again, in containers nearly always the same ones. Containers
 * may share a folder and a host name, and see none of each other's processes: on Linux a number
 * counts within its PID namespace.
 *
 * @typedef {object} Holder
 * @property {string} host
 * @property {number} pid
 * @property {string | null} began
 * @property {string | null} space PID namespace
 * @property {number} thread of the process
 * @property {string} token of this one lock
 */

/** Tokens of the locks that this thread holds, also through another copy of this module. */
const held = (/** @type {any} */ (globalThis)[Symbol.for("issue-bulk.locks")] ??= new Set());

/** Others may take a lock over at the same time; one of them gets it. */
const TRIES = 5;

/**
 * @param {string} path
 * @returns {Promise<() => Promise<void>>} what releases it
 * @throws {IssueBulkError} `journal-locked`
 */
export async function acquire(path) {
  const token = randomUUID();
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await isMade(path, token)) {
      held.add(token);
      return async () => {
        held.delete(token);
        // Whoever deleted it by hand may have let another run in.
        const text = await contentOf(path);
        if (text !== null && parsed(text)?.token === token) await rm(path, { force: true });
      };
    }
    const text = await contentOf(path);
    if (text === null) continue;
    const holder = parsed(text);
    if (holder === null || !(await isGone(holder))) throw locked(path, holder);
    await takeAway(path, text);
  }
  throw locked(path, null);
}

/**
 * Makes the lock with its content in one step: a link to a file that is complete already.
 *
 * @param {string} path
 * @param {string} token
 */
async function isMade(path, token) {
  const draft = `${path}.${token}`;
  await writeFile(draft, JSON.stringify(await self(token)), { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * @param {string} token
 * @returns {Promise<Holder>}
 */
async function self(token) {
  const { pid } = process;
  const [began, space] = [await beginningOf(pid), await namespace()];
  return { host: hostname(), pid, began, space, thread: threadId, token };
}

/**
 * Removes a lock that was left behind, unless somebody else did and made a new one meanwhile. One
 * at a time, or the new lock of one could be taken for the old one by another.
 *
 * @param {string} path
 * @param {string} text of the lock that was left behind
 */
async function takeAway(path, text) {
  const takeover = `${path}.takeover`;
  try {
    await writeFile(takeover, "", { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw takenOver(takeover);
    throw error;
  }
  try {
    if ((await contentOf(path)) === text) await rm(path, { force: true });
  } finally {
    await rm(takeover, { force: true });
  }
}

/** @param {string} path */
async function contentOf(path) {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/**
 * @param {string} text
 * @returns {Holder | null}
 */
function parsed(text) {
  try {
    const holder = JSON.parse(text);
    return typeof holder.pid === "number" ? holder : null;
  } catch {
    return null;
  }
}

/**
 * Whether the process that made a lock is certainly no more.
 *
 * @param {Holder} holder
 */
async function isGone({ host, pid, began, space, thread, token }) {
  if (host !== hostname() || space !== (await namespace())) return false;
  const now = await beginningOf(pid);
  if (began !== null && now !== null) return began !== now;
  // Other threads of this process have lists of their own.
  if (pid === process.pid) return thread === threadId && !held.has(token);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/**
 * When a process began, as Linux tells it: ticks since a boot, and which boot. Null elsewhere.
 *
 * @param {number} pid
 */
async function beginningOf(pid) {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8");
    // After the name, which may hold anything, the 20th field is the start time (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return `${boot.trim()} ${fields[19]}`;
  } catch {
    return null;
  }
}

/** In which PID namespace this process is, as Linux tells it. Null elsewhere. */
async function namespace() {
  try {
    return await readlink("/proc/self/ns/pid");
  } catch {
    return null;
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}

/**
 * @param {string} path
 * @param {Holder | null} holder
 */
function locked(path, holder) {
  const who = holder === null ? "Another run" : `Process ${holder.pid} on ${holder.host}`;
  return new IssueBulkError(
    "journal-locked",
    `${who} has the journal open. Wait for its end; if it is certainly over, delete ${path}.`,
  );
}

/** @param {string} takeover */
function takenOver(takeover) {
  return new IssueBulkError(
    "journal-locked",
    "Another run is taking the journal over from one that crashed. Try again; if nothing else " +
      `runs, delete ${takeover}.`,
  );
}
