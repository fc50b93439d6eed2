import type { Note } from "./types/report.js";

/**
 * What only the program can fix: a wrong option, an input that cannot be read. What the service
 * or the network does is never thrown; it is in the report.
 */
export class IssueBulkError extends Error {
  /** Stable across versions; the message may change. */
  readonly code: ErrorCode;
  /** The header of the CSV, where `input.column` must name one of its cells. */
  readonly header: readonly string[] | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; header?: readonly string[] | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.header = options.header;
  }

  override get name(): "IssueBulkError" {
    return "IssueBulkError";
  }
}

/** Every code of an {@link IssueBulkError}. A minor version may add some. */
export type ErrorCode = ArgumentCode | OptionCode | InputCode | JournalCode | StateCode;

/**
 * A mistake in the call itself.
 *
 * - `invalid-argument`: a value of the wrong type; the message names it
 * - `unknown-option`: an option of another name, perhaps misspelt
 */
export type ArgumentCode = "invalid-argument" | "unknown-option";

/**
 * A value that cannot be right; the code names the option, the message the fix. `invalid-option`
 * is one of the wrong type, `invalid-input` one of `options.input`.
 */
export type OptionCode =
  | "invalid-promotion-id"
  | "invalid-context-id"
  | "invalid-issuances"
  | "invalid-host"
  | "insecure-host"
  | "invalid-base-path"
  | "invalid-credentials"
  | "invalid-attribution"
  | "invalid-header"
  | "invalid-batch-size"
  | "invalid-concurrency"
  | "invalid-rate"
  | "invalid-timeout"
  | "invalid-response-bytes-max"
  | "invalid-attempts"
  | "invalid-stop-rule"
  | "invalid-ambiguous"
  | "invalid-reconcile"
  | "invalid-input"
  | "invalid-option";

/**
 * An input that cannot be used as a whole. Single bad lines are no error; they are counted.
 *
 * - `no-ids`: it is empty, or a header alone
 * - `column-not-found`: no column or field has a usual name of a customer id: set `input.column`;
 *   the message lists the names
 * - `no-such-column`, `ambiguous-column`: the same for a name that is not there, and for several
 *   that may be meant
 * - `bad-delimiter`: `input.delimiter` cannot separate ids
 * - `not-utf8`: save the file as UTF-8
 * - `too-many-ids`: above 100,000,000
 * - `bad-json`, `nested-json`, `unclosed-quote`, `header-too-long`: broken where the message says
 * - `input-failed`: reading it threw; see `cause`
 * - `customers-changed`: it holds other customers than `request.confirmed` says
 * - `input-used`: a stream that was read before
 * - `input-not-ok`: a `Response` with an error status
 */
export type InputCode =
  | "no-ids"
  | "column-not-found"
  | "no-such-column"
  | "ambiguous-column"
  | "bad-delimiter"
  | "not-utf8"
  | "too-many-ids"
  | "bad-json"
  | "nested-json"
  | "unclosed-quote"
  | "header-too-long"
  | "input-failed"
  | "customers-changed"
  | "input-used"
  | "input-not-ok";

/**
 * A journal that a run cannot use. Nothing was sent, and the journal is as it was.
 *
 * - `journal-not-empty`: it holds a run; a new one needs another, `resumeIssueBulk` goes on
 * - `journal-missing`: there is none of that name, or it is empty; nobody knows what was sent
 * - `journal-empty`: the run ended before its first record was whole, so it sent nothing
 * - `journal-mismatch`: it is of another run; the message names what differs
 * - `journal-damaged`: it cannot be believed from the byte that the message names
 * - `journal-version`: it was written by another version of this package
 * - `journal-locked`: another run has it open
 * - `journal-failed`: reading or opening it threw; see `cause`
 */
export type JournalCode =
  | "journal-not-empty"
  | "journal-missing"
  | "journal-empty"
  | "journal-mismatch"
  | "journal-damaged"
  | "journal-version"
  | "journal-locked"
  | "journal-failed";

/**
 * - `not-exact`: a number passed to `report.get` that may have lost digits
 * - `report-disposed`: rows were asked for after `dispose()`
 * - `cancelled`: a plan whose `signal` was aborted
 * - `core-not-ready`: the WebAssembly could not be compiled, or `init` was not called
 * - `internal-error`: a mistake of this package; please report it
 * - `core-crashed`: the WebAssembly stopped working in the middle of a run. Take every customer
 *   of the run as unknown, and start a new process, worker or page.
 */
export type StateCode =
  | "not-exact"
  | "report-disposed"
  | "cancelled"
  | "core-not-ready"
  | "internal-error"
  | "core-crashed";

/**
 * A wrong argument that only JavaScript can see: its type.
 *
 * @internal
 */
export function invalidArgument(message: string): IssueBulkError {
  return new IssueBulkError("invalid-argument", message);
}

/**
 * A value as an error message may show it: its kind, never its content, which may be a secret.
 *
 * @internal
 */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : typeof value;
}

/**
 * What an error says. It may be anything: not even a conversion to a text is sure to work.
 *
 * @internal
 */
export function saidBy(error: unknown): string {
  return error instanceof Error ? error.message : kindOf(error);
}

/**
 * Notes a failure that changes no outcome, or counts one that is noted already. A list may grow
 * after its report was made, since a handler's promise may reject at any time.
 *
 * @internal
 */
export function addNote(notes: Note[], code: string, message: string): void {
  const at = notes.findIndex((note) => note.code === code);
  const known = notes[at];
  if (known === undefined) notes.push({ code, message, count: 1 });
  else notes[at] = { ...known, count: known.count + 1 };
}
