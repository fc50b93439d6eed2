// A core that breaks where a test wants it to. It keeps the shape of the real one and issues to
// everybody.

/**
 * @typedef {object} Behaviour
 * @property {(hooks: any, run: any) => Promise<void>} [start]
 * @property {Record<string, () => void>} [before] called first in the method of that name
 */

const COUNTS = {
  given: 1,
  invalid: 0,
  duplicate: 0,
  blank: 0,
  issued: 1,
  rejected: 0,
  unsent: 0,
  unknown: 0,
  attempts: 1,
  retries: 0,
  bytesSent: 0,
  bytesReceived: 0,
  elapsedMs: 0,
};

/** What Chromium and Node throw at a panic of a core that aborts. */
export function trap() {
  return new WebAssembly.RuntimeError("unreachable");
}

/**
 * @param {Behaviour} behaviour
 * @returns {any}
 */
export function brokenCore({ start = async () => {}, before = {} }) {
  const enter = (/** @type {string} */ name) => before[name]?.();

  class Intake {
    pushText() {
      enter("pushText");
    }
    pushLongs() {
      enter("pushLongs");
    }
    finish() {
      return { free() {} };
    }
  }

  class Run {
    state = "running";
    attempts = 0;
    start(/** @type {any} */ hooks) {
      enter("start");
      return start(hooks, this);
    }
    pause() {
      this.state = "paused";
    }
    resume() {
      this.state = "running";
    }
    cancel() {
      enter("cancel");
    }
    progress() {
      enter("progress");
      return { ...COUNTS, state: this.state, attempts: this.attempts, queued: 0, inFlight: 0 };
    }
    outcomes() {
      return new Outcomes();
    }
    free() {}
  }

  class Outcomes {
    length = 1;
    counts = () => ({ ...COUNTS });
    stopped = () => null;
    notes = () => [];
    problems = () => [];
    find() {
      enter("find");
      return -1;
    }
    csv() {
      enter("csv");
      return new Uint8Array(1);
    }
    free() {}
  }

  return { Intake, Run, plan: () => ({ ...COUNTS }), version: () => "0.0.0" };
}
