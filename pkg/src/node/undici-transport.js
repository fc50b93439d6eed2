/**
 * A transport on the dispatchers of undici, which cost a fraction of what `fetch` does: no streams,
 * no promise for each piece. Everything else is as with `fetch`.
 */
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { IssueBulkError } from "../errors.js";
import { runtimeFetch } from "../fetch.js";

/** @typedef {import("node:stream").Transform} Decoder */
/** @typedef {Record<string, string | string[] | undefined>} Headers by lower-case names */

/**
 * What a dispatcher of undici 7 or later gives to its handlers.
 *
 * @typedef {object} Controller
 * @property {(reason: unknown) => void} abort
 * @property {() => void} pause
 * @property {() => void} resume
 */

/**
 * @typedef {object} Undici
 * @property {() => { dispatch: (options: object, handler: object) => unknown }} getGlobalDispatcher
 * @property {{ parseHeaders: (raw: readonly Uint8Array[]) => Headers }} util
 */

/**
 * @param {{ dispatcher?: object | undefined }} [options]
 * @returns {Promise<import("../types/options.js").Transport>}
 */
export async function undiciTransport({ dispatcher } = {}) {
  const { getGlobalDispatcher, util } = await loaded();
  const theirs = () => /** @type {ReturnType<typeof getGlobalDispatcher>} */ (
    dispatcher ?? getGlobalDispatcher()
  );
  // Bun has an undici of its own, without dispatchers: its fetch under another name.
  if (typeof theirs().dispatch !== "function") return runtimeFetch;
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const { origin, pathname, search } = new URL(url);
      // The core has its own timeout, and ends a call by the signal.
      const timeouts = { headersTimeout: 0, bodyTimeout: 0 };
      const call = { origin, path: pathname + search, method, headers, body, ...timeouts };
      theirs().dispatch(call, new Exchange(util, signal, resolve, reject));
    });
}

/** @returns {Promise<Undici>} */
async function loaded() {
  try {
    // A name that no bundler follows: it is there only for those who use this transport.
    const name = "undici";
    return await import(name);
  } catch (cause) {
    const message = "undiciTransport needs the package undici: npm install undici.";
    throw new IssueBulkError("invalid-argument", message, { cause });
  }
}

/** A dispatcher decodes nothing, and asks for no encoding; a proxy may still choose one. */
const DECODERS = Object.freeze({
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
});

/** Bytes that may come before somebody reads: more than the packet of the head brings along. */
const EARLY_BYTES_MAX = 1 << 18;

/**
 * One call, told by a dispatcher how it goes, and the answer that the package reads of it.
 *
 * Dispatchers of undici 6 know the first half of the methods, those of undici 8 the second, those
 * of undici 7 both; and a dispatcher need not be of the undici that is installed. The global one
 * of undici 7 is that of Node's `fetch`, where somebody used it before.
 */
class Exchange {
  status = 0;
  /** @type {Headers} */
  #headers = {};
  #util;
  #signal;
  #resolve;
  #reject;
  /** @type {((reason: unknown) => void) | null} once the request leaves */
  #abort = null;
  /** @type {Decoder | null} */
  #decoder = null;
  /** @type {((bytes: Uint8Array) => boolean) | null} */
  #take = null;
  /** @type {Uint8Array[]} what came before somebody asked for it: in the packet of the head */
  #early = [];
  #earlyBytes = 0;
  /** @type {() => void} lets bytes come again that were held back */
  #resume = () => {};
  /** @type {{ error?: unknown } | null} how it ended; without an error nothing is missing */
  #end = null;
  #isDropped = false;

  /**
   * @param {Undici["util"]} util
   * @param {AbortSignal | null | undefined} signal
   * @param {(answer: any) => void} resolve
   * @param {(error: unknown) => void} reject
   */
  constructor(util, signal, resolve, reject) {
    this.#util = util;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal?.addEventListener("abort", this.#onAbort);
  }

  get headers() {
    return { get: (/** @type {string} */ name) => this.#header(name) };
  }

  get body() {
    return this;
  }

  /**
   * @param {(bytes: Uint8Array) => boolean} take
   * @returns {Promise<void>}
   */
  pushTo(take) {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#take = take;
      for (const bytes of this.#early.splice(0)) this.#give(bytes);
      this.#decoder?.on("data", (bytes) => this.#give(bytes));
      this.#resume();
      this.#settle();
    });
  }

  /** @param {(reason: unknown) => void} abort */
  onConnect(abort) {
    this.#abort = abort;
    if (this.#signal?.aborted) this.#onAbort();
  }

  /**
   * @param {number} status
   * @param {readonly Uint8Array[]} raw
   * @param {() => void} resume
   */
  onHeaders(status, raw, resume) {
    this.#begin(status, this.#util.parseHeaders(raw), resume);
    return true;
  }

  /** @param {Uint8Array} bytes */
  onData(bytes) {
    if (this.#decoder !== null) return this.#decoder.write(bytes);
    if (this.#take !== null) {
      this.#give(bytes);
      return true;
    }
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    return this.#earlyBytes <= EARLY_BYTES_MAX;
  }

  onComplete() {
    if (this.#decoder === null) this.#finish({});
    else this.#decoder.end();
  }

  /** @param {unknown} error */
  onError(error) {
    this.#finish({ error });
  }

  /** @param {Controller} controller */
  onRequestStart(controller) {
    this.onConnect((reason) => controller.abort(reason));
  }

  /**
   * @param {Controller} controller
   * @param {number} status
   * @param {Headers} headers
   */
  onResponseStart(controller, status, headers) {
    this.#begin(status, headers, () => controller.resume());
  }

  /**
   * @param {Controller} controller
   * @param {Uint8Array} bytes
   */
  onResponseData(controller, bytes) {
    if (!this.onData(bytes)) controller.pause();
  }

  onResponseEnd() {
    this.onComplete();
  }

  /**
   * @param {unknown} _controller
   * @param {unknown} error
   */
  onResponseError(_controller, error) {
    this.onError(error);
  }

  #onAbort = () => this.#abort?.(this.#signal?.reason);

  /** @param {string} name */
  #header(name) {
    const value = this.#headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(", ") : (value ?? null);
  }

  /**
   * @param {number} status
   * @param {Headers} headers
   * @param {() => void} resume
   */
  #begin(status, headers, resume) {
    // What is only informational comes before the answer.
    if (status < 200) return;
    this.status = status;
    this.#headers = headers;
    const encoding = /** @type {keyof typeof DECODERS} */ (
      this.#header("content-encoding")?.toLowerCase() ?? ""
    );
    this.#resume = resume;
    if (Object.hasOwn(DECODERS, encoding)) this.#decode(DECODERS[encoding]());
    this.#resolve(this);
  }

  /** @param {Decoder} decoder holds bytes back until somebody reads what it decodes */
  #decode(decoder) {
    this.#decoder = decoder;
    decoder.on("drain", this.#resume);
    decoder.on("end", () => this.#finish({}));
    decoder.on("error", (error) => this.#drop(error));
  }

  /** @param {Uint8Array} bytes */
  #give(bytes) {
    if (this.#isDropped || this.#take === null) return;
    try {
      if (!this.#take(bytes)) this.#drop();
    } catch (error) {
      this.#drop(error);
    }
  }

  /**
   * What follows of the answer is of no use.
   *
   * @param {unknown} [error]
   */
  #drop(error) {
    this.#isDropped = true;
    this.#end = null;
    this.#finish(error === undefined ? {} : { error });
    this.#abort?.(error);
  }

  /** @param {{ error?: unknown }} end */
  #finish(end) {
    if (this.#end !== null) return;
    this.#end = end;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#decoder?.destroy();
    // Somebody waits for the head, or for the end; or asks for it later.
    if (this.status === 0 || this.#take !== null) this.#settle();
  }

  #settle() {
    if (this.#end === null) return;
    if ("error" in this.#end) this.#reject(this.#end.error);
    else this.#resolve(undefined);
  }
}
