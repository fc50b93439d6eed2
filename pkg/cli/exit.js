/** What the process ends with, and the errors that decide it. */
import { IssueBulkError } from "issue-bulk";

/** Exit codes; the help and the README list the same. */
export const EXIT = Object.freeze({
  /** Every customer was issued. */
  issued: 0,
  /** Some were rejected, unsent or invalid; none is in doubt. */
  incomplete: 1,
  /** Usage or configuration: the command has to be changed, or the machine mended. */
  usage: 2,
  /** Some may have been issued: nobody may send them again blindly. */
  unknown: 3,
  /** The service made the run stop; the rest was not sent. */
  stopped: 4,
  /** Ctrl-C or a signal, as a shell counts it (128 + SIGINT). */
  interrupted: 130,
});

/** Something the user has to change; the message says what. */
export class Refusal extends Error {
  /**
   * @param {string} code stable, for `--json`
   * @param {string} message
   * @param {{ cause?: unknown, exitCode?: number }} [options]
   */
  constructor(code, message, { cause, exitCode = EXIT.usage } = {}) {
    super(message, { cause });
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** @typedef {import("issue-bulk").Counts} Counts */

/** By a signal, or by the end of the process in the middle of a run. */
const INTERRUPTIONS = new Set(["cancelled", "interrupted"]);

/** Stops that come from this side of the network. */
const OWN_STOPS = new Set(["deadline", "journal-failed", "internal-error"]);

/**
 * The exit code of a run that ended. A stop by the service comes before unknown customers: both
 * need somebody to look, and the stop is why.
 *
 * @param {{ counts: Pick<Counts, "rejected" | "unsent" | "unknown" | "invalid">,
 *   stopped: Pick<import("issue-bulk").Stopped, "code"> | null }} report
 * @returns {number}
 */
export function exitCodeOf({ counts, stopped }) {
  if (stopped !== null && INTERRUPTIONS.has(stopped.code)) return EXIT.interrupted;
  if (stopped !== null && !OWN_STOPS.has(stopped.code)) return EXIT.stopped;
  if (counts.unknown > 0) return EXIT.unknown;
  if (stopped !== null && stopped.code !== "deadline") return EXIT.usage;
  return counts.rejected + counts.unsent + counts.invalid > 0 ? EXIT.incomplete : EXIT.issued;
}

/**
 * A thrown error as code, sentence and exit code.
 *
 * @param {unknown} error
 * @returns {{ code: string, message: string, exitCode: number }}
 */
export function explain(error) {
  if (error instanceof Refusal) {
    return { code: error.code, message: error.message, exitCode: error.exitCode };
  }
  if (error instanceof IssueBulkError) {
    // After a crash of the core every customer of the run may have been issued.
    const exitCode = error.code === "core-crashed" ? EXIT.unknown : EXIT.usage;
    return { code: error.code, message: sentence(error), exitCode };
  }
  const { code, message } = systemError(error);
  return { code, message, exitCode: EXIT.usage };
}

/** What the codes of the library mean for somebody at a terminal. */
const ADVICE = Object.freeze(
  /** @type {Record<string, string>} */ ({
    "column-not-found": "Name the column or field with --column.",
    "no-such-column": "Name the column or field with --column.",
    "ambiguous-column": "Name the column or field with --column.",
    "bad-delimiter": "See --delimiter.",
    "invalid-credentials": "See `issue-bulk help credentials`.",
    "journal-mismatch":
      "Another journal (--journal) begins another run: whoever is in both is issued twice.",
    "not-utf8": "In a spreadsheet, choose \"CSV UTF-8\" when saving.",
  }),
);

/** @param {IssueBulkError} error */
function sentence(error) {
  const advice = ADVICE[error.code];
  const cause = error.cause instanceof Error ? systemError(error.cause).message : null;
  const message = cause === null ? error.message : withCause(error.message, cause);
  return advice === undefined ? message : `${message} ${advice}`;
}

/**
 * @param {string} message
 * @param {string} cause
 */
function withCause(message, cause) {
  const told = message.replace(/; see the cause\.$/, "");
  return told === message ? `${message} (${cause})` : `${told}: ${cause}.`;
}

/** What the usual errors of a file system mean. */
const WORDS = Object.freeze(
  /** @type {Record<string, string>} */ ({
    ENOENT: "no such file or folder",
    EACCES: "no permission",
    EISDIR: "this is a folder",
    ENOTDIR: "a part of this path is no folder",
    EROFS: "this place is read-only",
  }),
);

/**
 * An error of the system, without its stack.
 *
 * @param {unknown} error
 * @returns {{ code: string, message: string }}
 */
export function systemError(error) {
  if (!(error instanceof Error)) return { code: "internal-error", message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : "internal-error";
  const path = "path" in error && typeof error.path === "string" ? error.path : "";
  const words = WORDS[code];
  const isKnown = words !== undefined && path !== "";
  return { code, message: isKnown ? `${words}: ${path}` : error.message };
}
