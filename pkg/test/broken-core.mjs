// A core that breaks where a test wants it to. It keeps the shape of the real one and issues to
// everybody.

/**
 * @typedef {object} Behaviour
 * @property {boolean} [hangs] whether a run never ends
 * @property {Record<string, () => void>} [before] called first in the method of that name, or in
 *   that part of a turn
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

const BODY = {
  pushTo: async (/** @type {(bytes: Uint8Array) => boolean} */ take) => {
    take(new Uint8Array(1));
  },
};

/** What Chromium and Node throw at a panic of a core that aborts. */
export function trap() {
  return new WebAssembly.RuntimeError("unreachable");
}

/**
 * @param {Behaviour} behaviour
 * @returns {any}
 */
export function brokenCore({ hangs = false, before = {} }) {
  const enter = (/** @type {string} */ name) => before[name]?.();

  class Plan {
    static ofRun() {
      enter("plan");
      return new Plan();
    }
    intake() {
      return new Intake();
    }
    progress() {
      return { ...COUNTS, state: "reading", queued: 0, inFlight: 0 };
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

  /** Sends one call, as the real core does: in turns, by what its host promises. */
  class Run {
    state = "running";
    #host;
    #next = "send";
    /** @param {any} host */
    constructor(host) {
      this.#host = host;
    }
    drive() {
      enter("drive");
      this.#host.schedule();
    }
    /** @param {boolean} isByTimer */
    turn(isByTimer) {
      enter(isByTimer ? "timer" : "turn");
      if (this.#next === "send") {
        this.#next = "wait";
        enter("body");
        this.#await(this.#host.send("https://service.example/", { method: "POST" }), "head");
      } else if (this.#next === "head") {
        this.#next = "wait";
        enter("head");
        this.#await(this.#host.pushed(BODY, 0, 1), "end");
      } else if (this.#next === "end" && !hangs) {
        enter("end");
        return true;
      } else if (this.#next === "fail") {
        enter("fail");
        return true;
      }
      this.#host.setTimer(0x7fff_ffff);
      this.#host.changed();
      return false;
    }
    /**
     * @param {PromiseLike<unknown>} thenable
     * @param {string} next
     */
    #await(thenable, next) {
      const settle = (/** @type {string} */ then) => {
        enter("callback");
        this.#next = then;
        this.#host.schedule();
      };
      thenable.then(() => settle(next), () => settle("fail"));
    }
    push() {
      enter("chunk");
      return true;
    }
    pause() {
      this.state = "paused";
      this.#host.schedule();
    }
    cancel() {
      enter("cancel");
      this.#host.schedule();
    }
    free() {}
  }

  class IssueRun {
    run;
    /**
     * @param {unknown} _settings
     * @param {unknown} _input
     * @param {any} host
     */
    constructor(_settings, _input, host) {
      enter("issue");
      this.run = new Run(host);
    }
    progress() {
      enter("progress");
      return { ...COUNTS, state: this.run.state, queued: 0, inFlight: 0 };
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
    isToBeReadBack = () => false;
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

  return { Plan, IssueRun, version: () => "0.0.0" };
}
