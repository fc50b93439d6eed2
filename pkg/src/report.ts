/** The end of a run. Rows stay in the core's columns and become objects as they are asked for. */
import type { Core, Outcomes } from "./core.js";
import type { Engine } from "./engine.js";
import { IssueBulkError } from "./errors.js";
import type { CustomerId, Problem } from "./types/input.js";
import type * as Public from "./types/report.js";
import type { Counts, Issued, Note, Outcome, ReadBack, Stopped } from "./types/report.js";


type Kind = Outcome["outcome"];
type OfKind<Name extends Kind> = Extract<Outcome, { outcome: Name }>;

/** The core's numbers of the four outcomes. */
const NUMBER_OF = Object.freeze({ issued: 0, rejected: 1, unsent: 2, unknown: 3 });

/** Rows that a loop has ready: a call into the core for each would be most of what it takes. */
const ROWS_PAGE = 512;

/** Rows of a CSV or NDJSON made at once: some 300 kB, well below a frame's time. */
const ROWS_SLICE = 2_000;

/** Bytes of the two times of a row. */
const TIMES = 16;
/** Characters of a row: how many digits, the digits in 19 places, the issuance id. */
const ROW = 44;
const DIGITS = 1;
const ISSUANCE = 20;
/** The mark of a row that is not packed and must be read as JSON. */
const NONE = 64;

export class Report implements Public.Report {
  readonly #engine: Engine;
  #outcomes: Outcomes | null;
  readonly #ownNotes: readonly Note[];
  readonly #coreNotes: readonly Note[];
  readonly counts: Counts;
  readonly length: number;
  readonly stopped: Stopped | null;
  readonly problems: readonly Problem[];
  readonly readBack: ReadBack | null;
  /** Defined below, where the runtime has the symbol. */
  declare [Symbol.dispose]: () => void;

  /** @param notes of the face, beside those of the core; may still grow */
  constructor(engine: Engine, outcomes: Outcomes, notes: readonly Note[]) {
    this.#engine = engine;
    this.#outcomes = outcomes;
    this.#ownNotes = notes;
    const read = engine.call(() => ({
      counts: outcomes.counts(),
      length: outcomes.length,
      stopped: outcomes.stopped(),
      problems: outcomes.problems(),
      notes: outcomes.notes(),
      readBack: outcomes.readBack(),
    }));
    this.counts = Object.freeze(read.counts);
    this.length = read.length;
    this.stopped = Object.freeze(read.stopped);
    this.problems = Object.freeze(read.problems);
    this.readBack = Object.freeze(read.readBack);
    this.#coreNotes = read.notes;
  }

  get notes(): readonly Note[] {
    return [...this.#coreNotes, ...this.#ownNotes];
  }

  get<Name extends Kind>(id: CustomerId, kind?: Name): OfKind<Name> | undefined {
    const digits = digitsOf(id);
    const row = this.#read((outcomes) => outcomes.find(digits));
    const outcome = row < 0 ? undefined : this.at(row);
    const isWanted = kind === undefined || outcome?.outcome === kind;
    return isWanted ? (outcome as OfKind<Name> | undefined) : undefined;
  }

  at(row: number): Outcome | undefined {
    const isRow = Number.isInteger(row) && row >= 0 && row < this.length;
    return this.#read((outcomes) => (isRow ? outcomes.at(row) : undefined));
  }

  [Symbol.iterator](): IterableIterator<Outcome> {
    return this.#pages((from) => (from < this.length ? from : -1));
  }

  issued(): IterableIterator<Issued> {
    const next = (from: number) =>
      this.#read((outcomes) => outcomes.next(NUMBER_OF.issued, from));
    return this.#pages(next, "issued") as IterableIterator<Issued>;
  }

  rejected(): IterableIterator<Public.Rejected> {
    return this.#withOutcome("rejected");
  }

  unsent(): IterableIterator<Public.Unsent> {
    return this.#withOutcome("unsent");
  }

  unknown(): IterableIterator<Public.Unknown> {
    return this.#withOutcome("unknown");
  }

  columns(): Public.Columns {
    return this.#read((outcomes) => ({
      customerIds: outcomes.ids(),
      outcomes: outcomes.states(),
      issuanceIds: outcomes.issuanceIds(),
      eventTimes: outcomes.eventTimes(),
      validTills: outcomes.validTills(),
      causes: outcomes.causes(),
      causeTable: outcomes.causeTable(),
    }));
  }

  csv(): ReadableStream<Uint8Array> {
    return this.#stream((outcomes, row) => outcomes.csv(row, ROWS_SLICE));
  }

  ndjson(): ReadableStream<Uint8Array> {
    return this.#stream((outcomes, row) => outcomes.ndjson(row, ROWS_SLICE));
  }

  toJSON(): ReturnType<Public.Report["toJSON"]> {
    const { counts, stopped, notes, readBack } = this;
    return { counts, stopped, notes, readBack };
  }

  /** What a read-back begins with; the report stays as it is. */
  static readFrom<T>(report: Report, action: (outcomes: Outcomes, core: Core) => T): T {
    return report.#read(action);
  }

  dispose(): void {
    const outcomes = this.#outcomes;
    this.#outcomes = null;
    if (outcomes !== null) this.#engine.call(() => outcomes.free());
  }

  #read<T>(action: (outcomes: Outcomes, core: Core) => T): T {
    const outcomes = this.#assertReadable();
    return this.#engine.call((core) => action(outcomes, core));
  }

  #assertReadable(): Outcomes {
    this.#engine.assertReady();
    const outcomes = this.#outcomes;
    if (outcomes === null) {
      const message = "The rows of this report were given back; read them before dispose().";
      throw new IssueBulkError("report-disposed", message);
    }
    return outcomes;
  }

  /**
   * @param next the first row of the next page, from there on; negative at the end
   * @param only passes over the others
   */
  *#pages(next: (from: number) => number, only?: Kind): IterableIterator<Outcome> {
    /** An issued row, for the fields that all rows share. */
    let example: Outcome | undefined;
    for (let from = next(0); from >= 0; from = next(from + ROWS_PAGE)) {
      const count = Math.min(ROWS_PAGE, this.length - from);
      const page = new Page(this.#read((outcomes) => outcomes.page(from, count)));
      for (let row = 0; row < count; row += 1) {
        const isPacked = page.isPacked(row);
        if (!isPacked || example?.outcome !== "issued") {
          const outcome = this.#read((outcomes) => outcomes.at(from + row));
          if (isPacked) example = outcome;
          // None where it was given away.
          if (outcome !== undefined && (only ?? outcome.outcome) === outcome.outcome) yield outcome;
        } else {
          this.#assertReadable();
          yield page.issued(row, example);
        }
      }
    }
  }

  *#withOutcome<Name extends Kind>(name: Name): IterableIterator<OfKind<Name>> {
    const number = NUMBER_OF[name];
    const next = (from: number) =>
      this.#read((outcomes) => outcomes.next(number, from));
    for (let row = next(0); row >= 0; row = next(row + 1)) {
      yield this.at(row) as OfKind<Name>;
    }
  }

  /** A stream that makes its bytes as they are asked for. */
  #stream(slice: (outcomes: Outcomes, row: number) => Uint8Array): ReadableStream<Uint8Array> {
    let row = 0;
    return new ReadableStream(
      {
        pull: (controller) => {
          controller.enqueue(this.#read((outcomes) => slice(outcomes, row)));
          row += ROWS_SLICE;
          if (row >= this.length) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  }
}

/**
 * A page of rows as the core packs them: times as numbers, then text of fixed width for each row.
 * To read a row costs a twentieth of what its JSON does.
 */
class Page {
  readonly #times: Float64Array;
  readonly #text: string;
  readonly length: number;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    const rows = bytes.length / (TIMES + ROW);
    this.length = rows;
    // Every runtime of today is little-endian, as wasm is by definition.
    this.#times = new Float64Array(bytes.buffer, 0, 2 * rows);
    this.#text = new TextDecoder().decode(bytes.subarray(TIMES * rows));
  }

  /** Whether a row was issued like the others. */
  isPacked(row: number): boolean {
    return this.#text.charCodeAt(ROW * row) !== NONE;
  }

  /**
   * @param row a packed one
   * @param example another of them: promotion and context are the same for all
   */
  issued(row: number, { outcome, verifiedBy, promotionId, earnedFromId }: Issued): Issued {
    const text = this.#text;
    const at = ROW * row;
    const digits = text.charCodeAt(at) - NONE;
    const customerId = text.slice(at + DIGITS, at + DIGITS + digits);
    const id = text.slice(at + ISSUANCE, at + ROW);
    const eventTime = timeOf(this.#times[2 * row]);
    const validTill = timeOf(this.#times[2 * row + 1]);
    return { outcome, customerId, verifiedBy, id, promotionId, earnedFromId, eventTime, validTill };
  }
}

/** @throws {IssueBulkError} `not-exact` for a number that may have lost digits */
export function digitsOf(id: CustomerId): string {
  if (typeof id === "number" && !Number.isSafeInteger(id)) {
    const message = "This number is not exact: pass the id as a bigint or a string.";
    throw new IssueBulkError("not-exact", message);
  }
  return String(id);
}

function timeOf(time: number | undefined): number | null {
  return time === undefined || Number.isNaN(time) ? null : time;
}

// Browsers without explicit resource management have no such symbol, and no `using` either.
if (Symbol.dispose !== undefined) {
  Object.defineProperty(Report.prototype, Symbol.dispose, {
    value: Report.prototype.dispose,
    configurable: true,
    writable: true,
  });
}
