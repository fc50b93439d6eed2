/**
 * A lock between processes: a file that is made whole or not at all, and says whose it is. After
 * a crash it stays behind; whoever comes next sees that its process is gone and takes it over.
 */
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { randomUUID } from "node:crypto";
import process from "node:process";
import { IssueBulkError } from "../errors.js";

/**
 * Who holds a lock. A process is named by its machine and its number and, where the system tells,
 * by when it began: numbers are given again, in containers nearly always the same ones.
 *
 * @typedef {object} Holder
 * @property {string} host
 * @property {number} pid
 * @property {string | null} began
 * @property {string} token of this one lock
 */

/** Tokens of the locks that this process holds, also through another copy of this module. */
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
        await rm(path, { force: true });
      };
    }
    const text = await contentOf(path);
    if (text === null) continue;
    const holder = parsed(text);
    if (holder === null || !(await isGone(holder))) throw locked(path, holder);
    await takeAway(path, text, token);
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
  const { pid } = process;
  /** @type {Holder} */
  const holder = { host: hostname(), pid, began: await beginningOf(pid), token };
  await writeFile(draft, JSON.stringify(holder), { mode: 0o600 });
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
 * Removes a lock that was left behind, unless somebody else did and made a new one meanwhile: that
 * one is put back.
 *
 * @param {string} path
 * @param {string} text of the lock that was left behind
 * @param {string} token
 */
async function takeAway(path, text, token) {
  const aside = `${path}.${token}.old`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if ((await contentOf(aside)) !== text) await link(aside, path);
  await rm(aside, { force: true });
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
    const { host, pid, began, token } = JSON.parse(text);
    return typeof pid === "number" ? { host, pid, began, token } : null;
  } catch {
    return null;
  }
}

/**
 * Whether the process that made a lock is certainly no more.
 *
 * @param {Holder} holder
 */
async function isGone({ host, pid, began, token }) {
  if (host !== hostname()) return false;
  const now = await beginningOf(pid);
  if (began !== null && now !== null) return began !== now;
  if (pid === process.pid) return !held.has(token);
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
