/**
 * What JavaScript itself uses of a call's options: functions, and objects of the runtime. The core
 * has read the options before, refused misspelt names, and checked all the rest.
 */
import { invalidArgument, kindOf } from "./errors.js";
import type { Hooks } from "./types/hooks.js";
import type { Journal } from "./types/journal.js";
import type { AuthCallback, RunOptions, Transport } from "./types/options.js";

export interface Handlers {
  readonly credentials: AuthCallback | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: RunOptions["onProgress"];
  readonly onOutcomes: RunOptions["onOutcomes"];
  readonly transport: Transport | undefined;
  readonly journal: Journal | undefined;
  readonly hooks: Hooks | undefined;
}

/**
 * @param options which the core has read
 * @throws {IssueBulkError} `invalid-argument`
 */
export function handlersOf(options: unknown): Handlers {
  const { auth, signal, onProgress, onOutcomes, transport, journal, hooks } =
    options as Partial<RunOptions>;
  return {
    credentials: typeof auth === "function" ? auth : undefined,
    signal: readSignal(signal),
    onProgress,
    onOutcomes,
    transport,
    journal: journal === undefined ? undefined : journalOf(journal, "options.journal"),
    hooks,
  };
}

export function journalOf(value: unknown, name: string): Journal {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidArgument(`${name} must be an object, not ${kindOf(value)}.`);
  }
  const journal = value as Journal;
  const names = ["read", "append", "truncate"] as const;
  const missing = names.find((key) => typeof journal[key] !== "function");
  if (missing === undefined) return journal;
  throw invalidArgument(`${name} must be a journal as fileJournal(path) gives; no ${missing}.`);
}

function readSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  const signal = value as AbortSignal | null;
  if (typeof signal?.aborted === "boolean" && typeof signal.addEventListener === "function") {
    return signal;
  }
  throw invalidArgument(
    `options.signal must be an AbortSignal, not ${kindOf(value)}; pass controller.signal.`,
  );
}
