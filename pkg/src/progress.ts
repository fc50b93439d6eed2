/**
 * The latest progress, for the user's function and for any number of readers. A reader that is
 * slow skips states: only the latest is kept, however long it stays away.
 */
import { addNote, saidBy } from "./errors.js";
import type { Progress } from "./types/job.js";
import type { Note } from "./types/report.js";

/** How old a state may be that nobody waits for. */
const UNWATCHED_MS = 100;

interface Reader {
  seen: number;
  isLeft: boolean;
  wake: () => void;
}

/** `State` is what there is to see of a run. */
export class ProgressFeed<State extends object = Progress> {
  readonly #onProgress: ((progress: State) => unknown) | undefined;
  readonly #notes: Note[];
  #latest: State;
  #version = 1;
  #announced = 1;
  /** Reads what was not looked at yet. */
  #read: (() => State) | null = null;
  /** Runs until it is looked at. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isHurried = false;
  #isOver = false;
  #failure: { error: unknown } | null = null;
  readonly #sleepers = new Set<() => void>();

  /**
   * @param first what there is to see before anything moved
   * @param notes where a failure of `onProgress` is told
   */
  constructor(
    first: State,
    onProgress: ((progress: State) => unknown) | undefined,
    notes: Note[],
  ) {
    this.#latest = Object.freeze(first);
    this.#onProgress = onProgress;
    this.#notes = notes;
  }

  get latest(): State {
    return this.#latest;
  }

  /**
   * The progress changed. Readers and the user's function get it in a turn of the event loop of its
   * own, once for all changes until then: a handler that pauses and resumes makes new progress each
   * time, which in microtasks would never let an answer in. Without readers it is read only now and
   * then.
   */
  changed(read: () => State): void {
    this.#read = read;
    if (this.#timer === undefined) this.#lookLater();
  }

  #lookLater(): void {
    this.#isHurried = this.#onProgress !== undefined || this.#sleepers.size > 0;
    this.#timer = setTimeout(() => this.#look(), this.#isHurried ? 0 : UNWATCHED_MS);
  }

  /** Somebody waits from now on. */
  #hurry(): void {
    if (this.#timer === undefined || this.#isHurried) return;
    clearTimeout(this.#timer);
    this.#lookLater();
  }

  #look(): void {
    this.#timer = undefined;
    const read = this.#read;
    if (read === null) return;
    try {
      this.publish(read());
    } catch {
      // Only a crashed core cannot be read, and the crash ends the run anyway.
      return;
    }
    this.#announce();
  }

  /** The latest state from now on; told at the end, if not before. */
  publish(progress: State): void {
    this.#read = null;
    this.#latest = progress;
    this.#version += 1;
  }

  /**
   * Ends every loop once it has seen the latest state.
   *
   * @param failure thrown in every loop instead
   */
  end(failure: { error: unknown } | null = null): void {
    clearTimeout(this.#timer);
    this.#announce();
    this.#isOver = true;
    this.#failure = failure;
    this.#wake();
  }

  reader(): AsyncIterator<State, undefined> {
    const reader: Reader = { seen: 0, isLeft: false, wake: () => {} };
    return {
      next: () => this.#next(reader),
      return: async () => {
        reader.isLeft = true;
        this.#sleepers.delete(reader.wake);
        reader.wake();
        return { done: true, value: undefined };
      },
    };
  }

  async #next(reader: Reader): Promise<IteratorResult<State, undefined>> {
    while (!reader.isLeft && reader.seen === this.#version && !this.#isOver) {
      await new Promise<void>((resolve) => {
        reader.wake = resolve;
        this.#sleepers.add(reader.wake);
        this.#hurry();
      });
    }
    if (this.#failure !== null && !reader.isLeft) throw this.#failure.error;
    if (reader.isLeft || reader.seen === this.#version) return { done: true, value: undefined };
    reader.seen = this.#version;
    return { done: false, value: this.#latest };
  }

  #wake(): void {
    const sleepers = [...this.#sleepers];
    this.#sleepers.clear();
    for (const wake of sleepers) wake();
  }

  #announce(): void {
    if (this.#announced === this.#version) return;
    this.#announced = this.#version;
    this.#wake();
    if (this.#onProgress === undefined) return;
    const onProgress = this.#onProgress;
    try {
      Promise.resolve(onProgress(this.#latest)).catch((error) => this.#noteFailure(error));
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  #noteFailure(error: unknown): void {
    const message = `onProgress failed (${saidBy(error)}); the run went on and called it again.`;
    addNote(this.#notes, "progress-handler-failed", message);
  }
}
