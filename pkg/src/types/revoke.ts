import type { CustomerId } from "./input.js";
import type { RunOptions } from "./options.js";
import type { Disposal, Note, Report, Stopped } from "./report.js";

/** What is taken back. */
export interface RevokeRequest {
  /**
   * The issuances, in any order: objects with these three fields, such as those of
   * `report.issued()`, or a {@link Report}, of which everything issued is taken back. One that
   * comes twice counts once. Of each customer at most 1,000, all of one promotion.
   */
  issuances: Iterable<Issuance> | Report;
}

/** One issuance, as a run reported it. */
export interface Issuance {
  readonly customerId: CustomerId;
  readonly promotionId: string;
  /** The `id` of an {@link Issued} outcome. */
  readonly id: string;
}

/** Where and as whom issuances are taken back. */
export interface RevokeOptions
  extends Pick<
    RunOptions,
    | "host"
    | "basePath"
    | "auth"
    | "attribution"
    | "orgId"
    | "concurrency"
    | "rate"
    | "timeoutMs"
    | "attempts"
    | "seed"
    | "signal"
    | "transport"
  > {
  /**
   * Called with the latest sums, at most once per turn of the event loop. What it throws disturbs
   * nothing: the first time is kept as the note `progress-handler-failed`.
   */
  onProgress?: ((counts: RevokeCounts) => unknown) | undefined;
}

/** What became of one issuance. */
export interface Revocation {
  /**
   * - `revoked`: the answer names it as taken back
   * - `refused`: the service said no to it, as it does to what the customer has redeemed
   * - `unsent`: never sent, or refused as a whole before anything was done
   * - `unknown`: no answer that says. It may be taken back; to try it once more does no harm
   */
  readonly outcome: "revoked" | "refused" | "unsent" | "unknown";
  /** The customer as plain digits. */
  readonly customerId: string;
  readonly promotionId: string;
  /** The issuance. */
  readonly id: string;
  /** The service's own code, or null. */
  readonly code: number | null;
  /** HTTP status of the answer that decided, or null where none came. */
  readonly status: number | null;
  /** The service's own words, at most 512 bytes, or empty. Foreign text: escape it. */
  readonly message: string;
  /** The service's id of the call, for its support, or null. */
  readonly requestId: string | null;
}

/** How many issuances came to what; what has no answer yet is `unsent`. */
export interface RevokeCounts {
  readonly revoked: number;
  readonly refused: number;
  readonly unsent: number;
  readonly unknown: number;
}

/** The end of a revocation: one row for each issuance, one customer after the other. */
export interface RevokeReport extends Iterable<Revocation>, Disposal {
  readonly counts: RevokeCounts;
  /** Rows: distinct issuances. */
  readonly length: number;
  /** Why it ended early, or null when it went to its end. */
  readonly stopped: Stopped | null;
  readonly notes: readonly Note[];
  /** Every row; it is read when the loop comes to it. */
  [Symbol.iterator](): IterableIterator<Revocation>;
  /**
   * CSV in UTF-8 with a header, made as it is read. Cells that a spreadsheet would take for a
   * formula are defused.
   */
  csv(): ReadableStream<Uint8Array>;
  /** One JSON object per line and row, ids as strings, made as it is read. */
  ndjson(): ReadableStream<Uint8Array>;
  /** What a log wants; no customer id. */
  toJSON(): { counts: RevokeCounts; stopped: Stopped | null; notes: readonly Note[] };
  /**
   * Gives the memory of the rows back at once instead of when the report is collected. Reading
   * rows afterwards throws `report-disposed`. `using report = ...` does the same.
   */
  dispose(): void;
}
