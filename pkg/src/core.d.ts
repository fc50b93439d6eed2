/**
 * What the generated glue exports: the border between the face and the core. Declared by hand so
 * that the sources are checked without a build.
 */
import type {
  Cause,
  Columns,
  Counts,
  Note,
  Outcome,
  ReadBack,
  Stopped,
} from "./types/report.js";
import type { PromotionCheck } from "./types/check.js";
import type { Problem } from "./types/input.js";
import type { Plan as Forecast } from "./types/options.js";
import type { AttemptEnd } from "./types/hooks.js";
import type { Progress } from "./types/job.js";

export type Core = typeof import("./core.js");

/** What one call of the package asks for, read and checked. */
export class Plan {
  private constructor();
  /** Throws what is wrong with the arguments, as all four do. */
  static ofRun(request: unknown, options: unknown, isJob: boolean): Plan;
  static ofResumedRun(options: unknown, isJob: boolean): Plan;
  static ofReadBack(options: unknown): Plan;
  static ofCheck(request: unknown, options: unknown): Plan;
  intake(): Intake;
  /** Sends nothing and leaves the input as it is. */
  forecast(input: Input): Omit<Forecast, "format" | "column" | "header" | "problems">;
  /** Other credentials for what begins later. */
  setAuth(auth: unknown): void;
  /** Whether a read-back follows the run. */
  readonly isReadBack: boolean;
  free(): void;
}

export interface InputSummary {
  given: number;
  invalid: number;
  duplicate: number;
  blank: number;
  distinct: number;
  format: string;
  column: string | null;
  header: string[];
}

export class Intake {
  private constructor();
  pushBytes(bytes: Uint8Array): void;
  pushText(text: string): void;
  pushNumber(value: number): void;
  pushLongs(values: BigInt64Array): void;
  /** Consumes the intake. */
  finish(): Input;
  free(): void;
}

export class Input {
  private constructor();
  summary(): InputSummary;
  problems(): Problem[];
  free(): void;
}

/**
 * `now` is always milliseconds of `performance.now()`. An exchange is named by its batch and its
 * attempt; telling of one that is over changes nothing.
 */
export class Run {
  /** Consumes the input. `chance` decides the jitter unless the plan has a seed. */
  constructor(plan: Plan, input: Input, now: number, epochMs: number, chance: number);
  /** Consumes what was recovered. */
  static resumed(
    plan: Plan,
    recovered: Recovered,
    now: number,
    epochMs: number,
    chance: number,
  ): Run;
  /** The outcomes stay as they are. */
  static readBack(
    plan: Plan,
    outcomes: Outcomes,
    now: number,
    epochMs: number,
    chance: number,
  ): Run;
  static check(plan: Plan, now: number, epochMs: number, chance: number): Run;
  start(now: number): void;
  /** What to do next: 0 send, 1 abort, 2 fetch credentials, 3 wait, 4 persist, 5 done. */
  poll(now: number): number;
  /** The exchange to send or to abort. */
  readonly batch: number;
  readonly attempt: number;
  /** When to poll again at the latest. */
  readonly until: number;
  /** Where an exchange goes and what it carries; undefined where both are as before. */
  target(batch: number): { url: string; headers: Record<string, string> } | undefined;
  /** Undefined for a GET. */
  body(batch: number): Uint8Array | undefined;
  /** A header that is absent is empty; the status of a hidden redirect is 0. */
  head(
    now: number,
    batch: number,
    attempt: number,
    status: number,
    epochMs: number,
    retryAfter: string,
    date: string,
    requestId: string,
  ): void;
  /** `false` when the rest need not be read. */
  chunk(batch: number, attempt: number, bytes: Uint8Array): boolean;
  end(now: number, batch: number, attempt: number): void;
  fail(now: number, batch: number, attempt: number, isNotSent: boolean): void;
  idsOf(batch: number): number;
  /** What became of the attempt that ended last, once. */
  takeConclusion(): Conclusion | undefined;
  /** Undefined where the row has no outcome yet, or it was given away. */
  at(row: number): Outcome | undefined;
  /** Rows for making many objects; see page.js. */
  page(from: number, rows: number): Uint8Array<ArrayBuffer>;
  /** The first row from there on that was not given away, or -1. */
  keptFrom(row: number): number;
  forget(from: number, count: number): void;
  readonly tokenUrl: string;
  /** Undefined where the caller makes the credentials. */
  tokenRequest(): string | undefined;
  takeToken(now: number, status: number, body: Uint8Array): void;
  addHeader(name: string, value: string): void;
  takeHeaders(now: number): void;
  credentialsFailed(now: number, isUnreadable: boolean): void;
  /** What to append to the journal; `persisted` or `persistFailed` follows. */
  takeJournal(): Uint8Array;
  persisted(): void;
  persistFailed(): void;
  hold(): void;
  release(): void;
  pause(): void;
  /** Takes the credentials that the plan has by now, of the kind of those before. */
  renew(plan: Plan): void;
  resume(now: number): void;
  cancel(): void;
  progress(now: number): Progress;
  /** Consumes the run, which must be done. */
  outcomes(epochMs: number): Outcomes;
  /** Of a check, which must be done. */
  checked(): Omit<PromotionCheck, "promotionId">;
  free(): void;
}

/** The counts are those of the attempt's ids; `queued` ones come back. */
export interface Conclusion {
  batch: number;
  attempt: number;
  firstRow: number;
  ids: number;
  status: number | null;
  requestId: string | null;
  verdict: AttemptEnd["verdict"];
  reason: string | null;
  queued: number;
  issued: number;
  rejected: number;
  unsent: number;
  unknown: number;
}

/** Reads a journal. */
export class Recovery {
  feed(bytes: Uint8Array): void;
  /** Consumes itself; undefined where no run had begun. */
  finish(): Recovered | undefined;
  free(): void;
}

export class Recovered {
  private constructor();
  /** How much of the journal counts. */
  readonly bytes: number;
  /** Consumes the input, which must be that of the journal. */
  check(input: Input): void;
  /** Consumes itself. */
  review(now: number, epochMs: number): Outcomes;
  free(): void;
}

export class Outcomes {
  private constructor();
  readonly length: number;
  counts(): Counts;
  stopped(): (Pick<Stopped, "code" | "reason"> & Partial<Stopped>) | null;
  notes(): Note[];
  problems(): Problem[];
  readBack(): ReadBack | null;
  find(id: string): number;
  at(index: number): Outcome;
  next(outcome: number, from: number): number;
  page(from: number, rows: number): Uint8Array<ArrayBuffer>;
  ids(): BigInt64Array;
  states(): Uint8Array;
  eventTimes(): Columns["eventTimes"];
  validTills(): Columns["validTills"];
  issuanceIds(): Uint8Array;
  causes(): Uint16Array;
  causeTable(): Cause[];
  csv(from: number, rows: number): Uint8Array;
  ndjson(from: number, rows: number): Uint8Array;
  free(): void;
}

export function version(): string;

type Source = WebAssembly.Module | BufferSource | Response | URL | string;

export function initSync(options: { module: WebAssembly.Module | BufferSource }): unknown;
export default function init(options: {
  module_or_path: Source | Promise<Source>;
}): Promise<unknown>;
