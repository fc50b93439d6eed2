/**
 * Who calls, and where: from the environment or a file that nobody else can read. Never from an
 * argument, which every process of the machine can list and the shell's history keeps.
 */
import { open } from "node:fs/promises";
import process from "node:process";
import { Refusal, systemError } from "./exit.js";

/** @typedef {Exclude<import("issue-bulk").Auth, import("issue-bulk").AuthCallback>} Auth */
/** @typedef {Record<string, string | undefined>} Variables */

const PREFIX = "ISSUE_BULK_";

/** Every name that is read, without the prefix. */
const NAMES = ["HOST", "USERNAME", "PASSWORD", "PASSWORD_MD5", "KEY", "SECRET", "TOKEN"];

/** Bytes of a credentials file: far above any, far below a customer file given by mistake. */
const FILE_BYTES_MAX = 64 << 10;

export const HELP = `Credentials come from the environment, or from a file with the same names:

  ISSUE_BULK_HOST          eu.api.capillarytech.com, for example; --host wins
  ISSUE_BULK_USERNAME      the till, with one of
  ISSUE_BULK_PASSWORD      its password, or
  ISSUE_BULK_PASSWORD_MD5  the md5 of it, 32 hex digits
  ISSUE_BULK_KEY           an OAuth client, with
  ISSUE_BULK_SECRET        its secret
  ISSUE_BULK_TOKEN         an OAuth token made elsewhere

--credentials FILE (or ISSUE_BULK_CREDENTIALS) names a file with one NAME=value a line; lines
that begin with # are skipped, quotes around a value are not part of it. Credentials of the
environment are not looked at then. Only its owner may read the file: chmod 600 FILE.

Arguments are no place for secrets: other users of the machine can list them, and the shell's
history keeps them.`;

/** Options that people try; each is refused before anything else is read. */
const SECRET_OPTION = /^(?:--(?:user(?:name)?|password(?:-?md5)?|pass|key|secret|token|auth)|-u)$/i;

/**
 * @param {readonly string[]} args
 * @throws {Refusal} `secret-argument`, without repeating the value
 */
export function refuseSecretArguments(args) {
  for (const arg of args) {
    if (arg === "--") return;
    const [name = ""] = arg.split("=", 1);
    if (SECRET_OPTION.test(name)) {
      throw new Refusal(
        "secret-argument",
        `Credentials are not taken as arguments (${name}): others on this machine can list them, ` +
          "and the shell's history keeps them. Set ISSUE_BULK_... variables or use --credentials " +
          "FILE; see `issue-bulk help credentials`. If it was a real secret, change it.",
      );
    }
    if (/^[^/?#]*:\/\/[^/?#]*@/.test(arg) || /^--host=[^/?#]*@/.test(arg)) {
      throw new Refusal(
        "secret-argument",
        "An address with credentials in it is not taken. Give the host alone, and the " +
          "credentials as `issue-bulk help credentials` says.",
      );
    }
  }
}

/**
 * @param {{ host?: string, credentials?: string }} options
 * @returns {Promise<{ host: string, auth: Auth, who: string }>} `who` may be shown
 * @throws {Refusal}
 */
export async function readCredentials({ host, credentials }) {
  const environment = process.env;
  const file = credentials ?? environment[`${PREFIX}CREDENTIALS`];
  const given = file ? await fromFile(file) : environment;
  const { auth, who } = authOf(given, file);
  const where = host ?? value(given, "HOST") ?? value(environment, "HOST");
  if (where === undefined) {
    throw new Refusal("no-host", "Which service? Use --host HOST or set ISSUE_BULK_HOST.");
  }
  return { host: where, auth, who };
}

/** @param {string | undefined} host */
export function hostOf(host) {
  return host ?? value(process.env, "HOST");
}

/**
 * An empty variable counts as none.
 *
 * @param {Variables} given
 * @param {string} name
 */
function value(given, name) {
  return given[PREFIX + name] || undefined;
}

/**
 * @param {Variables} given
 * @param {string | undefined} file
 * @returns {{ auth: Auth, who: string }}
 */
function authOf(given, file) {
  const [username, key, token] = ["USERNAME", "KEY", "TOKEN"].map((name) => value(given, name));
  const kinds = Object.entries({ USERNAME: username, KEY: key, TOKEN: token })
    .filter(([, content]) => content !== undefined)
    .map(([name]) => PREFIX + name);
  const where = file === undefined ? "in the environment" : `in ${file}`;
  if (kinds.length === 0) {
    const message = `No credentials ${where}. See \`issue-bulk help credentials\`.`;
    throw new Refusal("no-credentials", message);
  }
  if (kinds.length > 1) {
    const names = kinds.join(" and ");
    throw new Refusal("two-credentials", `Which ones? ${names} are both set ${where}; keep one.`);
  }
  if (username !== undefined) return { auth: basic(given, username, where), who: username };
  if (key !== undefined) {
    const secret = needed(given, "SECRET", "KEY", where);
    return { auth: { key, secret }, who: `OAuth client ${key}` };
  }
  return { auth: { token: /** @type {string} */ (token) }, who: "an OAuth token" };
}

/**
 * @param {Variables} given
 * @param {string} username
 * @param {string} where
 * @returns {Auth}
 */
function basic(given, username, where) {
  const passwordMd5 = value(given, "PASSWORD_MD5");
  if (passwordMd5 === undefined) {
    return { username, password: needed(given, "PASSWORD", "USERNAME", where) };
  }
  if (value(given, "PASSWORD") === undefined) return { username, passwordMd5 };
  const both = "ISSUE_BULK_PASSWORD and ISSUE_BULK_PASSWORD_MD5 are both set";
  throw new Refusal("two-credentials", `Which one? ${both} ${where}; keep one.`);
}

/**
 * @param {Variables} given
 * @param {string} name
 * @param {string} beside
 * @param {string} where
 */
function needed(given, name, beside, where) {
  const content = value(given, name);
  if (content !== undefined) return content;
  const message = `${PREFIX}${beside} is set ${where}, but ${PREFIX}${name} is not.`;
  throw new Refusal("no-credentials", message);
}

/**
 * @param {string} path
 * @returns {Promise<Variables>}
 */
async function fromFile(path) {
  const lines = (await readPrivate(path)).split(/\r?\n/);
  /** @type {Variables} */
  const given = {};
  for (const [index, line] of lines.entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, content] = /^\s*(?:export\s+)?(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    // The line itself may be a secret and is not repeated.
    if (name === undefined || content === undefined || !NAMES.includes(name.slice(PREFIX.length))) {
      const known = NAMES.map((known) => PREFIX + known).join(", ");
      const message = `${path}, line ${index + 1}: expected NAME=value with one of ${known}.`;
      throw new Refusal("bad-credentials-file", message);
    }
    given[name] = /^(["']).*\1$/.test(content) ? content.slice(1, -1) : content;
  }
  return given;
}

/**
 * The text of a file that only its owner may read. Checked on the open file: a name could mean
 * another file a moment later.
 *
 * @param {string} path
 */
async function readPrivate(path) {
  const file = await open(path).catch((error) => {
    const { message } = systemError(error);
    throw new Refusal("no-credentials-file", `The credentials cannot be read: ${message}.`);
  });
  try {
    const { mode, size } = await file.stat();
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      const message = `Others may read ${path}. Make it yours alone: chmod 600 ${path}`;
      throw new Refusal("open-credentials-file", message);
    }
    if (size > FILE_BYTES_MAX) {
      throw new Refusal("bad-credentials-file", `${path} is too long to be a credentials file.`);
    }
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
