/**
 * Calls to the endpoints beside issueBulk, which the library does not make: authorised as the
 * service documents it (api: Basic with the md5 of the password, or an OAuth token), each sent at
 * most once.
 */
import { createHash } from "node:crypto";
import { wasNotSent } from "./exchange.js";
import { runtimeFetch } from "../src/fetch.js";
import { Refusal } from "./exit.js";

/** @typedef {import("./credentials.js").Auth} Auth */

/** Milliseconds for one call, answer included; as for issuing. */
const TIMEOUT_MS = 60_000;

/** Bytes of an answer: no documented one comes near. */
const ANSWER_BYTES_MAX = 4 << 20;

const JSON_TYPE = "application/json";

/**
 * What came back, or why nothing did. `isSent` is false where the call provably never left.
 *
 * @typedef {{ status: number, headers: Headers, text: string }} Reply
 * @typedef {{ status: null, isSent: boolean, message: string }} Failure
 */

export class Caller {
  #origin;
  #prefix;
  #auth;
  #fixed;
  #signal;
  /** @type {Promise<Record<string, string>> | null} */
  #headers = null;

  /**
   * @param {import("./options.js").Place & import("./options.js").Extras} service checked before
   * @param {AbortSignal} signal gives up what is in flight
   */
  constructor({ host, auth, basePath = "/api_gateway/v1", orgId, attribution }, signal) {
    this.#origin = host.includes("://") ? new URL(host).origin : `https://${host}`;
    this.#prefix = basePath;
    this.#auth = auth;
    this.#signal = signal;
    this.#fixed = {
      "content-type": JSON_TYPE,
      accept: JSON_TYPE,
      ...(orgId === undefined ? {} : { "x-cap-api-auth-org-id": orgId }),
      ...(attribution === undefined ? {} : attributionHeaders(attribution)),
    };
  }

  /**
   * Once more after a 401 to a token that can be renewed: the service did nothing then.
   *
   * @param {string} path behind the base path
   * @param {string} body
   * @returns {Promise<Reply | Failure>}
   * @throws {Refusal} `no-token`, before this call did anything
   */
  async post(path, body) {
    const url = `${this.#origin}${this.#prefix}${path}`;
    const reply = await this.#send(url, body, await this.#authorised());
    if (reply.status !== 401 || !("key" in this.#auth)) return reply;
    this.#headers = null;
    return this.#send(url, body, await this.#authorised());
  }

  /** One fetching of a token, however many calls wait for it. */
  #authorised() {
    this.#headers ??= this.#authorise();
    return this.#headers;
  }

  /** @returns {Promise<Record<string, string>>} */
  async #authorise() {
    const auth = this.#auth;
    if ("token" in auth) return tokenHeader(auth.token);
    if ("username" in auth) {
      const md5 = "passwordMd5" in auth ? auth.passwordMd5.toLowerCase() : md5Of(auth.password);
      const pair = Buffer.from(`${auth.username}:${md5}`, "utf8").toString("base64");
      return { authorization: `Basic ${pair}` };
    }
    const { key, secret } = auth;
    const url = `${this.#origin}/v3/oauth/token/generate`;
    const reply = await this.#send(url, JSON.stringify({ key, secret }), {});
    const token = reply.status === 200 ? parsed(reply.text)?.data?.accessToken : undefined;
    if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return tokenHeader(token);
    const how = reply.status === null ? "did not answer" : `answered with HTTP ${reply.status}`;
    throw new Refusal("no-token", `The service gave no OAuth token: it ${how}. Check the key.`);
  }

  /**
   * @param {string} url
   * @param {string} body
   * @param {Record<string, string>} authorised
   * @returns {Promise<Reply | Failure>}
   */
  async #send(url, body, authorised) {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const headers = { ...this.#fixed, ...authorised };
    const bytes = new TextEncoder().encode(body);
    try {
      /** @type {RequestInit} */
      const init = { method: "POST", body: bytes, headers, signal, redirect: "manual" };
      const response = await runtimeFetch(url, init);
      return { status: response.status, headers: response.headers, text: await textOf(response) };
    } catch (error) {
      return { status: null, ...failureOf(error) };
    }
  }
}

/** @param {string} text */
function md5Of(text) {
  return createHash("md5").update(text, "utf8").digest("hex");
}

/** @param {string} token */
function tokenHeader(token) {
  return { "x-cap-api-oauth-token": token };
}

/** @param {import("issue-bulk").Attribution} attribution */
function attributionHeaders({ type = "TILL", code }) {
  return {
    "x-cap-api-attribution-entity-type": type,
    "x-cap-api-attribution-entity-code": code,
  };
}

/**
 * @param {Response} response
 * @returns {Promise<string>}
 */
async function textOf(response) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of /** @type {AsyncIterable<Uint8Array>} */ (response.body ?? [])) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > ANSWER_BYTES_MAX) throw new Error("the answer is too long");
  }
  return text + decoder.decode();
}

/** @param {unknown} error */
function failureOf(error) {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = String(Object(cause).code ?? "");
  const name = error instanceof Error ? error.name : "";
  const message = name === "TimeoutError" ? "no answer in time" : code || "the connection broke";
  return { isSent: !wasNotSent(error), message };
}

/**
 * @param {string} text
 * @returns {any} undefined where it is no JSON
 */
export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
