/**
 * A transport on the dispatchers of undici, which cost a fraction of what `fetch` does: no streams,
 * no promise for each piece. Everything else is as with `fetch`.
 */
import process from "node:process";
import { IssueBulkError } from "../errors.js";
import { NotSentError, SentError } from "../evidence.js";
import { fetchTransport } from "../fetch.js";
import type { PushedResponse, Transport } from "../types/options.js";
import { Decoding, decodersOf } from "./decoding.js";

/** Header values by lower-case names. */
type Headers = Record<string, string | string[] | undefined>;

/** What a dispatcher of undici 7 or later gives to its handlers. */
interface Controller {
  abort: (reason: unknown) => void;
  pause: () => void;
  resume: () => void;
}

interface Dispatcher {
  dispatch: (options: object, handler: object) => unknown;
}

interface Undici {
  getGlobalDispatcher: () => Dispatcher;
  Dispatcher: abstract new () => Dispatcher;
  Agent: new (options: object) => Dispatcher;
  EnvHttpProxyAgent: new (options: object) => Dispatcher;
}

/**
 * A {@link Transport} on undici, which you install beside this package (`npm install undici`, 7.0
 * or later; `undici@7` for Node 20): the same calls as with `fetch` at a fraction of the processor
 * time. A request is sent once, whatever its dispatcher would repeat.
 *
 * @param options `dispatcher`: an undici `Agent`, `Pool` or `ProxyAgent` to use. Default: undici's
 *   global one. With `NODE_USE_ENV_PROXY=1` it is an `EnvHttpProxyAgent`, unless the global one was
 *   set to something else than an `Agent`.
 *   `allowH2`: whether HTTP/2 may be used. Default `false`: a server that refuses a stream or goes
 *   away leaves calls `unknown` that over HTTP/1.1 it would answer. A `Pool` or `Client` has an
 *   `allowH2` of its own.
 * @throws `IssueBulkError` with `invalid-argument`, as a rejection, where undici is not installed.
 */
export async function undiciTransport(
  options: { dispatcher?: object | undefined; allowH2?: boolean | undefined } = {},
): Promise<Transport> {
  const { dispatcher, allowH2 = false } = options;
  const undici = await loaded();
  const given = dispatcher as Dispatcher | undefined;
  const own = given === undefined ? defaultOf(undici, allowH2) : () => given;
  // Bun has an undici of its own, without dispatchers: its fetch under another name.
  if (typeof own().dispatch !== "function") return fetchTransport;
  // A dispatcher that is told nothing decides itself.
  const versions = allowH2 ? {} : { allowH2 };
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const { origin, pathname, search } = new URL(url);
      // The core has its own timeout, and ends a call by the signal.
      const timeouts = { headersTimeout: 0, bodyTimeout: 0 };
      const path = pathname + search;
      const call = { origin, path, method, headers, body, ...timeouts, ...versions };
      const exchange = new Exchange(signal, resolve, reject);
      try {
        own().dispatch(call, exchange);
      } catch (error) {
        // A dispatcher of undici 6 does not know such handlers.
        exchange.onResponseError(null, error);
      }
    });
}

async function loaded(): Promise<Undici> {
  try {
    // A name that no bundler follows: it is there only for those who use this transport.
    const name = "undici";
    return await import(name);
  } catch (cause) {
    // undici 8 cannot be loaded by Node 20.
    const message =
      "undiciTransport needs the package undici: npm install undici, for Node 20 undici@7. The " +
      "cause says why it could not be loaded.";
    throw new IssueBulkError("invalid-argument", message, { cause });
  }
}

/** Major version of the undici in Node itself; none in other runtimes. */
const BUILT_IN = Number.parseInt(process.versions["undici"] ?? "", 10);

/**
 * The global dispatcher, looked up at each call as `fetch` does it, except for two: the one of
 * undici 6, which Node 20 and 22 have inside and share with undici 7, whose handlers it does not
 * know; and undici's plain `Agent` where Node was told to use the proxies of the environment.
 */
function defaultOf(undici: Undici, allowH2: boolean): () => Dispatcher {
  const { getGlobalDispatcher, Dispatcher, Agent, EnvHttpProxyAgent } = undici;
  const isBehind = isBehindProxy();
  let own: Dispatcher | undefined;
  return () => {
    const theirs = getGlobalDispatcher();
    const isOld = BUILT_IN < 7 && !(theirs instanceof Dispatcher);
    const isPlain = theirs.constructor === Agent;
    if (!isOld && !(isPlain && isBehind)) return theirs;
    own ??= isBehind ? new EnvHttpProxyAgent({ allowH2 }) : new Agent({ allowH2 });
    return own;
  };
}

/** Whether Node was told to heed `HTTPS_PROXY` and `NO_PROXY`. */
function isBehindProxy(): boolean {
  const flags = [...process.execArgv, process.env["NODE_OPTIONS"] ?? ""].join(" ");
  return process.env["NODE_USE_ENV_PROXY"] === "1" || flags.includes("--use-env-proxy");
}

/** Bytes that may come before somebody reads: more than the packet of the head brings along. */
const EARLY_BYTES_MAX = 1 << 18;

/** How a body ended; without an error nothing of it is missing. */
type End = { error?: unknown };

/** One call, told by a dispatcher how it goes, and the answer that the package reads of it. */
class Exchange {
  status = 0;
  #headers: Headers = {};
  #signal: AbortSignal | null | undefined;
  #resolve: (answer: any) => void;
  #reject: (error: unknown) => void;
  /** Null until the request leaves. */
  #controller: Controller | null = null;
  #decoding: Decoding | null = null;
  #take: ((bytes: Uint8Array) => boolean) | null = null;
  /** Bytes that came before somebody asked for them: in the packet of the head. */
  #early: Uint8Array[] = [];
  #earlyBytes = 0;
  #end: End | null = null;
  #isDropped = false;

  constructor(
    signal: AbortSignal | null | undefined,
    resolve: (answer: PushedResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    signal?.addEventListener("abort", this.#onAbort);
    if (signal?.aborted) this.#onAbort();
  }

  get headers() {
    return { get: (name: string) => this.#header(name) };
  }

  get body() {
    return this;
  }

  pushTo(take: (bytes: Uint8Array) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#take = take;
      for (const bytes of this.#early.splice(0)) this.#give(bytes);
      this.#decoding?.readTo((bytes) => this.#give(bytes));
      this.#controller?.resume();
      this.#settle();
    });
  }

  /** The request is about to leave, on a connection that stands. */
  onRequestStart(controller: Controller): void {
    const isRepeated = this.#controller !== null;
    this.#controller = controller;
    // A stream that was refused, a connection that goes away, a RetryAgent: the first may have
    // arrived all the same.
    if (isRepeated) controller.abort(new Error("the dispatcher was about to send it again"));
    else if (this.#end !== null) controller.abort(this.#end.error);
  }

  onResponseStart(_: Controller, status: number, headers: Headers): void {
    // An informational one comes before the answer.
    if (status < 200) return;
    try {
      this.#headers = headers;
      const decoders = decodersOf(this.#header("content-encoding"));
      if (decoders.length > 0) this.#decoding = new Decoding(decoders, this.#listener);
    } catch (error) {
      this.#drop(error);
      return;
    }
    this.status = status;
    this.#resolve(this);
  }

  onResponseData(controller: Controller, bytes: Uint8Array): void {
    if (!this.#takeIn(bytes)) controller.pause();
  }

  onResponseEnd(): void {
    if (this.#decoding === null) this.#finish({});
    else this.#decoding.end();
  }

  onResponseError(_: Controller | null, error: unknown): void {
    const isSent = this.#controller !== null;
    this.#finish({ error: isSent ? new SentError(error) : new NotSentError(error) });
  }

  #listener = {
    onDrain: () => this.#controller?.resume(),
    onEnd: () => this.#finish({}),
    onError: (error: unknown) => this.#drop(error),
  };

  #onAbort = () => {
    const reason = this.#signal?.reason;
    // Once it was about to leave, it would be aborted there.
    if (this.#controller === null) this.onResponseError(null, reason);
    else this.#controller.abort(reason);
  };

  #header(name: string): string | null {
    const value = this.#headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(", ") : (value ?? null);
  }

  /** Takes bytes from the connection; `false` when no more may come for now. */
  #takeIn(bytes: Uint8Array): boolean {
    if (this.#decoding !== null) return this.#decoding.write(bytes);
    if (this.#take !== null) {
      this.#give(bytes);
      return true;
    }
    this.#early.push(bytes);
    this.#earlyBytes += bytes.length;
    return this.#earlyBytes <= EARLY_BYTES_MAX;
  }

  #give(bytes: Uint8Array): void {
    if (this.#isDropped || this.#take === null) return;
    try {
      if (!this.#take(bytes)) this.#drop();
    } catch (error) {
      this.#drop(error);
    }
  }

  /** Ends the connection: what follows of the answer is of no use. */
  #drop(error?: unknown): void {
    this.#isDropped = true;
    this.#end = null;
    this.#finish(error === undefined ? {} : { error });
    this.#controller?.abort(error);
  }

  #finish(end: End): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#decoding?.destroy();
    // Somebody waits for the head, or for the end; or asks for it later.
    if (this.status === 0 || this.#take !== null) this.#settle();
  }

  #settle(): void {
    if (this.#end === null) return;
    if ("error" in this.#end) this.#reject(this.#end.error);
    else this.#resolve(undefined);
  }
}
