/**
 * A request that is not served, with nothing sent to the service: an HTTP status, a stable code
 * and a sentence that names the fix.
 */
export class Refusal extends Error {
  /**
   * @param {number} status HTTP status of the answer
   * @param {string} code kebab-case, stable
   * @param {string} message one sentence that names the fix; never holds a secret
   * @param {Record<string, string>} [headers] further headers of the answer
   */
  constructor(status, code, message, headers = {}) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The answer for a refusal; anything else is our own fault and its text stays inside. */
export function refusalResponse(/** @type {unknown} */ error) {
  const refusal =
    error instanceof Refusal
      ? error
      : new Refusal(500, "internal", "The Worker failed before it sent anything. Try again.");
  const body = JSON.stringify({ code: refusal.code, message: refusal.message });
  return new Response(body, {
    status: refusal.status,
    headers: { ...refusal.headers, "content-type": "application/json; charset=utf-8" },
  });
}
