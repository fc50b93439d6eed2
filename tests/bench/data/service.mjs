// The service inside the process: answers calls without a network, so that what is measured is the
// client. It makes no garbage that would count as the client's: one buffer holds the answer, and
// only digits change in it.

import process from "node:process";
import { eventTimeAt } from "./answers.mjs";

export const WHAT = Object.freeze({ promotionId: "67dd4210ef21a64211227e04", contextId: "973" });
export const WHERE = Object.freeze({ host: "127.0.0.1", auth: { token: "none" } });

const DIGITS = 9;
const COMMA = 0x2c;
const QUOTE = 0x22;
/** Bytes of a piece, as `fetch` gives them. */
const PIECE = 1 << 16;

const HEADERS = new Headers({ "content-type": "application/json" });
const encoder = new TextEncoder();

const ISSUANCE = "67dd4237ef21a64";

/** The issuance of a customer: 24 hex digits of which the last nine are the customer's. */
export function issuanceOf(/** @type {string} */ id) {
  return `${ISSUANCE}${id}`;
}

/**
 * The same as a question, without a text for each customer.
 *
 * @param {string} issuance
 * @param {string} id
 */
export function isIssuanceOf(issuance, id) {
  const isLong = issuance.length === ISSUANCE.length + id.length;
  return isLong && issuance.startsWith(ISSUANCE) && issuance.endsWith(id);
}

const ID = "000000000";
const ENTRY = encoder.encode(
  `"${ID}":{"id":"${issuanceOf(ID)}","customerId":${ID},"promotionId":"${WHAT.promotionId}",` +
    `"earnedFromId":"${WHAT.contextId}","eventTime":${eventTimeAt(0)},"validTill":1746046799999},`,
);
const OPEN = encoder.encode('{"data":{');
const CLOSE = encoder.encode("}}");

/** Where the three copies of the id stand in an entry. */
const PLACES = [1, 34, 58];

export class LocalService {
  #answer;
  /** Where the last answer ended. */
  #closedAt;
  /** CPU time spent answering, in nanoseconds: none of it is the client's. */
  spentNs = 0;

  /** @param {number} batchSize */
  constructor(batchSize) {
    this.#answer = new Uint8Array(OPEN.length + batchSize * ENTRY.length + CLOSE.length);
    this.#answer.set(OPEN);
    for (let at = 0; at < batchSize; at += 1) {
      this.#answer.set(ENTRY, OPEN.length + at * ENTRY.length);
    }
    this.#closedAt = this.#answer.length - CLOSE.length - 1;
  }

  /**
   * One call, to be used one at a time (`concurrency: 1`): the next one writes over its answer.
   *
   * @type {import("issue-bulk").Transport}
   */
  transport = async (_url, { body }) => {
    const begin = process.cpuUsage();
    const bytes = this.#fill(/** @type {Uint8Array} */ (body));
    const { user, system } = process.cpuUsage(begin);
    this.spentNs += 1_000 * (user + system);
    return /** @type {Response} */ (/** @type {unknown} */ (new LocalResponse(bytes)));
  };

  /**
   * @param {Uint8Array} request `[111111111,222222222]`
   * @returns {Uint8Array}
   */
  #fill(request) {
    const answer = this.#answer;
    this.#reopen();
    let end = OPEN.length;
    for (let id = 1; id < request.length; id += DIGITS + 1) {
      for (const place of PLACES) {
        for (let digit = 0; digit < DIGITS; digit += 1) {
          answer[end + place + digit] = /** @type {number} */ (request[id + digit]);
        }
      }
      end += ENTRY.length;
    }
    // A batch that is not full ends before the buffer does: over the comma of its last entry and
    // the first byte of the next, which are put back before the next call.
    this.#closedAt = end - 1;
    const bytes = answer.subarray(0, end - 1 + CLOSE.length);
    bytes.set(CLOSE, end - 1);
    return bytes;
  }

  #reopen() {
    this.#answer[this.#closedAt] = COMMA;
    this.#answer[this.#closedAt + 1] = QUOTE;
  }
}

/** As much of a Response as a client reads of it. */
class LocalResponse {
  status = 200;
  ok = true;
  type = "basic";
  headers = HEADERS;
  body;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    let at = 0;
    const read = async () => {
      if (at >= bytes.length) return { done: true, value: undefined };
      at += PIECE;
      return { done: false, value: bytes.subarray(at - PIECE, at) };
    };
    this.body = { getReader: () => ({ read, cancel: async () => {}, releaseLock: () => {} }) };
  }
}
