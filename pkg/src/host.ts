/**
 * The functions that a run of the core calls: turns, a timer, promises with guarded callbacks, and
 * the caller's functions. The loop itself is in Rust (`src/wasm/driver.rs`).
 */
import type { Run } from "./core.js";
import type { Engine } from "./engine.js";
import { addNote, saidBy } from "./errors.js";
import { fetchTransport } from "./fetch.js";
import { isBytes } from "./sources.js";
import type { Hooks } from "./types/hooks.js";
import type { AuthCallback, PushedResponse, RunOptions, Transport } from "./types/options.js";
import type { Note, Outcome } from "./types/report.js";

/** What the caller gave for a run. */
export interface World {
  /** Default: the runtime's `fetch`. */
  transport: Transport | undefined;
  credentials: () => AuthCallback | undefined;
  /** Writes to the journal. */
  append: ((bytes: Uint8Array) => Promise<void>) | undefined;
  hooks: Hooks | undefined;
  onOutcomes: RunOptions["onOutcomes"];
  /** Something may have moved. */
  onChange: () => void;
  /** Ends a run whose outcomes nobody takes. */
  cancel: () => void;
  notes: Note[];
}

/** A body that hands out its bytes by itself. */
type Pushing = NonNullable<PushedResponse["body"]>;

/** What the core takes for a promise; it ignores what `then` returns. */
interface Thenable {
  then(resolve: (value: unknown) => void, reject: (error: unknown) => void): void;
}

/** Bytes copied into the core at once: bounds what is held twice. */
const BYTES_SLICE = 1 << 18;

/** A reaction to it runs in a microtask of its own, and costs less than Node's `queueMicrotask`. */
const resolved = Promise.resolve();

export class Host {
  #engine;
  #world;
  #run: Run | null = null;
  #isOver = false;
  /** The core is being called; the turn that it asks for follows at once. */
  #isInside = false;
  #isAsked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(engine: Engine, world: World) {
    this.#engine = engine;
    this.#world = world;
  }

  /**
   * Drives a run to its end, and frees it once `letGo` has let go of it. What the service or the
   * network does never rejects it; a crash of the core does, in whichever run it happens.
   */
  async drive(run: Run, letGo: () => void): Promise<void> {
    this.#run = run;
    let forget = () => {};
    try {
      await new Promise<void>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
        forget = this.#engine.onCrash(reject);
        this.#enter(() => run.drive());
      });
    } finally {
      this.#isOver = true;
      clearTimeout(this.#timer);
      forget();
      letGo();
    }
    this.#engine.call(() => run.free());
  }

  /**
   * Runs a call into the core, and the turn that it asks for. Anything that they throw ends the
   * core: an exception through its frames left them half done.
   */
  #enter(action: () => void): void {
    this.#isInside = true;
    try {
      this.#engine.guard(() => {
        action();
        if (this.#isAsked) this.#turn(false);
      });
    } catch (error) {
      this.#reject(error);
    } finally {
      this.#isInside = false;
    }
  }

  #turn(isByTimer: boolean): void {
    this.#isAsked = false;
    if (this.#isOver || this.#run === null) return;
    this.#isOver = this.#run.turn(isByTimer);
    if (this.#isOver) this.#resolve();
  }

  schedule(): void {
    this.#isAsked = true;
    if (!this.#isInside) resolved.then(() => this.#enter(() => {}));
  }

  setTimer(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#enter(() => this.#turn(true)), delayMs);
  }

  clearTimer(): void {
    clearTimeout(this.#timer);
  }

  changed(): void {
    this.#world.onChange();
  }

  /** The callbacks are called as everything else that enters the core. */
  #guarded<T>(start: () => PromiseLike<T>, map: (value: T) => unknown = same): Thenable {
    return {
      then: (resolve, reject) => {
        const fail = (error: unknown) => this.#enter(() => reject(error));
        promiseOf(start).then((value) => {
          let mapped: unknown;
          try {
            mapped = map(value);
          } catch (error) {
            return fail(error);
          }
          this.#enter(() => resolve(mapped));
        }, fail);
      },
    };
  }

  /**
   * Runs code of the caller in a microtask of its own, unless the core has crashed: its ledger may
   * be wrong then.
   */
  #callers(code: () => unknown): Thenable {
    return this.#guarded(async () => {
      await null;
      this.#engine.assertReady();
      return code();
    });
  }

  get hasTransport(): boolean {
    return this.#world.transport !== undefined;
  }

  get hasHooks(): boolean {
    return this.#world.hooks !== undefined;
  }

  get hasTaker(): boolean {
    return this.#world.onOutcomes !== undefined;
  }

  send(url: string, init: RequestInit): Thenable {
    const transport = this.#world.transport ?? fetchTransport;
    return this.#callers(() => transport(url, init));
  }

  next(reader: ReadableStreamDefaultReader<unknown>): Thenable {
    return this.#guarded(() => reader.read(), pieceOf);
  }

  whole(response: Response): Thenable {
    return this.#guarded(() => response.arrayBuffer(), (buffer) => new Uint8Array(buffer));
  }

  pushed(body: Pushing, batch: number, attempt: number): Thenable {
    const push = (bytes: Uint8Array) => {
      const run = this.#run;
      if (this.#isOver || run === null) return false;
      return this.#engine.call(() => run.push(batch, attempt, bytes));
    };
    return this.#callers(() => body.pushTo((bytes) => inSlices(bytes, push)));
  }

  gathered(body: Pushing, bytesMax: number): Thenable {
    return this.#callers(async () => {
      let gathered = new Uint8Array();
      await body.pushTo((bytes) => {
        const longer = new Uint8Array(gathered.length + bytes.length);
        longer.set(gathered);
        longer.set(bytes, gathered.length);
        gathered = longer;
        return gathered.length <= bytesMax;
      });
      return gathered;
    });
  }

  leave(reader: ReadableStreamDefaultReader<unknown>): void {
    // A stream that failed has nothing to cancel.
    promiseOf(() => reader.cancel()).catch(() => {});
  }

  credentials(): Thenable {
    return this.#callers(async () => {
      try {
        return headersOf(await this.#world.credentials()?.());
      } catch (error) {
        // Its message may quote a secret.
        const name = error instanceof Error ? error.name : typeof error;
        const message = `The function given as auth failed (${name}); it must return headers.`;
        addNote(this.#world.notes, "auth-callback-failed", message);
        throw error;
      }
    });
  }

  append(bytes: Uint8Array): Thenable {
    return this.#callers(async () => {
      try {
        await this.#world.append?.(bytes);
      } catch (error) {
        this.#noteJournal(saidBy(error));
        throw error;
      }
    });
  }

  give(rows: readonly Outcome[]): Thenable {
    const { onOutcomes } = this.#world;
    return this.#callers(async () => {
      try {
        await onOutcomes?.(rows);
        return true;
      } catch (error) {
        this.#noteOutcomes(`failed (${saidBy(error)}); the run was cancelled, its report`);
        this.#world.cancel();
        return false;
      }
    });
  }

  letGo(what: "journal" | "onOutcomes"): void {
    if (what === "journal") this.#noteJournal("it did not answer after the run was cancelled");
    else this.#noteOutcomes("did not answer after the run was cancelled; the report");
  }

  #noteJournal(said: string): void {
    const message = `The journal could not be written (${said}).`;
    addNote(this.#world.notes, "journal-not-written", message);
  }

  #noteOutcomes(what: string): void {
    addNote(this.#world.notes, "outcomes-handler-failed", `onOutcomes ${what} has the rest.`);
  }

  hook(name: keyof Hooks, event: object): void {
    const { hooks, notes } = this.#world;
    if (hooks !== undefined) callHook(hooks, name, event, notes);
  }
}

/** In a microtask of its own: a hook may act on the job, which is in the middle of something. */
export async function callHook(
  hooks: Hooks,
  name: keyof Hooks,
  event: object,
  notes: Note[],
): Promise<void> {
  const hook = hooks[name] as ((event: object) => unknown) | undefined;
  if (hook === undefined) return;
  try {
    await null;
    await hook(Object.freeze(event));
  } catch (error) {
    addNote(notes, "hook-failed", `${name} failed (${saidBy(error)}); the run went on.`);
  }
}

function same<T>(value: T): T {
  return value;
}

/** `start` may throw, or return anything. */
function promiseOf<T>(start: () => PromiseLike<T>): Promise<T> {
  try {
    return Promise.resolve(start());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** The bytes of a step of a reader; undefined at the end. */
function pieceOf({ done, value }: { done: boolean; value?: unknown }): Uint8Array | undefined {
  return done ? undefined : bytesOf(value);
}

function bytesOf(value: unknown): Uint8Array {
  if (!isBytes(value)) throw new TypeError("the body of a Response must give bytes");
  return value as Uint8Array;
}

/** Whether more is wanted. */
function inSlices(value: unknown, take: (bytes: Uint8Array) => boolean): boolean {
  const bytes = bytesOf(value);
  if (bytes.length <= BYTES_SLICE) return take(bytes);
  for (let at = 0; at < bytes.length; at += BYTES_SLICE) {
    if (!take(bytes.subarray(at, at + BYTES_SLICE))) return false;
  }
  return true;
}

/** Name, value, name, value ... of headers in any of their forms. */
function headersOf(headers: unknown): unknown[] {
  if (typeof headers !== "object" || headers === null) throw new TypeError("auth gave no headers");
  const pairs: Iterable<unknown[]> =
    Symbol.iterator in headers ? (headers as Iterable<unknown[]>) : Object.entries(headers);
  return Array.from(pairs, ([name, value]) => [name, value]).flat();
}
