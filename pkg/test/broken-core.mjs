// A core that breaks where a test wants it to. It keeps the shape of the real one and issues to
// everybody.

/**
 * @typedef {object} Behaviour
 * @property {boolean} [hangs] whether a run never ends
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

/** What the core answers when it is asked what to do next. */
const SEND = 0;
const WAIT = 3;
const DONE = 5;

/**
 * @param {Behaviour} behaviour
 * @returns {any}
 */
export function brokenCore({ hangs = false, before = {} }) {
  const enter = (/** @type {string} */ name) => before[name]?.();

  class Plan {
    isReadBack = false;
    static ofRun() {
      enter("plan");
      return new Plan();
    }
    intake() {
      return new Intake();
    }
    free() {}
  }

  class Intake {
    pushLongs() {
      enter("pushLongs");
    }
    finish() {
      return { free() {} };
    }
  }

  class Run {
    state = "running";
    batch = 0;
    attempt = 1;
    until = Infinity;
    #isSent = false;
    #isAnswered = false;
    start() {
      enter("start");
    }
    poll() {
      enter("poll");
      if (!this.#isSent) {
        this.#isSent = true;
        return SEND;
      }
      return this.#isAnswered && !hangs ? DONE : WAIT;
    }
    target() {
      return { url: "https://service.example/", headers: {} };
    }
    body() {
      enter("body");
      return new Uint8Array(1);
    }
    idsOf() {
      return 1;
    }
    head() {
      enter("head");
    }
    chunk() {
      enter("chunk");
      return true;
    }
    end() {
      enter("end");
      this.#isAnswered = true;
    }
    fail() {
      enter("fail");
      this.#isAnswered = true;
    }
    pause() {
      this.state = "paused";
    }
    cancel() {
      enter("cancel");
    }
    progress() {
      enter("progress");
      return { ...COUNTS, state: this.state, queued: 0, inFlight: 0 };
    }
    outcomes() {
      enter("outcomes");
      return new Outcomes();
    }
    free() {}
  }

  class Outcomes {
    length = 1;
    counts = () => ({ ...COUNTS });
    stopped = () => null;
    notes = () => [];
    readBack = () => null;
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

  return { Plan, Run, version: () => "0.0.0" };
}
