/**
 * The answer of a run, line by line: one `plan`, the `problem`s of the input, some `progress`, the
 * outcome of every customer, and one `summary`, always last. A stream that ends without a summary
 * was cut, and what it did not tell is unknown.
 */

/**
 * @typedef {(progress: import("issue-bulk").Progress) => void} OnProgress
 * @typedef {{ report: import("issue-bulk").Report,
 *   stopped: { code: string, reason: string } | null }} Outcome
 */

/** Four lines a second are live to the eye and nothing to the network. */
const PROGRESS_EVERY_MS = 250;

/**
 * @param {import("issue-bulk").Plan} plan
 * @param {AbortController} stop ends the run when nobody reads any more
 * @param {(onProgress: OnProgress) => Promise<Outcome>} run
 * @returns {{ readable: ReadableStream<Uint8Array>, done: Promise<void> }} `done` never rejects
 */
export function streamAnswer(plan, stop, run) {
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  writer.closed.catch(() => stop.abort());
  const done = write(new Lines(writer), plan, run)
    .then(() => writer.close())
    .catch(() => writer.abort().catch(() => {}));
  return { readable, done };
}

/**
 * @param {Lines} lines
 * @param {import("issue-bulk").Plan} plan
 * @param {(onProgress: OnProgress) => Promise<Outcome>} run
 */
async function write(lines, plan, run) {
  const { problems, ...figures } = plan;
  await lines.line({ type: "plan", ...figures });
  for (const problem of problems) await lines.line({ type: "problem", ...problem });
  const progress = new ProgressLines(lines);
  const { report, stopped } = await run((value) => progress.offer(value));
  await progress.idle();
  try {
    await lines.pipe(report.ndjson());
    const { counts, notes } = report;
    await lines.line({ type: "summary", counts, stopped, notes });
  } finally {
    // An isolate serves many runs and has 128 MB.
    report.dispose();
  }
}

/** Writes one JSON value a line, as fast as the reader takes them. */
class Lines {
  #writer;
  #encoder = new TextEncoder();

  /** @param {WritableStreamDefaultWriter<Uint8Array>} writer */
  constructor(writer) {
    this.#writer = writer;
  }

  /** @param {object} value */
  line(value) {
    return this.#writer.write(this.#encoder.encode(`${JSON.stringify(value)}\n`));
  }

  /** @param {ReadableStream<Uint8Array>} bytes whole lines already */
  async pipe(bytes) {
    for await (const piece of bytes) await this.#writer.write(piece);
  }
}

/** The latest progress wins: none waits behind another, and none is written while one is. */
class ProgressLines {
  #lines;
  #writtenAt = -Infinity;
  /** @type {Promise<void> | null} */
  #writing = null;

  /** @param {Lines} lines */
  constructor(lines) {
    this.#lines = lines;
  }

  /** @param {import("issue-bulk").Progress} progress */
  offer(progress) {
    const now = Date.now();
    if (this.#writing !== null || now - this.#writtenAt < PROGRESS_EVERY_MS) return;
    this.#writtenAt = now;
    this.#writing = this.#lines
      .line({ type: "progress", ...progress })
      // A reader that is gone ends the run by `writer.closed`; here is nothing to add.
      .catch(() => {})
      .finally(() => {
        this.#writing = null;
      });
  }

  /** Resolves when no line of progress is under way. */
  idle() {
    return this.#writing ?? Promise.resolve();
  }
}
