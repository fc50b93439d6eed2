/** Takes issuances back. Rows stay in the core and become objects as they are asked for. */
import type { RevokeRun } from "./core.js";
import type { Engine } from "./engine.js";
import { IssueBulkError, invalidArgument, kindOf } from "./errors.js";
import { Host } from "./host.js";
import { handlersOf } from "./options.js";
import { ProgressFeed } from "./progress.js";
import { Report, digitsOf } from "./report.js";
import type { Note, Stopped } from "./types/report.js";
import type * as Public from "./types/revoke.js";

/** Customers whose rows are made at once. Each has one row as a rule and 1,000 at most. */
const CUSTOMERS_SLICE = 200;

/** @throws {IssueBulkError} for wrong arguments; never for what the service or the network does */
export async function revokeIssuances(
  engine: Engine,
  request: Public.RevokeRequest,
  options: Public.RevokeOptions,
): Promise<RevokeReport> {
  const plan = engine.call((core) => core.Plan.ofRevocation(request, options));
  const handlers = handlersOf(options);
  const notes: Note[] = [];
  const host = new Host(engine, {
    transport: handlers.transport,
    credentials: () => handlers.credentials,
    append: undefined,
    hooks: undefined,
    onOutcomes: undefined,
    onChange: () => feed.changed(() => revoking.counts()),
    cancel: () => {},
    notes,
  });
  const issuances = issuancesOf(request);
  const revoking = engine.call((core) => new core.RevokeRun(plan, issuances, host, Math.random()));
  engine.call(() => plan.free());
  const counts = engine.call(() => revoking.counts());
  const feed = new ProgressFeed<Public.RevokeCounts>(counts, options.onProgress, notes);
  await drive(engine, revoking, host, handlers.signal, feed);
  return new RevokeReport(engine, revoking, notes);
}

async function drive(
  engine: Engine,
  revoking: RevokeRun,
  host: Host,
  signal: AbortSignal | undefined,
  feed: ProgressFeed<Public.RevokeCounts>,
): Promise<void> {
  const run = engine.call(() => revoking.run);
  const onAbort = () => engine.call(() => run.cancel());
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await host.drive(run, () => signal?.removeEventListener("abort", onAbort));
    feed.publish(engine.call(() => revoking.counts()));
  } finally {
    feed.end();
  }
}

/** Customer, promotion and id of one issuance after the other; the core looks what they are. */
function issuancesOf({ issuances }: Public.RevokeRequest): unknown[] {
  const given: unknown = issuances instanceof Report ? issuances.issued() : issuances;
  if (typeof given !== "object" || given === null || !(Symbol.iterator in given)) {
    const said = `request.issuances must be an iterable of objects, not ${kindOf(given)}`;
    throw invalidArgument(`${said}; pass report.issued().`);
  }
  const texts: unknown[] = [];
  for (const issuance of given as Iterable<Partial<Public.Issuance> | null | undefined>) {
    const { customerId, promotionId, id } = issuance ?? {};
    const isNumber = typeof customerId === "number" || typeof customerId === "bigint";
    texts.push(isNumber ? digitsOf(customerId) : customerId, promotionId, id);
  }
  return texts;
}

export class RevokeReport implements Public.RevokeReport {
  readonly #engine: Engine;
  #revoking: RevokeRun | null;
  readonly #notes: readonly Note[];
  readonly counts: Public.RevokeCounts;
  readonly length: number;
  readonly stopped: Stopped | null;
  /** Defined below, where the runtime has the symbol. */
  declare [Symbol.dispose]: () => void;

  /** @param notes which may still grow */
  constructor(engine: Engine, revoking: RevokeRun, notes: readonly Note[]) {
    this.#engine = engine;
    this.#revoking = revoking;
    this.#notes = notes;
    this.counts = Object.freeze(engine.call(() => revoking.counts()));
    this.stopped = Object.freeze(engine.call(() => revoking.stopped()));
    const { revoked, refused, unsent, unknown } = this.counts;
    this.length = revoked + refused + unsent + unknown;
  }

  get notes(): readonly Note[] {
    return [...this.#notes];
  }

  *[Symbol.iterator](): IterableIterator<Public.Revocation> {
    const decoder = new TextDecoder();
    for (const bytes of this.#slices((revoking, from, count) => revoking.ndjson(from, count))) {
      for (const line of decoder.decode(bytes).split("\n")) {
        if (line !== "") yield JSON.parse(line);
      }
    }
  }

  csv(): ReadableStream<Uint8Array> {
    return streamOf(this.#slices((revoking, from, count) => revoking.csv(from, count)));
  }

  ndjson(): ReadableStream<Uint8Array> {
    return streamOf(this.#slices((revoking, from, count) => revoking.ndjson(from, count)));
  }

  toJSON(): ReturnType<Public.RevokeReport["toJSON"]> {
    const { counts, stopped, notes } = this;
    return { counts, stopped, notes };
  }

  dispose(): void {
    const revoking = this.#revoking;
    this.#revoking = null;
    if (revoking !== null) this.#engine.call(() => revoking.free());
  }

  *#slices(
    slice: (revoking: RevokeRun, from: number, count: number) => Uint8Array,
  ): Generator<Uint8Array> {
    for (let from = 0; ; from += CUSTOMERS_SLICE) {
      const revoking = this.#revoking;
      if (revoking === null) {
        const message = "The rows of this report were given back; read them before dispose().";
        throw new IssueBulkError("report-disposed", message);
      }
      const bytes = this.#engine.call(() => slice(revoking, from, CUSTOMERS_SLICE));
      if (bytes.length === 0) return;
      yield bytes;
    }
  }
}

/** A stream that makes its bytes as they are asked for. */
function streamOf(slices: Iterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      pull: (controller) => {
        const { done, value } = slices.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}

// Browsers without explicit resource management have no such symbol, and no `using` either.
if (Symbol.dispose !== undefined) {
  Object.defineProperty(RevokeReport.prototype, Symbol.dispose, {
    value: RevokeReport.prototype.dispose,
    configurable: true,
    writable: true,
  });
}
