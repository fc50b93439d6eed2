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
 * A journal in a file, readable by its owner alone. A new run makes it; reading it and going on
 * with it never do. Every append is on the disk (`fdatasync`) before its request leaves. A file
 * that is deleted or replaced during the run ends the run before its next call.
 *
 * A second run, in whichever process and by whatever name of the file, is refused with
 * `journal-locked`. On Linux the kernel has the lock, where the command `flock` is installed (as
 * in nearly every distribution and container image): it ends with its process, however that
 * ends. Beside the file stands `<file>.lock` while a run has it open. Where there is no `flock`,
 * that file is the lock, and one that a crash left behind is taken over where it is certain that
 * its process is gone (same machine, on Linux also the same PID namespace, of which a container
 * that was started anew has another); else the error names the file to delete.
 *
 * `readJournal` takes no lock, so it works in a folder that cannot be written, and is refused
 * while a run has the file open.
 *
 * In Deno it needs `--allow-read` and `--allow-write` for the folder and
 * `--allow-sys=hostname`; the kernel's lock takes `--allow-run=flock`.
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
 * A {@link Transport} on undici, which you install beside this package (`npm install undici`, 7.0
 * or later; `undici@7` for Node 20): the same calls as with `fetch` at a fraction of the processor
 * time. A request is sent once, whatever its dispatcher would repeat.
 *
 * @param options `dispatcher`: an undici `Agent`, `Pool` or `ProxyAgent` to use. Default: undici's
 *   global one. With `NODE_USE_ENV_PROXY=1` it is an `EnvHttpProxyAgent`, unless the global one was
 *   set to something else than an `Agent`.
 *   `allowH2`: whether HTTP/2 may be used. Default `false`: a server that refuses a stream or goes
 *   away leaves calls `unknown` that over HTTP/1.1 it would answer. A `Pool` or `Client` has an
 *   `allowH2` of its own.
 * @throws `IssueBulkError` with `invalid-argument`, as a rejection, where undici is not installed.
 */
export async function undiciTransport(options?: {
  dispatcher?: object | undefined;
  allowH2?: boolean | undefined;
}): Promise<Transport> {
  return onUndici(options);
}
