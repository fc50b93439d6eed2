/** The two ways to send. Both resolve with an ended run, and reject only when nothing was sent. */
import { IssueBulkError, issueBulk } from "issue-bulk";
import { lines } from "./lines.js";
import { ArrivedRows, reportRows } from "./rows.js";
import { idsOf } from "./survey.js";

/**
 * @typedef {object} Ended
 * @property {import("./rows.js").Rows} rows
 * @property {{ code: string, reason: string } | null} stopped
 * @property {readonly { code: string, message: string }[]} notes
 */

/**
 * @typedef {object} Sending
 * @property {Promise<Ended>} ended rejects with a {@link NothingSent}
 * @property {() => Promise<boolean>} cancel whether the run will hear of it
 * @property {() => void} leave stops listening to a run that cannot be reached
 */

/**
 * What is sent to the list, which must hold the customers that were confirmed.
 *
 * @typedef {object} What
 * @property {string} promotionId
 * @property {string} contextId
 * @property {import("issue-bulk").Confirmed} confirmed
 */

/** Why nothing was sent, with a sentence that names the fix. */
export class NothingSent extends Error {}

/**
 * @param {import("./survey.js").List} list
 * @param {What} what
 * @param {{ host: string, auth: import("issue-bulk").Auth }} where
 * @param {(progress: import("issue-bulk").Progress) => void} onProgress
 * @returns {Sending}
 */
export function sendDirectly(list, { confirmed, ...what }, { host, auth }, onProgress) {
  const stop = new AbortController();
  const options = { host, auth, input: list.input, signal: stop.signal, onProgress };
  const request = { ...what, customerIds: list.blob, confirmed };
  const ended = issueBulk(request, options).then(
    (report) => ({ rows: reportRows(report), stopped: report.stopped, notes: report.notes }),
    (error) => {
      if (error instanceof IssueBulkError && error.code !== "core-crashed") {
        throw new NothingSent(error.message);
      }
      return cutShort(list, new ArrivedRows(), "The run failed in this browser.");
    },
  );
  const cancel = () => {
    stop.abort();
    return Promise.resolve(true);
  };
  return { ended, cancel, leave: () => stop.abort() };
}

/**
 * @param {import("./survey.js").List} list
 * @param {What} what
 * @param {string} token
 * @param {(progress: import("issue-bulk").Progress) => void} onProgress
 * @returns {Sending}
 */
export function sendThroughSite(list, { confirmed, ...what }, token, onProgress) {
  const stop = new AbortController();
  const headers = {
    authorization: `Bearer ${token}`,
    // Not the type of the file: a system with Excel calls a CSV a workbook.
    "content-type": "application/octet-stream",
    "idempotency-key": crypto.randomUUID(),
  };
  const { customers, digest } = confirmed;
  const query = new URLSearchParams({
    ...what,
    ...parameters(list.input),
    customers: String(customers),
    digest,
  });
  /** @satisfies {RequestInit} */
  const asked = /** @type {const} */ ({
    headers,
    credentials: "omit",
    redirect: "error",
    cache: "no-store",
  });
  const answer = fetch(`/api/issue?${query}`, {
    ...asked,
    method: "POST",
    body: list.blob,
    signal: stop.signal,
  });
  return {
    ended: received(list, answer, onProgress),
    cancel: () =>
      fetch("/api/issue", { ...asked, method: "DELETE" }).then(
        (response) => response.ok,
        () => false,
      ),
    leave: () => stop.abort(),
  };
}

/** @param {import("issue-bulk").InputOptions} input @returns {Record<string, string>} */
function parameters(input) {
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, String(value)]));
}

/**
 * @param {import("./survey.js").List} list
 * @param {Promise<Response>} answer
 * @param {(progress: import("issue-bulk").Progress) => void} onProgress
 * @returns {Promise<Ended>}
 */
async function received(list, answer, onProgress) {
  const rows = new ArrivedRows();
  try {
    const response = await answer;
    if (!response.ok) await refused(response);
    for await (const line of lines(response.body ?? new Blob().stream())) {
      const value = JSON.parse(line);
      if (value.type === undefined) rows.add(line, value);
      else if (value.type === "progress") onProgress(value);
      else if (value.type === "summary") return ended(list, rows, value);
    }
  } catch (error) {
    if (error instanceof NothingSent) throw error;
  }
  return cutShort(list, rows, "The answer of this site ended before its summary.");
}

/**
 * An error of the Worker's own says that nothing was sent; any other proves nothing, and neither
 * does a refusal of a second copy of a request.
 *
 * @param {Response} response
 */
async function refused(response) {
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const { code, message } = isJson ? await response.json() : {};
  if (typeof message === "string" && code !== "already-started") throw new NothingSent(message);
  throw new Error("This answer proves nothing.");
}

/**
 * @param {import("./survey.js").List} list
 * @param {ArrivedRows} rows
 * @param {{ counts: Record<string, number>, stopped: Ended["stopped"],
 *   notes: Ended["notes"] }} summary
 */
function ended(list, rows, { counts, stopped, notes }) {
  const { issued, rejected, unsent, unknown } = counts;
  if (rows.length === issued + rejected + unsent + unknown) return { rows, stopped, notes };
  return cutShort(list, rows, "The answer of this site lacks rows.");
}

/**
 * @param {import("./survey.js").List} list
 * @param {ArrivedRows} rows
 * @param {string} what happened
 * @returns {Promise<Ended>}
 */
async function cutShort(list, rows, what) {
  // A core that crashed cannot list the rest either; the sentence below holds all the same.
  rows.complete(await idsOf(list).catch(() => []));
  const reason =
    `${what} What it did not tell is unknown: those customers may have been issued the ` +
    "promotion. Look before you send them again.";
  return { rows, stopped: { code: "answer-cut", reason }, notes: [] };
}
