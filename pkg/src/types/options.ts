import type { CustomerIds, InputOptions, Problem } from "./input.js";
import type { Hooks } from "./hooks.js";
import type { Progress } from "./job.js";
import type { Journal } from "./journal.js";
import type { Outcome } from "./report.js";

/** What is issued, and to whom. */
export interface IssueRequest {
  /** The cart promotion: the id the service gave it when it was created. */
  promotionId: string;
  /**
   * The service's `contextId`: recorded with every issuance as its source and returned as
   * `earnedFromId`. Any text without control characters; it is encoded once.
   */
  contextId: string;
  /** The customers; see {@link CustomerIds} for every form this takes. */
  customerIds: CustomerIds;
  /**
   * The customers as somebody confirmed them: `distinct` and `digest` of a {@link Plan}. Where the
   * list holds others by now, nothing is sent and the run rejects with `customers-changed`.
   */
  confirmed?: Confirmed | undefined;
}

/** What a plan said of the customers that somebody confirmed. */
export interface Confirmed {
  /** `distinct` of the plan. */
  customers: number;
  /** `digest` of the plan. */
  digest: string;
}

/** Where the calls go, who makes them, and how fast. */
export interface RunOptions {
  /**
   * The service: a host name with optional port (`"eu.api.capillarytech.com"`) or an https
   * origin. Plain http is taken for loopback addresses only.
   */
  host: string;
  /** What stands before `/promotions`. Default `"/api_gateway/v1"`. */
  basePath?: string | undefined;
  /** Credentials; see {@link Auth}. They appear in no report, error or message. */
  auth?: Auth | undefined;
  /** On whose behalf OAuth clients call. Default: the till of the key. */
  attribution?: Attribution | undefined;
  /** Sent as `X-CAP-API-AUTH-ORG-ID`, for clients of several organisations. */
  orgId?: string | undefined;
  /** How the input is read. */
  input?: InputOptions | undefined;

  /**
   * Ids in one call, 1 to 10,000. Default 1,000: the service documents no maximum, a thousand
   * stays under a second and one lost answer costs little.
   */
  batchSize?: number | undefined;
  /**
   * Calls in flight at most, 1 to 64. Default 6, what a browser and a Worker allow; a run starts
   * with 2 and grows.
   */
  concurrency?: number | undefined;
  /**
   * At most so many calls a minute. Default: no limit until the service answers 429. Then, as
   * below a limit, the rate falls to half, or to what went through lately, and recovers.
   */
  rate?: { perMinute: number } | undefined;
  /**
   * Milliseconds for one call, answer included. Default 60,000. A call that takes longer ends as
   * `unknown`: the service may still act on it.
   */
  timeoutMs?: number | undefined;
  /** Milliseconds for the whole run. Afterwards nothing is sent and the rest is `unsent`. */
  deadlineMs?: number | undefined;
  /**
   * Bytes of one answer, decoded, 1,024 to 2 GiB. Default 64 MiB: far more than any answer to
   * 10,000 ids. A longer one ends as `unknown`. Answers are read as they arrive, so a higher
   * bound costs time, not memory.
   */
  responseBytesMax?: number | undefined;
  /**
   * Sendings of one batch, the first included; only what provably did nothing is sent again.
   * Default 5. A 429 uses none.
   */
  attempts?: number | undefined;
  /** When the run gives up; see {@link StopRules}. */
  stop?: StopRules | undefined;
  /**
   * What becomes of a call whose outcome nobody knows (a timeout, a reset, a 5xx ...):
   *
   * - `"hold"`, the default: its ids are `unknown`, and this run never sends them again
   * - `"reconcile"`: the same, and when all is sent the customers' promotions are read back, after
   *   the quiet period of `reconcile`; see the function of that name
   * - `"retry"`: they are sent again within `attempts` and the retry budget. An id whose first
   *   call did act is then issued **twice**, unless the promotion's `maxIssuancePerCustomer` is 1
   *   and the service heeds it; `checkPromotion` tells. An id that was once in doubt ends as
   *   `issued` or `unknown`, never as `unsent` or `rejected`. The note `resent-after-ambiguity`
   *   counts the ids sent again.
   */
  ambiguous?: "hold" | "reconcile" | "retry" | undefined;
  /** How `ambiguous: "reconcile"` reads back. */
  reconcile?: ReadBackRules | undefined;
  /** Makes the jitter of the waits repeatable, for tests. Default: random. */
  seed?: number | undefined;

  /**
   * Ends the run: nothing more is sent, what is in flight is awaited, and the promise resolves
   * with a report. Aborting a stream of input that is still arriving sends nothing at all.
   */
  signal?: AbortSignal | undefined;
  /**
   * Called with the latest progress, at most once per turn of the event loop. What it throws
   * does not disturb the run: the first time is kept as the note `progress-handler-failed`.
   */
  onProgress?: ((progress: Progress) => unknown) | undefined;
  /**
   * Takes the outcomes as they settle, a batch at a time, instead of the report: each customer
   * once, in no particular order, and those that were never sent at the end. Rows that it took are
   * in the report no more, whose counts, problems and notes are as ever, so memory stays small.
   *
   * A promise that it returns is awaited; a slow one slows the run: while four lists wait, nothing
   * new is sent. Nothing else waits: answers are read, timeouts and the deadline hold, and the
   * journal is written.
   *
   * If it throws or rejects, the run is cancelled, the note `outcomes-handler-failed` says so, and
   * the report has the rows that it did not take. A resumed run gives all outcomes anew, those of
   * earlier processes at the end. Not together with `ambiguous: "reconcile"`. Default: the report
   * keeps everything.
   */
  onOutcomes?: ((outcomes: readonly Outcome[]) => unknown) | undefined;
  /** Told of the run, its calls and its batches as they go, for tracing; see {@link Hooks}. */
  hooks?: Hooks | undefined;
  /** Used instead of the runtime's `fetch`; see {@link Transport}. */
  transport?: Transport | undefined;
  /**
   * Where the run is written down before each call, so that `resumeIssueBulk` can go on with it;
   * see {@link Journal}. It must hold no run yet (`journal-not-empty`). Default: none.
   */
  journal?: Journal | undefined;
}

/**
 * Credentials of the service:
 *
 * - `{ username, password }`: Basic; the md5 that the service wants is made here
 * - `{ username, passwordMd5 }`: Basic with the md5 as 32 hex digits
 * - `{ key, secret }`: OAuth client; tokens are fetched, shared and renewed before they expire
 * - `{ token }`: an OAuth token made elsewhere
 * - a function that returns the headers to send; called before the first call, and again when
 *   the service refuses them
 */
export type Auth =
  | { username: string; password: string }
  | { username: string; passwordMd5: string }
  | { key: string; secret: string }
  | { token: string }
  | AuthCallback;

/** Returns the headers that authorise a call, such as `{ authorization: "Basic ..." }`. */
export type AuthCallback = () => AuthHeaders | Promise<AuthHeaders>;

/** Headers by name. */
export type AuthHeaders = Record<string, string> | Headers;

/** The entity that an OAuth client acts for (`X-CAP-API-ATTRIBUTION-ENTITY-*`). */
export interface Attribution {
  /** Default `"TILL"`. */
  type?:
    | "TILL"
    | "STORE_CODE"
    | "STORE_NAME"
    | "STORE_EXTERNAL_ID"
    | "STORE_EXTERNAL_ID_1"
    | "STORE_EXTERNAL_ID_2"
    | undefined;
  code: string;
}

/** How unknown ids are read back; see {@link reconcile}. */
export interface ReadBackRules {
  /**
   * Milliseconds from the end of the run to the first reading. Default 900,000 (15 minutes): a call
   * that was never answered may still be acted on.
   */
  quietMs?: number | undefined;
  /** Milliseconds between the two readings of a customer. Default 60,000. */
  apartMs?: number | undefined;
  /**
   * Promotions asked for of one customer, 10 to 1,000. Default 100. A customer with as many stays
   * unknown unless the issuance is among them.
   */
  limit?: number | undefined;
  /** Readings a minute; each id takes two. Default 600. */
  rate?: { perMinute: number } | undefined;
}

/** Where a read-back goes, as whom, and how. */
export interface ReconcileOptions
  extends ReadBackRules,
    Pick<
      RunOptions,
      | "basePath"
      | "auth"
      | "attribution"
      | "orgId"
      | "concurrency"
      | "timeoutMs"
      | "attempts"
      | "seed"
      | "signal"
      | "onProgress"
      | "transport"
    > {
  /** Default: that of the run. */
  host?: string | undefined;
}

/** When a run stops by itself; the ids not sent by then are `unsent`. */
export interface StopRules {
  /** Calls in a row whose answers prove nothing. Default 5. */
  ambiguousInRow?: number | undefined;
  /** Percent of all calls that failed. Default 50. */
  failurePercent?: number | undefined;
  /** Calls before that percentage counts. Default 20. */
  failureCallsMin?: number | undefined;
}

/**
 * Makes one HTTP call, like `fetch`, which it is by default. It must send the request at most
 * once: a transport that repeats a POST by itself can issue twice. Deno's `fetch` does, unless the
 * body is a stream, as it is by default there (so it has no `Content-Length`). `init.redirect` is
 * `"manual"` and `init.signal` ends the call at its timeout. Called without `this`.
 *
 * Where it knows that no byte of the request left, it may reject with an error whose `code` is
 * `"NOT_SENT"`, with the reason as its `cause`: the customers of the call are then no unknown ones.
 */
export type Transport = (url: string, init: RequestInit) => Promise<Response | PushedResponse>;

/**
 * What a {@link Transport} that makes no `Response` resolves with: what is read of one, and a body
 * that hands out its bytes by itself, which costs less than a stream does.
 */
export interface PushedResponse {
  readonly status: number;
  readonly headers: Pick<Headers, "get">;
  readonly body: {
    /**
     * Calls `take` with the bytes of the body, decoded, as they arrive; what is in a piece may be
     * overwritten afterwards. Resolves at the end of the body, rejects where it breaks off. Once
     * `take` returns `false` or throws, nothing more is wanted, and the call is to be dropped.
     */
    pushTo(take: (bytes: Uint8Array) => boolean): Promise<void>;
  } | null;
}

/** What a run would do. */
export interface Plan {
  /** Inputs in all: `distinct + invalid + duplicate`. */
  readonly given: number;
  readonly invalid: number;
  readonly duplicate: number;
  /** Blank lines, which are skipped and no part of `given`. */
  readonly blank: number;
  /** Ids that would be sent. */
  readonly distinct: number;
  /**
   * Digest of these ids in their order: 32 hex digits, for {@link IssueRequest.confirmed}. It tells
   * a list that has changed; it is no signature.
   */
  readonly digest: string;
  /** Calls, if every one succeeds at once. */
  readonly requests: number;
  /** Bytes of all request bodies. */
  readonly bytes: number;
  readonly batchSize: number;
  readonly concurrency: number;
  /**
   * Milliseconds of one run that was played with this rate, concurrency and timeout. It assumes
   * that the service answers every call after one second and refuses none. That is a guess and no
   * measurement: a slower service, retries and pauses make the real run longer.
   */
  readonly estimatedMs: number;
  /** How the input was read: `"lines"`, `"csv"`, `"ndjson"`, `"json"` or `"values"`. */
  readonly format: string;
  /** The CSV column that was used, by name or number, or null. */
  readonly column: string | null;
  /** The cells of a CSV's header; empty where there is none. */
  readonly header: readonly string[];
  /** Invalid and duplicate inputs, the first 1,000 of them. */
  readonly problems: readonly Problem[];
}
