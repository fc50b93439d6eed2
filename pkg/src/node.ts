/**
 * What only runtimes with files and sockets have: Node, Bun and Deno.
 *
 * @packageDocumentation
 */
import { fileInput as inputFrom } from "./node/file-input.js";
import { fileJournal as journalIn } from "./node/file-journal.js";
import { undiciTransport as onUndici } from "./node/undici-transport.js";
import type { Journal } from "./types/journal.js";
import type { Transport } from "./types/options.js";

/**
 * A journal in a file, made if it is not there, readable by its owner alone. Every append is on
 * the disk (`fdatasync`) before its request leaves.
 *
 * Beside it stands `<path>.lock` while a run has it open. A second run, in whichever process, is
 * refused with `journal-locked`. A lock that a crash left behind is taken over where it is certain
 * that its process is gone (same machine, on Linux also the same PID namespace: a container that
 * was started anew has another); else the error names the file to delete.
 *
 * In Deno it needs `--allow-read` and `--allow-write` for the folder and `--allow-sys=hostname`;
 * to take over a lock it must look at processes, which takes `--allow-run` as well.
 */
export function fileJournal(path: string | URL): Journal & {
  /** Closes the file and gives its lock back. A run does so at its end. */
  close(): Promise<void>;
} {
  return journalIn(path);
}

/**
 * Customers from a file, for `customerIds`: opened when it is read, so it can be given to
 * `planIssueBulk` and then to `issueBulk`.
 *
 * @param options `gzip`: whether it is compressed. Default: whether its name ends in `.gz`.
 */
export function fileInput(
  path: string | URL,
  options: { gzip?: boolean | undefined } = {},
): AsyncIterable<Uint8Array> {
  return inputFrom(path, options);
}

/**
 * A {@link Transport} on undici, which you install beside this package (`npm install undici`, 6.19
 * or later): the same calls as with `fetch` at a fraction of the processor time.
 *
 * @param options `dispatcher`: an undici `Agent`, `Pool` or `ProxyAgent` to use. One that repeats
 *   requests, such as `RetryAgent`, would issue twice. Default: undici's global one.
 * @throws `IssueBulkError` with `invalid-argument`, as a rejection, where undici is not installed.
 */
export async function undiciTransport(options?: {
  dispatcher?: object | undefined;
}): Promise<Transport> {
  return onUndici(options);
}
