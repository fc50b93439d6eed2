import type { ErrorCode } from "../types/errors.cjs";

/**
 * The one error class. Its codes are listed in types/errors.d.cts; most of them and their
 * sentences come from the core.
 */
export class IssueBulkError extends Error {
  readonly code: ErrorCode;
  readonly header: readonly string[] | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; header?: readonly string[] } = {},
  ) {
    super(message, options);
    this.code = code;
    this.header = options.header;
  }

  override get name(): "IssueBulkError" {
    return "IssueBulkError";
  }
}

/** A wrong argument that only JavaScript can see: its type. */
export function invalidArgument(message: string): IssueBulkError {
  return new IssueBulkError("invalid-argument", message);
}

/** A value as an error message may show it: its kind, never its content, which may be a secret. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : typeof value;
}
