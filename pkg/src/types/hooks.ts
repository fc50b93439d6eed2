import type { Counts, Stopped } from "./report.js";

/**
 * Functions that are told of a run as it goes, for tracing and metrics. Each gets one frozen
 * object, with no secret and no customer in it, in a turn of its own. `epochMs` is milliseconds
 * since 1970 at the beginning of what it tells of, `durationMs` measured by a clock that no
 * correction moves: a span begins at the one and ends at their sum.
 *
 * What a hook throws or rejects with changes nothing; it is kept as the note `hook-failed`. Nobody
 * waits for a hook's promise.
 */
export interface Hooks {
  /** Once, before the first call. */
  onRunStart?: ((event: RunStart) => unknown) | undefined;
  /** Before each call leaves. */
  onAttemptStart?: ((event: AttemptStart) => unknown) | undefined;
  /** For each call, once nobody waits for it any more. */
  onAttemptEnd?: ((event: AttemptEnd) => unknown) | undefined;
  /**
   * When all ids of a batch have their outcome, or when it is sent on in halves, which are batches
   * of their own. A batch that still waits when the run stops has no end; its ids are in
   * `onRunEnd`.
   */
  onBatchEnd?: ((event: BatchEnd) => unknown) | undefined;
  /** Once, before the report is given. Not after a crash of the core. */
  onRunEnd?: ((event: RunEnd) => unknown) | undefined;
}

/** A run is about to send its first call. */
export interface RunStart {
  readonly epochMs: number;
  /** Distinct ids of the run. */
  readonly ids: number;
  /** Those that have their outcome from the journal of an earlier process. */
  readonly settled: number;
}

/** One call is about to leave. */
export interface AttemptStart {
  readonly epochMs: number;
  /** Tells batches of one run apart: 0, 1, 2 ... */
  readonly batch: number;
  /** Which sending of the batch: the first is 1. */
  readonly attempt: number;
  readonly ids: number;
  /** Of the request's body. */
  readonly bytesSent: number;
}

/** One call has its answer, or none. */
export interface AttemptEnd extends AttemptStart {
  readonly durationMs: number;
  /** Of the answer's body, decoded, as far as it was read. */
  readonly bytesReceived: number;
  /** HTTP status, or null where no head of an answer came; 0 for a redirect a page is not shown. */
  readonly status: number | null;
  /** `X-Cap-Requestid` or `X-Cap-Request-Id`: what the service's support asks for. */
  readonly requestId: string | null;
  /**
   * What follows for the batch:
   *
   * - `match`: a good answer; each id has its own outcome
   * - `retry`, `refresh`: provably not processed; it is sent again (with new credentials)
   * - `split`: provably not processed; its halves are sent
   * - `stop`: provably not processed, and nothing else of this run would be
   * - `hold`: nobody knows; its ids are unknown, unless `ambiguous` says otherwise
   */
  readonly verdict: "match" | "retry" | "refresh" | "split" | "stop" | "hold";
  /** Why, in a stable word such as `throttled` or `timeout`; null for `match`. */
  readonly reason: string | null;
}

/** The four counts are zero for a batch that is sent on in halves. */
export interface BatchEnd {
  /** When its first call began. */
  readonly epochMs: number;
  readonly durationMs: number;
  readonly batch: number;
  /** How often it was sent. */
  readonly attempts: number;
  readonly ids: number;
  readonly issued: number;
  readonly rejected: number;
  readonly unsent: number;
  readonly unknown: number;
}

/** A run has its report. */
export interface RunEnd {
  readonly epochMs: number;
  readonly durationMs: number;
  readonly counts: Counts;
  readonly stopped: Stopped | null;
}
