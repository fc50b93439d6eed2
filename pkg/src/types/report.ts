import type { CustomerId, Problem } from "./input.js";

/**
 * What became of one customer. `outcome` tells the four kinds apart:
 *
 * ```ts
 * for (const outcome of report) {
 *   if (outcome.outcome === "issued") console.log(outcome.customerId, outcome.id);
 *   else console.log(outcome.customerId, outcome.outcome, outcome.reason);
 * }
 * ```
 */
export type Outcome = Issued | Rejected | Unsent | Unknown;

/** The service returned an issuance for this customer. */
export interface Issued {
  readonly outcome: "issued";
  readonly verifiedBy: "answer" | "read-back";
  /** The customer as plain digits: exact, which a number above 2^53 would not be. */
  readonly customerId: string;
  /**
   * The issuance: the service's id of this issued promotion. Where a read-back found it, the
   * `earnedPromotionId`; the service does not document that the two are one.
   */
  readonly id: string;
  readonly promotionId: string;
  /** The `contextId` of the request, as the service recorded it. */
  readonly earnedFromId: string;
  /** When it was issued, in milliseconds since 1970, or null where the service did not say. */
  readonly eventTime: number | null;
  /** Until when it is valid, in milliseconds since 1970, or null. */
  readonly validTill: number | null;
}

/** What all outcomes but `issued` say. */
export interface NotIssued {
  /** The customer as plain digits. */
  readonly customerId: string;
  /** The service's own error code, or null. */
  readonly code: number | null;
  /** HTTP status of the answer that decided, or null where none came. */
  readonly status: number | null;
  /** The service's own words, at most 512 bytes, or empty. Foreign text: escape it. */
  readonly message: string;
  /** The service's id of the call, for its support, or null. */
  readonly requestId: string | null;
}

/** The service said no to this customer. */
export interface Rejected extends NotIssued {
  readonly outcome: "rejected";
  readonly verifiedBy: "answer";
  readonly reason: RejectedReason;
}

/** Provably not issued: never sent, or refused as a whole. It may be sent in another run. */
export interface Unsent extends NotIssued {
  readonly outcome: "unsent";
  /** `"read-back"` where it took one to know that nothing was issued. */
  readonly verifiedBy: "read-back" | null;
  readonly reason: UnsentReason;
}

/** It may have been issued. Do not send it again before you have looked. */
export interface Unknown extends NotIssued {
  readonly outcome: "unknown";
  readonly verifiedBy: null;
  readonly reason: UnknownReason;
}

/**
 * - `entry-error`: the answer holds an error in this customer's place
 * - `invalid-customer`: sent alone, the id was refused as no customer of the organisation
 */
export type RejectedReason = "entry-error" | "invalid-customer";

/**
 * A {@link StopCode} where the run stopped before this id, or
 *
 * - `not-reached`: no connection within the allowed attempts
 * - `retry-budget-used`: the run's retries were used up
 * - `refused-with-others`: its batch was refused for other ids and could not be divided further
 * - `too-large`: even alone it makes a request that the service calls too large
 * - `read-back-not-issued`: it was unknown, and reading the customer's promotions back showed that
 *   nothing was issued
 */
export type UnsentReason =
  | StopCode
  | "not-reached"
  | "retry-budget-used"
  | "refused-with-others"
  | "too-large"
  | "read-back-not-issued";

/**
 * - `timeout`, `network`: the request may have arrived, no complete answer came
 * - `ambiguous-status`: the HTTP status does not prove that nothing was done
 * - `customer-locked`: 521 in the service's own words, another action holds a customer of the call
 * - `cut-body`, `unreadable-body`, `oversized-body`, `contradictory-body`, `errors-in-success`:
 *   a 200 whose body proves nothing
 * - `missing-in-answer`, `entry-error`, `unreadable-entry`, `mismatched-entry`: a good answer
 *   that does not say what became of this customer
 * - `older-than-call`: an answer with an issuance from before its call, as a cache repeats one
 * - `interrupted`: a run with a journal ended between the intent to send and the outcome
 */
export type UnknownReason =
  | "timeout"
  | "network"
  | "ambiguous-status"
  | "customer-locked"
  | "cut-body"
  | "unreadable-body"
  | "oversized-body"
  | "contradictory-body"
  | "errors-in-success"
  | "missing-in-answer"
  | "entry-error"
  | "unreadable-entry"
  | "mismatched-entry"
  | "older-than-call"
  | "interrupted";

/**
 * Why a run ended before its ids did.
 *
 * - `credentials-unavailable`: they could not be fetched, so nobody refused them
 * - `credentials-unreadable`: what came in their place is no token, or no headers that can be sent
 * - `blocked`: a 403 that is not the service's own, as of a firewall
 * - `proxy-authentication`: a proxy on the way asks for credentials (407)
 * - `not-the-service`: a page in place of the answer, as where a network asks for a login; the ids
 *   of that call are unknown
 * - `first-not-revoked`: only of a revocation, whose first call goes alone
 * - `journal-failed`: the journal could not be written, and nothing may leave without its intent
 * - `interrupted`: the journal of a run that never came to its end was read without resuming it
 */
export type StopCode =
  | "cancelled"
  | "deadline"
  | "promotion-not-found"
  | "promotion-unusable"
  | "unauthorised"
  | "credentials-unavailable"
  | "credentials-unreadable"
  | "access-denied"
  | "blocked"
  | "proxy-authentication"
  | "not-the-service"
  | "endpoint-refuses"
  | "request-refused"
  | "redirected"
  | "retry-after-too-long"
  | "throttled"
  | "too-many-ambiguous"
  | "too-many-failures"
  | "protocol-violation"
  | "first-not-revoked"
  | "journal-failed"
  | "interrupted"
  | "internal-error";

/** Why the run ended early, with a sentence that says what to do. */
export interface Stopped {
  readonly code: StopCode;
  /** May end with the service's own words: foreign text, escape it. */
  readonly reason: string;
  /** HTTP status of the answer that decided, or null where none did. */
  readonly status: number | null;
  /** The service's own error code in that answer, or null. */
  readonly serviceCode: number | null;
  /** The service's id of that call, for its support, or null. */
  readonly requestId: string | null;
  /**
   * What the network said where it stopped the run, such as that the host name was not found or the
   * certificate not accepted, with the runtime's code; or null.
   */
  readonly cause: string | null;
}

/**
 * The evidence of a read-back. Every id that it decided was read twice, the time between the two
 * being that of the options, and both readings said the same.
 */
export interface ReadBack {
  /** Ids that were unknown before: `issued`, `notIssued`, and those that stayed unknown. */
  readonly asked: number;
  readonly issued: number;
  readonly notIssued: number;
  /** Calls made for it. */
  readonly calls: number;
  /** The first `eventTime` that counts as of the run, by this machine's clock. */
  readonly from: number;
  /** The last one: the end of the quiet period. */
  readonly until: number;
}

/** Something worth knowing that changed no outcome. */
export interface Note {
  /**
   * A stable code, such as `progress-handler-failed`. Of a read-back, each counting the ids that
   * stayed unknown: `read-back-page-full`, `read-back-near-run`, `read-back-other-context`,
   * `read-back-unreadable`, `read-backs-disagree`, `read-back-failed`, `read-back-stopped` (beside
   * the {@link StopCode}); and `issued-more-than-once` for customers who have the promotion twice
   * from this run's time. `given-out` counts unsent customers whom `giveOutUnsent` gave out.
   */
  readonly code: string;
  readonly message: string;
  /** How often it happened, at least once. */
  readonly count: number;
}

/**
 * The sums. They always balance:
 * `issued + rejected + unsent + unknown + invalid + duplicate = given`.
 */
export interface Counts {
  readonly given: number;
  readonly invalid: number;
  readonly duplicate: number;
  /** Blank lines, which are skipped and no part of `given`. */
  readonly blank: number;
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
}

/** One row per distinct valid id, in the order of the input; every array is a copy. */
export interface Columns {
  readonly customerIds: BigInt64Array;
  /** 0 issued, 1 rejected, 2 unsent, 3 unknown. */
  readonly outcomes: Uint8Array;
  /**
   * 12 bytes a row: the issuance id, if it has 24 lower-case hex digits, else zeros (then
   * `report.at(row)` has its text).
   */
  readonly issuanceIds: Uint8Array;
  /** Milliseconds since 1970; -(2n ** 63n) where there is none. */
  readonly eventTimes: BigInt64Array;
  /** Milliseconds since 1970; -(2n ** 63n) where there is none. */
  readonly validTills: BigInt64Array;
  /** For rows not issued: the place in `causeTable`, counted from 1; otherwise 0. */
  readonly causes: Uint16Array;
  readonly causeTable: readonly Cause[];
}

/** What rows of one cause have in common. */
export interface Cause {
  readonly reason: RejectedReason | UnsentReason | UnknownReason;
  readonly code: number | null;
  readonly status: number | null;
  readonly message: string;
  readonly requestId: string | null;
}

/**
 * The end of a run: one outcome for each distinct valid id, in the order of the input. Rows are
 * kept as columns in compact form and become objects only when they are asked for.
 */
export interface Report extends Iterable<Outcome>, Disposal {
  readonly counts: Counts;
  /** Rows: distinct valid ids. */
  readonly length: number;
  /** Why the run ended early, or null when it went to its end. */
  readonly stopped: Stopped | null;
  /** Invalid and duplicate inputs, the first 1,000 of them; `counts` has them all. */
  readonly problems: readonly Problem[];
  readonly notes: readonly Note[];
  /** What this report rests on where it comes from a read-back; else null. */
  readonly readBack: ReadBack | null;

  /**
   * The outcome of one customer, or undefined when it is not among the valid ids of the input.
   *
   * @throws {@link IssueBulkError} `not-exact` for a number that is not a whole one of at most
   *   `Number.MAX_SAFE_INTEGER`.
   */
  get(id: CustomerId): Outcome | undefined;
  /**
   * The outcome of one customer if it is of this kind, else undefined:
   * `report.get(id, "issued")?.validTill`.
   *
   * @throws {@link IssueBulkError} `not-exact` as above.
   */
  get<Kind extends Outcome["outcome"]>(
    id: CustomerId,
    kind: Kind,
  ): Extract<Outcome, { outcome: Kind }> | undefined;
  /** The outcome in one row, counted from 0, or undefined beyond the end. */
  at(row: number): Outcome | undefined;
  /** Every outcome, in the order of the input; a row is read when the loop comes to it. */
  [Symbol.iterator](): IterableIterator<Outcome>;
  /** Those who have their issuance. */
  issued(): IterableIterator<Issued>;
  /** Those whom the service refused. */
  rejected(): IterableIterator<Rejected>;
  /** Those to whom certainly nothing was issued: they may be sent in another run. */
  unsent(): IterableIterator<Unsent>;
  /** Those who may have been issued: not to be sent again before somebody looked. */
  unknown(): IterableIterator<Unknown>;

  /** Everything as typed arrays: the fastest way to read a large report. */
  columns(): Columns;
  /**
   * CSV in UTF-8 with a header, made as it is read. Cells that a spreadsheet would take for a
   * formula are defused.
   */
  csv(): ReadableStream<Uint8Array>;
  /** One JSON object per line and row, ids as strings, made as it is read. */
  ndjson(): ReadableStream<Uint8Array>;
  /** What a log wants; no customer id. */
  toJSON(): {
    counts: Counts;
    stopped: Stopped | null;
    notes: readonly Note[];
    readBack: ReadBack | null;
  };
  /**
   * Gives the memory of the rows back at once instead of when the report is collected. Reading
   * rows afterwards throws `report-disposed`. `using report = ...` does the same.
   */
  dispose(): void;
}

/**
 * `[Symbol.dispose]()`, the same as `dispose()`, for `using`: in projects whose type libraries
 * declare that symbol (`esnext.disposable`), and nothing in others.
 */
export type Disposal = SymbolConstructor extends { readonly dispose: infer Name extends symbol }
  ? { [K in Name]: () => void }
  : object;
