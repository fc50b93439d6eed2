/** Steps 2 and 3: the promotion and the way of sending. Credentials live in the fields alone. */
import { byId, chosen, input, select, show, write } from "./dom.js";

/**
 * @typedef {object} Entered
 * @property {{ promotionId: string, contextId: string }} what
 * @property {{ way: "site", token: string }
 *   | { way: "direct", host: string, auth: import("issue-bulk").Auth }} how
 */

const FIELDS = Object.freeze(["promotion", "context", "token", "direct-host", "name", "secret"]);

/** Connects the choices that show and hide fields. */
export function connectForm() {
  for (const name of ["way", "auth"]) {
    for (const radio of document.getElementsByName(name)) radio.addEventListener("change", arrange);
  }
  const isOff = select("direct-host").options.length === 0;
  for (const radio of document.querySelectorAll("input[value=direct]")) {
    /** @type {HTMLInputElement} */ (radio).disabled = isOff;
  }
  show("way-hint", isOff);
  for (const id of FIELDS) byId(id).addEventListener("input", () => setError(id, ""));
  arrange();
}

function arrange() {
  const direct = chosen("way") === "direct";
  const basic = chosen("auth") === "basic";
  show("site-part", !direct);
  show("direct-part", direct);
  write("name-label", basic ? "User name" : "Client key");
  write("secret-label", basic ? "Password" : "Client secret");
}

/**
 * What was entered, or null after every missing field was marked and the first one focused.
 *
 * @returns {Entered | null}
 */
export function entered() {
  const direct = chosen("way") === "direct";
  const needed = direct ? ["direct-host", "name", "secret"] : ["token"];
  const missing = ["promotion", "context", ...needed].filter((id) => isMissing(id));
  if (missing.length > 0) {
    byId(missing[0]).focus();
    return null;
  }
  const what = { promotionId: value("promotion"), contextId: value("context") };
  if (!direct) return { what, how: { way: "site", token: value("token") } };
  return { what, how: { way: "direct", host: select("direct-host").value, auth: credentials() } };
}

/** @returns {import("issue-bulk").Auth} */
function credentials() {
  const [name, secret] = [value("name"), input("secret").value];
  if (chosen("auth") === "basic") return { username: name, password: secret };
  return { key: name, secret };
}

/** @param {string} id */
function value(id) {
  return input(id).value.trim();
}

/** @param {string} id */
function isMissing(id) {
  const missing = value(id) === "";
  setError(id, missing ? "Fill this in." : "");
  return missing;
}

/**
 * @param {string} id
 * @param {string} text empty when nothing is wrong
 */
export function setError(id, text) {
  write(`${id}-error`, text);
  byId(id).setAttribute("aria-invalid", String(text !== ""));
}
