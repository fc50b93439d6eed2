/**
 * What the core calls back: the network, the credentials, the progress. The user's functions run
 * in a turn of their own, never inside a call of the core, which they may call in turn.
 */
import { addNote } from "./notes.js";

/** @typedef {import("../types/job.cjs").Progress} Progress */

export class Hooks {
  #engine;
  #transport;
  #onProgress;
  #notes;
  /** @type {import("../types/options.cjs").AuthCallback | undefined} */
  credentials;
  /** Told of every call of the core. */
  onEntry = () => {};

  /**
   * @param {import("./engine.js").Engine} engine
   * @param {import("./options.js").Setup} setup
   * @param {(progress: Progress) => void} onProgress
   * @param {import("./notes.js").Note[]} notes where a failure of the credentials is told
   */
  constructor(engine, { transport, credentials }, onProgress, notes) {
    this.#engine = engine;
    this.#transport = transport;
    this.#onProgress = onProgress;
    this.#notes = notes;
    this.credentials = credentials;
  }

  /** @returns {import("./core.js").Hooks} */
  forCore() {
    return {
      fetch: (url, init) => this.#fetch(url, init),
      progress: (progress) => {
        this.onEntry();
        this.#onProgress(progress);
      },
      credentials: () => this.#askCredentials(),
    };
  }

  /**
   * @param {string} url
   * @param {RequestInit} init
   */
  async #fetch(url, init) {
    this.onEntry();
    await null;
    // Nothing leaves on behalf of a core whose ledger may be wrong.
    this.#engine.assertReady();
    const transport = this.#transport;
    const response = await transport(url, init);
    if (typeof response?.status !== "number") {
      throw new TypeError("transport must resolve with a Response");
    }
    return response;
  }

  /** @returns {Promise<Record<string, string>>} */
  async #askCredentials() {
    this.onEntry();
    await null;
    const { credentials } = this;
    try {
      return headersOf(await credentials?.());
    } catch (error) {
      this.#noteFailure(error);
      throw error;
    }
  }

  /** @param {unknown} error whose message stays out: it may quote a secret */
  #noteFailure(error) {
    const name = error instanceof Error ? error.name : typeof error;
    const message = `The function given as auth failed (${name}); it must return headers.`;
    addNote(this.#notes, "auth-callback-failed", message);
  }
}

/**
 * @param {unknown} headers
 * @returns {Record<string, string>}
 */
function headersOf(headers) {
  if (typeof headers !== "object" || headers === null) throw new TypeError("auth gave no headers");
  const iterable = /** @type {Iterable<[string, string]>} */ (headers);
  return Symbol.iterator in headers
    ? Object.fromEntries(iterable)
    : /** @type {Record<string, string>} */ (headers);
}
