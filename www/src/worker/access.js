/** Who may have something sent: the right host, the right page and the operator's token. */
import { Refusal } from "./refusal.js";
import { readAccess } from "./settings.js";

/**
 * @param {URL} url
 * @param {Request} request
 * @param {import("./settings.js").Env} env
 * @throws {Refusal} unless this request may send
 */
export async function admit(url, request, env) {
  const { token, origins } = readAccess(env);
  // A name that merely resolves to us (DNS rebinding) is as foreign as another origin.
  if (!origins.some((origin) => new URL(origin).host === url.host)) {
    throw new Refusal(
      403,
      "host-not-allowed",
      "This host is not one of ALLOWED_ORIGINS: open the page by its configured address.",
    );
  }
  if (!origins.includes(request.headers.get("origin") ?? "")) {
    throw new Refusal(
      403,
      "origin-not-allowed",
      "Send from the page itself: the Origin header is missing or not in ALLOWED_ORIGINS.",
    );
  }
  if (!(await sameSecret(bearer(request), token))) {
    throw new Refusal(
      401,
      "operator-token",
      "The operator token is missing or wrong: ask for it where this site is run. Programs send " +
        "it as `Authorization: Bearer ...`.",
      { "www-authenticate": "Bearer" },
    );
  }
}

/** @param {Request} request */
function bearer(request) {
  const [, token = ""] = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  return token;
}

/**
 * Compares digests, so that neither the length nor a common beginning shows in the time taken.
 *
 * @param {string} given
 * @param {string} expected
 */
async function sameSecret(given, expected) {
  const [left, right] = await Promise.all([digest(given), digest(expected)]);
  return /** @type {any} */ (crypto.subtle).timingSafeEqual(left, right);
}

/** @param {string} text */
function digest(text) {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
