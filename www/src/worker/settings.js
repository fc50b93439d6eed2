/** What the operator configured. Read anew for each request: it is cheap and cannot go stale. */
import { Refusal } from "./refusal.js";
import { allowedOrigin, list } from "./hosts.js";

/**
 * @typedef {object} Env The Worker's bindings, variables and secrets.
 * @property {{ fetch(request: Request): Promise<Response> }} ASSETS the page's files
 * @property {string} [OPERATOR_TOKEN] secret; at least 32 characters
 * @property {string} [ALLOWED_ORIGINS] exact origins of the page, comma-separated
 * @property {string} [SERVICE_HOST] hostname of the service, or its origin
 * @property {string} [SERVICE_HOSTS_ALLOWED] hostnames allowed beside the documented ones
 * @property {string} [SERVICE_USERNAME] Basic authentication, with SERVICE_PASSWORD_MD5
 * @property {string} [SERVICE_PASSWORD_MD5] secret; 32 hexadecimal digits
 * @property {string} [SERVICE_KEY] OAuth client key, with SERVICE_SECRET
 * @property {string} [SERVICE_SECRET] secret
 * @property {string} [DIRECT_HOSTS] hosts the page itself may send to; none by default
 * @property {string} [SUBREQUESTS] calls one request may make; 50 by default
 * @property {string} [BODY_BYTES_MAX] largest customers' file; 8388608 by default
 */

/**
 * @typedef {{ username: string, passwordMd5: string } | { key: string, secret: string }} Auth
 * @typedef {{ host: string, auth: Auth, oauth: boolean,
 *   subrequests: number, bodyBytesMax: number }} Settings
 */

/** 32 characters of base64url are 192 bits, of hexadecimal 128: neither can be guessed. */
export const TOKEN_LENGTH_MIN = 32;

/** Subrequests of the free plan (reliability.md (c)). */
const SUBREQUESTS_DEFAULT = 50;

/** 8 MiB hold 800,000 nine-digit ids, far above what the largest budget of calls allows. */
const BODY_BYTES_MAX_DEFAULT = 8 * 1024 * 1024;

/**
 * The operator's token and the origins allowed to use it.
 *
 * @param {Env} env
 * @returns {{ token: string, origins: string[] }}
 * @throws {Refusal} 503 `not-configured`
 */
export function readAccess(env) {
  const token = env.OPERATOR_TOKEN ?? "";
  if (token.length < TOKEN_LENGTH_MIN) {
    throw missing(`OPERATOR_TOKEN to a secret of at least ${TOKEN_LENGTH_MIN} characters`);
  }
  const origins = list(env.ALLOWED_ORIGINS);
  if (origins.length === 0 || !origins.every(isOrigin)) {
    throw missing("ALLOWED_ORIGINS to the exact origins of the page, separated by commas");
  }
  return { token, origins };
}

/**
 * Where and how to send.
 *
 * @param {Env} env
 * @returns {Settings}
 * @throws {Refusal} 503 `not-configured` or `service-host-not-allowed`
 */
export function readSettings(env) {
  const auth = readAuth(env);
  return {
    host: readHost(env),
    auth,
    oauth: "key" in auth,
    subrequests: readCount(env.SUBREQUESTS, SUBREQUESTS_DEFAULT, "SUBREQUESTS"),
    bodyBytesMax: readCount(env.BODY_BYTES_MAX, BODY_BYTES_MAX_DEFAULT, "BODY_BYTES_MAX"),
  };
}

/** @param {Env} env */
function readHost(env) {
  if (!env.SERVICE_HOST) throw missing("SERVICE_HOST to the hostname of the service");
  const origin = allowedOrigin(env.SERVICE_HOST, list(env.SERVICE_HOSTS_ALLOWED));
  if (origin === null) {
    throw new Refusal(
      503,
      "service-host-not-allowed",
      "SERVICE_HOST is not a documented host of the service: correct it, or add it to " +
        "SERVICE_HOSTS_ALLOWED.",
    );
  }
  return origin;
}

/** @param {Env} env @returns {Auth} */
function readAuth(env) {
  const { SERVICE_USERNAME: username, SERVICE_PASSWORD_MD5: passwordMd5 } = env;
  const { SERVICE_KEY: key, SERVICE_SECRET: secret } = env;
  const basic = Boolean(username || passwordMd5);
  const oauth = Boolean(key || secret);
  if (basic && !oauth && username && passwordMd5 && /^[0-9a-f]{32}$/i.test(passwordMd5)) {
    return { username, passwordMd5 };
  }
  if (oauth && !basic && key && secret) return { key, secret };
  throw missing(
    "either SERVICE_USERNAME with SERVICE_PASSWORD_MD5 (32 hexadecimal digits), or SERVICE_KEY " +
      "with SERVICE_SECRET",
  );
}

/** @param {string | undefined} text @param {number} fallback @param {string} name */
function readCount(text, fallback, name) {
  if (text === undefined || text === "") return fallback;
  const count = /^[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (count === 0) throw missing(`${name} to a whole number above 0`);
  return count;
}

/** @param {string} text */
function isOrigin(text) {
  return URL.canParse(text) && new URL(text).origin === text;
}

/** @param {string} what */
function missing(what) {
  return new Refusal(503, "not-configured", `The Worker is not set up: set ${what}.`);
}
