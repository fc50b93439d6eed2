/**
 * The one error class. Its codes are listed in types/errors.d.cts; most of them and their
 * sentences come from the core.
 */
export class IssueBulkError extends Error {
  /**
   * @param {import("../types/errors.cjs").ErrorCode} code
   * @param {string} message
   * @param {{ cause?: unknown, header?: readonly string[] }} [options]
   */
  constructor(code, message, options = {}) {
    super(message, options);
    this.code = code;
    this.header = options.header;
  }

  /** @returns {"IssueBulkError"} */
  get name() {
    return "IssueBulkError";
  }
}

/**
 * A wrong argument that only JavaScript can see: its type.
 *
 * @param {string} message
 */
export function invalidArgument(message) {
  return new IssueBulkError("invalid-argument", message);
}

/**
 * A value as an error message may show it: its kind, never its content, which may be a secret.
 *
 * @param {unknown} value
 */
export function kindOf(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : typeof value;
}
