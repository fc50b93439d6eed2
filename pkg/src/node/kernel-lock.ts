/**
 * The lock of the kernel on an open file (`flock`): it belongs to the file whatever its names are,
 * holds across containers of one machine, and ends with its process, also after `kill -9`.
 *
 * Node cannot ask for it. The command flock(1) can: it locks the open file that it is given as
 * standard input, and the lock stays with whoever opened that file.
 */
import { spawn } from "node:child_process";
import process from "node:process";

/** `taken`: another process, or another opening of this one, has it. */
export type KernelLock = "locked" | "taken" | "unavailable";

/** Where util-linux, BusyBox or Toybox bring the command. */
const PLATFORMS: readonly string[] = ["linux", "android"];

/**
 * @param fd of the file; closing it gives the lock back
 * @param kind `shared` is refused by an exclusive lock alone
 */
export function lockInKernel(fd: number, kind: "exclusive" | "shared"): Promise<KernelLock> {
  if (!PLATFORMS.includes(process.platform) || !mayRun("flock")) {
    return Promise.resolve("unavailable");
  }
  return new Promise((resolve) => {
    const fails = () => resolve("unavailable");
    try {
      const flags = kind === "shared" ? "-ns" : "-nx";
      const child = spawn("flock", [flags, "0"], { stdio: [fd, "ignore", "pipe"] });
      let complaint = "";
      child.stderr?.on("data", (text) => (complaint += text));
      child.once("error", fails);
      child.once("close", (status) => {
        if (status === 0) resolve("locked");
        // Another exit status, or a word about it, says that the file system has no locks.
        else resolve(status === 1 && complaint === "" ? "taken" : "unavailable");
      });
    } catch {
      // Node's permission model throws at once.
      fails();
    }
  });
}

/** Deno asks its user for permissions that it was not given; a lock is no reason to. */
function mayRun(command: string): boolean {
  const { Deno } = globalThis as { Deno?: DenoPermissions };
  return (Deno?.permissions.querySync({ name: "run", command }).state ?? "granted") === "granted";
}

interface DenoPermissions {
  permissions: { querySync: (what: { name: "run"; command: string }) => { state: string } };
}
