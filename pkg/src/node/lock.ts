/**
 * The lock file beside a journal: it is made whole or not at all, and says whose it is. A crash
 * leaves it behind; the next run sees that its process is gone and takes it over.
 *
 * It stands beside the lock of the kernel, for systems that have none and for other machines on a
 * shared folder; and it names the run that is in the way.
 */
import { link, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { randomUUID } from "node:crypto";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { threadId } from "node:worker_threads";
import { IssueBulkError } from "../errors.js";

/**
 * The process that holds a lock. Numbers of processes are given again, in containers nearly always
 * the same ones, so the time when it began counts, too. Containers may share a folder and a host
 * name, and see none of each other's processes: on Linux a number counts within its PID namespace.
 */
interface Holder {
  host: string;
  /** Id that Linux gives to each start of the machine. */
  boot: string | null;
  pid: number;
  /** Ticks from the start of the machine to that of the process, as Linux tells them. */
  began: string | null;
  /** PID namespace. */
  space: string | null;
  /** Thread of the process. */
  thread: number;
  /** Id of this one lock. */
  token: string;
  /** Inode of the journal, if the holder has the kernel's lock on it, too. */
  inode: string | null;
}

/** Tokens of the locks that this thread holds, also through another copy of this module. */
const held: Set<string> = ((globalThis as any)[Symbol.for("issue-bulk.locks")] ??= new Set());

/** Others may take a lock over at the same time; one of them gets it. */
const TRIES = 5;

/** A lock file that is seen half-written may be finished in this time; later it was a crash. */
const TRIES_HALF_WRITTEN = 2;
const HALF_WRITTEN_MS = 50;

/**
 * Takes the lock.
 *
 * @param path of the lock file
 * @param inode of the journal if this process has the kernel's lock on it
 * @returns what gives it back
 * @throws IssueBulkError `journal-locked`
 */
export async function acquire(path: string, inode: string | null): Promise<() => Promise<void>> {
  const me = await self(inode);
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await isMade(path, me)) {
      held.add(me.token);
      return () => release(path, me.token);
    }
    const text = await contentOf(path);
    if (text === null) continue;
    const holder = parsed(text);
    if (holder === null && inode !== null && tries < TRIES_HALF_WRITTEN) {
      await sleep(HALF_WRITTEN_MS);
      continue;
    }
    if (!(await isOver(holder, inode))) throw locked(path, holder);
    await takeAway(path, text);
  }
  throw locked(path, null);
}

/**
 * Makes sure that no run has the lock, without taking it.
 *
 * @param path of the lock file
 * @param inode of the journal if the kernel says that nobody has its lock
 * @throws IssueBulkError `journal-locked`
 */
export async function assertFree(path: string, inode: string | null): Promise<void> {
  const text = await contentOf(path);
  if (text === null) return;
  const holder = parsed(text);
  if (!(await isOver(holder, inode))) throw locked(path, holder);
}

/** The error where another run has the kernel's lock; the lock file mostly says which run. */
export async function taken(path: string): Promise<IssueBulkError> {
  const text = await contentOf(path).catch(() => null);
  const who = nameOf(text === null ? null : parsed(text));
  const message = `${who} has the journal open, with ${path} beside it. Wait for its end.`;
  return new IssueBulkError("journal-locked", message);
}

async function release(path: string, token: string): Promise<void> {
  held.delete(token);
  // Whoever deleted it by hand may have let another run in.
  const text = await contentOf(path);
  if (text !== null && parsed(text)?.token === token) await rm(path, { force: true });
}

/**
 * Makes the lock with its content in one step, by a link to a file that is complete already; in
 * two steps where there are no links (FAT, SMB, Android).
 */
async function isMade(path: string, me: Holder): Promise<boolean> {
  const text = JSON.stringify(me);
  const draft = `${path}.${me.token}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    return await isWritten(path, text);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Writes a new file, unless there is one. */
async function isWritten(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function self(inode: string | null): Promise<Holder> {
  const { pid } = process;
  const [boot, began, space] = await Promise.all([bootId(), beginningOf(pid), namespace()]);
  const token = randomUUID();
  return { host: hostname(), boot, pid, began, space, thread: threadId, token, inode };
}

/**
 * Removes a lock that was left behind, unless somebody else did and made a new one meanwhile. One
 * at a time, or the new lock of one could be taken for the old one by another.
 *
 * @param text of the lock that was left behind
 */
async function takeAway(path: string, text: string): Promise<void> {
  const takeover = `${path}.takeover`;
  if (!(await isWritten(takeover, ""))) throw takenOver(takeover);
  try {
    if ((await contentOf(path)) === text) await rm(path, { force: true });
  } finally {
    await rm(takeover, { force: true });
  }
}

async function contentOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function parsed(text: string): Holder | null {
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
 * @param holder null if the file is torn, as a crash leaves it that came while it was written
 * @param inode of the journal if the kernel's lock on it is ours, or nobody's
 */
async function isOver(holder: Holder | null, inode: string | null): Promise<boolean> {
  if (holder === null) return inode !== null;
  const host = holder.host === hostname();
  // The kernel would not have given us what a living process of this machine holds.
  const isOfKernel = inode !== null && holder.inode === inode;
  if (isOfKernel && (host || holder.boot === (await bootId()))) return true;
  return host && (await isGone(holder));
}

/** The same by its number and its beginning, where this process would see it. */
async function isGone({ boot, pid, began, space, thread, token }: Holder): Promise<boolean> {
  if (space !== (await namespace())) return false;
  const now = await beginningOf(pid);
  if (began !== null && now !== null) return began !== now || boot !== (await bootId());
  // Other threads of this process have lists of their own.
  if (pid === process.pid) return thread === threadId && !held.has(token);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/** Null where the system does not tell, as in what follows. */
async function beginningOf(pid: number): Promise<string | null> {
  const stat = await told(readFile(`/proc/${pid}/stat`, "utf8"));
  // After the name, which may hold anything, the 20th field is the start time (proc(5)).
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
}

async function bootId(): Promise<string | null> {
  return (await told(readFile("/proc/sys/kernel/random/boot_id", "utf8")))?.trim() ?? null;
}

function namespace(): Promise<string | null> {
  return told(readlink("/proc/self/ns/pid"));
}

function told(answer: Promise<string>): Promise<string | null> {
  return answer.catch(() => null);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function nameOf(holder: Holder | null): string {
  return holder === null ? "Another run" : `Process ${holder.pid} on ${holder.host}`;
}

function locked(path: string, holder: Holder | null): IssueBulkError {
  return new IssueBulkError(
    "journal-locked",
    `${nameOf(holder)} has the journal open. Wait for its end; if it is certainly over, delete ` +
      `${path}.`,
  );
}

function takenOver(takeover: string): IssueBulkError {
  return new IssueBulkError(
    "journal-locked",
    "Another run is taking the journal over from one that crashed. Try again; if nothing else " +
      `runs, delete ${takeover}.`,
  );
}
