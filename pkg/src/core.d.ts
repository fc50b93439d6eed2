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
  Stopped,
} from "../types/report.cjs";
import type { InputOptions, Problem } from "../types/input.cjs";
import type { Plan } from "../types/options.cjs";
import type { Progress } from "../types/job.cjs";

export interface RequestForCore {
  promotionId: unknown;
  contextId: unknown;
}

export type OptionsForCore = Record<string, unknown> & { isJob: boolean };

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
  constructor(spec: InputOptions);
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

export function plan(
  request: RequestForCore,
  options: OptionsForCore,
  input: Input,
): Omit<Plan, "format" | "column" | "header" | "problems">;

export interface Hooks {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  progress?: (progress: Progress) => void;
  credentials?: () => Promise<Record<string, string>>;
}

export class Run {
  /** Consumes the input. */
  constructor(request: RequestForCore, options: OptionsForCore, input: Input);
  start(hooks: Hooks): Promise<void>;
  pause(): void;
  resume(auth?: object): void;
  cancel(): void;
  progress(): Progress;
  outcomes(): Outcomes;
  free(): void;
}

export class Outcomes {
  private constructor();
  readonly length: number;
  counts(): Counts;
  stopped(): (Pick<Stopped, "code" | "reason"> & Partial<Stopped>) | null;
  notes(): Note[];
  problems(): Problem[];
  find(id: string): number;
  at(index: number): Outcome;
  next(outcome: number, from: number): number;
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
