/** Every optional field also takes `undefined`, which `exactOptionalPropertyTypes` tells apart. */
import type {
  Attribution,
  CheckOptions,
  Hooks,
  InputOptions,
  Journal,
  ReadBackRules,
  ReconcileOptions,
  ResumeOptions,
  RunOptions,
  StopRules,
} from "issue-bulk";
import type { fileInput, undiciTransport } from "issue-bulk/node";
import { same } from "./check.js";

/** The same type, whose optional fields are given as `undefined`. */
type Given<T> = { [K in keyof T]: object extends Pick<T, K> ? T[K] | undefined : T[K] };

type Takes<T> = Given<T> extends T ? true : false;

same<Takes<{ strict?: string }>, false>(true);

type Options = [
  RunOptions,
  NonNullable<RunOptions["rate"]>,
  InputOptions,
  Attribution,
  StopRules,
  ReadBackRules,
  ReconcileOptions,
  ResumeOptions,
  NonNullable<ResumeOptions["request"]>,
  CheckOptions,
  Hooks,
  Journal,
  NonNullable<Parameters<typeof fileInput>[1]>,
  NonNullable<Parameters<typeof undiciTransport>[0]>,
];

same<{ [K in keyof Options]: Takes<Options[K]> }[number], true>(true);
