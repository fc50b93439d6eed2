/** Calls to revokeEarn, one a customer: the first alone, the others a few at a time. */
import { explain } from "./exit.js";
import { bodyOf, isStopping, judged } from "./revocation.js";
import { count } from "./text.js";

/** @typedef {import("./revocation.js").Target} Target */
/** @typedef {import("./revocation.js").Revoked} Revoked */
/** @typedef {{ code: string, reason: string }} Stop */

const PATH = "/promotions/revokeEarn";

/** Calls at a time: taking back is rare, and the service's limits are not documented. */
const CONCURRENCY = 4;

/** Sendings of a call that the service answers with 429. */
const ATTEMPTS = 5;

/** A Retry-After beyond is a service that is closed, as for issuing. */
const WAIT_MS_MAX = 120_000;

/** Answers in a row that prove nothing: somebody has to look. */
const UNKNOWN_IN_ROW_MAX = 5;

export class Revoking {
  #caller;
  #signal;
  #screen;
  #everyMs;
  #concurrency;
  #nextAt = 0;
  #inRow = 0;
  #done = 0;
  /** @type {Stop | null} */
  #stop = null;
  /** One for each issuance, in the order of the file once all are settled. @type {Revoked[]} */
  rows = [];

  /**
   * @param {import("./caller.js").Caller} caller
   * @param {{ concurrency?: number, perMinute?: number, signal: AbortSignal,
   *   screen: import("./screen.js").Screen }} how
   */
  constructor(caller, { concurrency = CONCURRENCY, perMinute, signal, screen }) {
    this.#caller = caller;
    this.#signal = signal;
    this.#screen = screen;
    this.#concurrency = concurrency;
    this.#everyMs = perMinute === undefined ? 0 : 60_000 / perMinute;
  }

  /**
   * @param {readonly Target[]} targets
   * @returns {Promise<Stop | null>} why it ended early
   */
  async all(targets) {
    /** @type {Revoked[][]} */
    const settled = targets.map((target) => target.ids.map((id) => unsent(target, id)));
    const [first] = targets;
    if (first !== undefined) await this.#probe(first, settled);
    // The rest of the first customer, who may have several, goes with the others.
    const queue = targets.entries();
    const work = async () => {
      for (const [place, target] of queue) {
        const ids = place === 0 ? target.ids.slice(1) : target.ids;
        if (this.#isOver()) return;
        if (ids.length > 0) await this.#one(place, { ...target, ids }, settled, targets.length);
      }
    };
    await Promise.all(Array.from({ length: this.#concurrency }, work));
    this.rows = settled.flat();
    return this.#stop;
  }

  #isOver() {
    if (this.#signal.aborted) {
      this.#stop ??= { code: "cancelled", reason: "It was interrupted." };
    }
    return this.#stop !== null;
  }

  /**
   * One issuance alone: whether its id is an earn id is not documented.
   *
   * @param {Target} first
   * @param {Revoked[][]} settled
   */
  async #probe(first, settled) {
    const [row] = await this.#call({ ...first, ids: first.ids.slice(0, 1) });
    if (row === undefined) return;
    settled[0]?.splice(0, 1, row);
    // What is redeemed was found: its id is one.
    if (row.outcome === "revoked" || row.code === 729) return;
    const said = row.message === "" ? "" : ` The service said: ${row.message}`;
    this.#stop ??= {
      code: "first-not-revoked",
      reason: `The first issuance was not taken back, so no other was tried.${said}`,
    };
  }

  /**
   * @param {number} place
   * @param {Target} target
   * @param {Revoked[][]} settled
   * @param {number} all
   */
  async #one(place, target, settled, all) {
    const rows = await this.#call(target);
    settled[place]?.splice(-rows.length, rows.length, ...rows);
    this.#done += 1;
    this.#screen.live(`Revoked ${count(this.#done)} of ${count(all)} customers`);
    const isUnknown = rows.every(({ outcome }) => outcome === "unknown");
    this.#inRow = isUnknown ? this.#inRow + 1 : 0;
    if (this.#inRow >= UNKNOWN_IN_ROW_MAX) {
      const reason = `${UNKNOWN_IN_ROW_MAX} answers in a row proved nothing; see the results.`;
      this.#stop ??= { code: "too-many-ambiguous", reason };
    }
  }

  /**
   * Sends again only after a 429, which did nothing.
   *
   * @param {Target} target
   */
  async #call(target) {
    const body = bodyOf(target);
    for (let attempt = 1; ; attempt += 1) {
      await this.#turn();
      if (this.#isOver()) return target.ids.map((id) => unsent(target, id));
      const reply = await this.#post(body);
      if (reply === null) return target.ids.map((id) => unsent(target, id));
      if (isStopping(reply)) {
        const reason = `The service refused the call with HTTP ${reply.status}.`;
        this.#stop ??= { code: "refused", reason };
      }
      const wait = reply.status === 429 ? waitMs(reply, attempt) : null;
      if (wait === null || attempt === ATTEMPTS || wait > WAIT_MS_MAX) {
        if (reply.status === 429) this.#stop ??= { code: "throttled", reason: "Too many calls." };
        return judged(target, reply);
      }
      this.#nextAt = Math.max(this.#nextAt, performance.now() + wait);
    }
  }

  /**
   * @param {string} body
   * @returns {Promise<import("./caller.js").Reply | import("./caller.js").Failure | null>} null
   *   where nobody was authorised: that ends it, and what was revoked before is kept
   */
  async #post(body) {
    try {
      return await this.#caller.post(PATH, body);
    } catch (error) {
      const { code, message } = explain(error);
      this.#stop ??= { code, reason: message };
      return null;
    }
  }

  /** Waits until the next call may leave, or the end. */
  async #turn() {
    for (let now = performance.now(); now < this.#nextAt; now = performance.now()) {
      await sleep(this.#nextAt - now, this.#signal);
      if (this.#signal.aborted) return;
    }
    this.#nextAt = Math.max(this.#nextAt, performance.now()) + this.#everyMs;
  }
}

/**
 * @param {Target} target
 * @param {string} id
 * @returns {Revoked}
 */
function unsent({ customerId, promotionId }, id) {
  const nothing = { code: null, status: null, message: "", requestId: null };
  return { customerId, promotionId, id, outcome: "unsent", ...nothing };
}

/**
 * @param {import("./caller.js").Reply} reply
 * @param {number} attempt
 */
function waitMs({ headers }, attempt) {
  const said = headers.get("retry-after") ?? "";
  if (/^\d{1,9}$/.test(said)) return Number(said) * 1_000;
  const date = Date.parse(said);
  const now = Date.parse(headers.get("date") ?? "") || Date.now();
  return Number.isNaN(date) ? 1_000 * 2 ** attempt : Math.max(0, date - now);
}

/**
 * @param {number} ms
 * @param {AbortSignal} signal ends it early
 * @returns {Promise<void>}
 */
function sleep(ms, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, WAIT_MS_MAX));
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
