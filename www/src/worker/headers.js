/** The security headers of every answer (reliability.md (f), Security). */
import { directOrigins } from "./hosts.js";

const FIXED = Object.freeze({
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
});

/** A year, the least that browsers' preload lists ask for. */
const HSTS = "max-age=31536000; includeSubDomains";

/**
 * The policy of the page. Only wasm may be compiled, nothing inline runs, and a page that sends
 * directly reaches the hosts of DIRECT_HOSTS and no other.
 *
 * @param {readonly string[]} origins
 */
export function contentSecurityPolicy(origins) {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    ["connect-src 'self'", ...origins].join(" "),
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

/**
 * The same answer with the security headers.
 *
 * @param {Response} response
 * @param {URL} url of the request
 * @param {import("./settings.js").Env} env
 */
export function secured(response, url, env) {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(FIXED)) headers.set(name, value);
  headers.set("content-security-policy", contentSecurityPolicy(directOrigins(env)));
  if (url.protocol === "https:") headers.set("strict-transport-security", HSTS);
  if (!url.pathname.startsWith("/generated/")) headers.set("cache-control", "no-store");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
