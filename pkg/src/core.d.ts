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
import type { RevokeCounts } from "./types/revoke.js";
import type { Problem } from "./types/input.js";
import type { Plan as Forecast } from "./types/options.js";
import type { Progress } from "./types/job.js";
import type { Host } from "./host.js";

export type Core = typeof import("./core.js");

/** What one call of the package asks for, read and checked. */
export class Plan {
  private constructor();
  /** Throws what is wrong with the arguments, as all five do. */
  static ofRun(request: unknown, options: unknown, isJob: boolean): Plan;
  static ofResumedRun(options: unknown, isJob: boolean): Plan;
  static ofReadBack(options: unknown): Plan;
  static ofRevocation(request: unknown, options: unknown): Plan;
  static ofCheck(request: unknown, options: unknown): Plan;
  intake(): Intake;
  /** Sends nothing and leaves the input as it is. */
  forecast(input: Input): Omit<Forecast, "format" | "column" | "header" | "problems">;
  /** Other credentials for what begins later. */
  setAuth(auth: unknown): void;
  /** The progress of its run before there is one. */
  progress(): Progress;
  /** The outcomes of its run when it is cancelled while the input is still arriving: none. */
  withoutInput(): Outcomes;
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

/** A run of any kind, as it goes. It is freed after its end. */
export class Run {
  private constructor();
  drive(): void;
  /** `true` once the run is over. */
  turn(isByTimer: boolean): boolean;
  /** Bytes of a body that pushes; `false` when the rest need not be read. */
  push(batch: number, attempt: number, bytes: Uint8Array): boolean;
  pause(): void;
  /** Takes the credentials that the plan has by now, of the kind of those before. */
  renew(plan: Plan): void;
  resume(): void;
  cancel(): void;
  free(): void;
}

/** A run that issues. `chance` decides the jitter unless the plan has a seed. */
export class IssueRun {
  /** Consumes the input. */
  constructor(plan: Plan, input: Input, host: Host, chance: number);
  /** Consumes what was recovered. */
  static resumed(plan: Plan, recovered: Recovered, host: Host, chance: number): IssueRun;
  readonly run: Run;
  progress(): Progress;
  /** Consumes itself; its run must be over and freed. */
  outcomes(): Outcomes;
  free(): void;
}

/** A run that reads back; the outcomes stay as they are. */
export class ReadBackRun {
  constructor(plan: Plan, outcomes: Outcomes, host: Host, chance: number);
  readonly run: Run;
  progress(): Progress;
  /** Consumes itself; its run must be over and freed. */
  outcomes(): Outcomes;
  free(): void;
}

export class CheckRun {
  constructor(plan: Plan, host: Host, chance: number);
  readonly run: Run;
  checked(): Omit<PromotionCheck, "promotionId">;
  free(): void;
}

/** A run that takes issuances back. It keeps its rows until it is freed. */
export class RevokeRun {
  /** Customer, promotion and id of one issuance after the other; the core wants texts. */
  constructor(plan: Plan, issuances: unknown[], host: Host, chance: number);
  readonly run: Run;
  counts(): RevokeCounts;
  stopped(): Stopped | null;
  /** Rows of the customers from there on; the header before the first. */
  csv(from: number, count: number): Uint8Array;
  ndjson(from: number, count: number): Uint8Array;
  free(): void;
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
  /** Consumes the input, which must hold all customers of the journal. */
  admit(plan: Plan, input: Input): void;
  /** The bytes to append before the unsent customers are given out as a list; none without them. */
  giveOut(epochMs: number): Uint8Array;
  /** Consumes itself. */
  review(now: number, epochMs: number): Outcomes;
  free(): void;
}

export class Outcomes {
  private constructor();
  readonly length: number;
  /** Whether a read-back follows the run that left these. */
  isToBeReadBack(isCancelled: boolean): boolean;
  counts(): Counts;
  stopped(): Stopped | null;
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
