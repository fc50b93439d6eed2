import type { Auth } from "./options.js";
import type { Report, StopCode } from "./report.js";

/** A run that is under way. */
export interface Job {
  /**
   * The report, once every id has its outcome. Rejects only for what the program must fix: an
   * input that cannot be read or holds no ids, or a crash of the core.
   */
  readonly done: Promise<Report>;
  /**
   * The progress as it changes, from now to the end of the run. A slow reader gets the latest
   * state instead of a queue; each loop is independent, and leaving one does not end the run.
   * Throws what `done` rejects with.
   */
  readonly progress: AsyncIterable<Progress>;
  /** The progress at this moment. */
  snapshot(): Progress;
  /** Sends nothing more until `resume`; what is in flight is awaited. Does nothing at the end. */
  pause(): void;
  /**
   * Goes on after `pause`, or after the run paused itself.
   *
   * @param auth new credentials, when the old ones were refused. Once the input is read, those
   *   that are fetched (an OAuth client, a function) replace only such, and the others only others.
   * @throws {@link IssueBulkError} `invalid-credentials` or `invalid-argument` when `auth` is wrong
   *   in itself or of the other kind; the job stays paused then.
   */
  resume(auth?: Auth): void;
  /**
   * Ends the run: nothing more is sent, what is in flight is awaited, and `done` resolves with
   * the rest as `unsent`. The same as aborting `signal`.
   */
  cancel(): void;
}

/** Where a run stands. `queued + inFlight + issued + rejected + unsent + unknown = distinct`. */
export interface Progress {
  /**
   * `reading` while the input arrives, then `running`; `paused` until `resume`; `stopping` when
   * nothing more is sent but answers are awaited; `reconciling` while unknown ids are read back;
   * `done` once, at the end.
   */
  readonly state: "reading" | "running" | "paused" | "stopping" | "reconciling" | "done";
  readonly given: number;
  readonly invalid: number;
  readonly duplicate: number;
  /** Blank lines, which are skipped and no part of `given`. */
  readonly blank: number;
  /** Ids of the run; 0 while reading. */
  readonly distinct: number;
  /** Ids not sent yet, those waiting for another attempt included. */
  readonly queued: number;
  /** Ids sent and not yet answered. */
  readonly inFlight: number;
  readonly issued: number;
  readonly rejected: number;
  readonly unsent: number;
  readonly unknown: number;
  /** Calls made. */
  readonly attempts: number;
  /** Calls that sent a batch again. */
  readonly retries: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly elapsedMs: number;
  /** Milliseconds to go, or null while nothing has been answered yet. */
  readonly etaMs: number | null;
  /** What made the run pause itself; null while it runs or was paused by `pause`. */
  readonly pausedBy: StopCode | null;
}
