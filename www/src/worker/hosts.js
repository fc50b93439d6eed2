/**
 * Which hosts of the service may be talked to. An exact list: a suffix rule would also admit
 * names that only look alike.
 */

/** The hosts that the service's documentation names (api.md, section 10). */
const DOCUMENTED = Object.freeze([
  "apac.api.capillarytech.com",
  "apac2.api.capillarytech.com",
  "eu.api.capillarytech.com",
  "us.api.capillarytech.com",
  "ushc.api.capillarytech.com",
  "sea.api.capillarytech.com",
  "apac.intouch.capillarytech.com",
  "eu.intouch.capillarytech.com",
  "ushc.intouch.capillarytech.com",
  "sea.intouch.capillarytech.com",
  "apac2.intouch.capillarytech.com",
  "north-america.intouch.capillarytech.com",
  "apac.api.intouch.capillarytech.com",
  "sgcrm.cc.capillarytech.com",
  "cdn-api.capillarytech.cn.com",
  "api.capillarytech.cn.com",
  "intouch.capillary.co.in",
]);

const LOOPBACK = Object.freeze(["127.0.0.1", "localhost", "[::1]"]);

/**
 * The origin of an allowed host, or null. Plain http is for loopback alone; another host has
 * https and its default port.
 *
 * @param {string} text a hostname with optional port, or an origin
 * @param {readonly string[]} further names beside the documented ones
 */
export function allowedOrigin(text, further) {
  const url = parsed(text);
  if (url === null || url.username !== "" || url.password !== "") return null;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return null;
  if (LOOPBACK.includes(url.hostname)) return url.origin;
  if (url.protocol !== "https:" || url.port !== "") return null;
  return DOCUMENTED.includes(url.hostname) || further.includes(url.hostname) ? url.origin : null;
}

/**
 * The origins the page itself may send to. An entry that is not allowed is left out, so a slip
 * in the configuration never widens the policy.
 *
 * @param {import("./settings.js").Env} env
 * @returns {string[]}
 */
export function directOrigins(env) {
  const further = list(env.SERVICE_HOSTS_ALLOWED);
  return list(env.DIRECT_HOSTS)
    .map((text) => allowedOrigin(text, further))
    .filter((origin) => origin !== null);
}

/**
 * The entries of a comma-separated variable.
 *
 * @param {string | undefined} text
 * @returns {string[]}
 */
export function list(text) {
  return (text ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** @param {string} text */
function parsed(text) {
  if (text.includes("://")) return URL.canParse(text) ? new URL(text) : null;
  const secure = `https://${text}`;
  if (!URL.canParse(secure)) return null;
  const url = new URL(secure);
  return LOOPBACK.includes(url.hostname) ? new URL(`http://${text}`) : url;
}
