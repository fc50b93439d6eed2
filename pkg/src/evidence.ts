/**
 * Evidence that a request which failed was never sent: its customers may be issued to later. What
 * has no evidence may have arrived.
 *
 * - undici, which Node's `fetch` is made of, tells by the diagnostics channels of Node when it
 *   makes a request, writes its head, and gives it up.
 * - Deno's `fetch` says in its message that it failed while it connected.
 *
 * Bun and workerd tell no more than the code of the error, which the core judges.
 */

/**
 * A failure before the first byte of the request left. Any transport may reject with an error of
 * this `code`; the core sends such a request again within its retry budget.
 */
export class NotSentError extends Error {
  readonly code = "NOT_SENT";

  /** @param cause of the transport, whose sentence is kept */
  constructor(cause: unknown) {
    super(sentenceOf(cause), { cause });
    this.name = "NotSentError";
  }
}

/**
 * A failure of a request whose head was written. What the failure itself looks like proves nothing
 * then: who sends again by itself may fail to connect the second time.
 */
export class SentError extends Error {
  readonly code = "SENT";

  /** @param cause of the transport, whose name and sentence are kept */
  constructor(cause: unknown) {
    super(sentenceOf(cause), { cause });
    this.name = cause instanceof Error ? cause.name : "SentError";
  }
}

/** One call of `fetch`, as far as undici tells of it. */
interface Call {
  isSent: boolean;
  /** Reasons of its requests that were given up before their heads were written. */
  reasons: unknown[];
}

/** The call whose `fetch` is about to return: undici makes the request before it does. */
let current: Call | null = null;

/** Requests of undici that belong to a call. */
const calls = new WeakMap<object, Call>();

let isListening = false;

/**
 * Whether undici tells of every head that it writes. Before 7.2 it does not over HTTP/2, so after a
 * connection of that version its silence is no evidence any more.
 */
let tellsOfHeads = true;

/**
 * Calls `fetch`, and rejects with a {@link NotSentError} where it is certain that nothing left.
 *
 * @param fetch must send within its own call, as the runtime's does
 */
export async function withEvidence(fetch: () => Promise<Response>): Promise<Response> {
  listen();
  const call: Call = { isSent: false, reasons: [] };
  const before = current;
  current = call;
  let answer;
  try {
    answer = fetch();
  } finally {
    current = before;
  }
  try {
    return await answer;
  } catch (error) {
    if (call.isSent) throw new SentError(error);
    throw wasNotSent(call, error) ? new NotSentError(error) : error;
  }
}

/**
 * A replaced `fetch` may send again by itself, or something else first. So the error must be the
 * very one with which undici gave up a request of this call, and no request of it may have left.
 */
function wasNotSent({ reasons }: Call, error: unknown): boolean {
  const cause = causeOf(error);
  const isProven = reasons.some((reason) => reason === error || reason === cause);
  return (isProven && tellsOfHeads) || saysSo(error) || saysSo(cause);
}

/**
 * Sentences of the runtimes themselves: Deno could not connect (it quotes the URL, which has no
 * spaces), or a port is one that no `fetch` sends to.
 */
const SENTENCES: readonly RegExp[] = Object.freeze([
  /^error sending request for url \(\S*\): client error \(Connect\): /,
  /^Fetch failed: Requests to port \d+ are blocked$/,
  /^bad port$/,
]);

function saysSo(error: unknown): boolean {
  return error instanceof Error && SENTENCES.some((sentence) => sentence.test(error.message));
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}

/** Subscribes once, where the runtime is a Node of 20.16 or later. Bundlers see no import. */
function listen(): void {
  if (isListening) return;
  isListening = true;
  const { process } = globalThis as { process?: Runtime };
  const channels = process?.getBuiltinModule?.("node:diagnostics_channel");
  if (channels === undefined) return;
  channels.subscribe("undici:client:connected", ({ socket }) => {
    if (socket?.alpnProtocol === "h2") tellsOfHeads = false;
  });
  channels.subscribe("undici:request:create", ({ request }) => {
    if (current !== null) calls.set(request, current);
  });
  channels.subscribe("undici:client:sendHeaders", ({ request }) => {
    const call = calls.get(request);
    if (call !== undefined) call.isSent = true;
  });
  channels.subscribe("undici:request:error", ({ request, error }) => {
    calls.get(request)?.reasons.push(error);
  });
}

interface Runtime {
  getBuiltinModule?: (name: string) => Channels | undefined;
}

interface Channels {
  subscribe: (name: string, take: (message: Told) => void) => void;
}

interface Told {
  request: object;
  error: unknown;
  socket?: { alpnProtocol?: string };
}

/** What a person should read of an error: `fetch failed` alone says nothing. */
function sentenceOf(error: unknown): string {
  const { message, errors, cause } = Object(error) as Partial<AggregateError & { cause: unknown }>;
  if (cause !== undefined) return sentenceOf(cause);
  const inner = Array.isArray(errors) ? errors.map(sentenceOf) : [];
  if (inner.length > 0 && !message) return inner.join("; ");
  return message || "the request was not sent";
}
