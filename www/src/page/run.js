/** A run under way: progress, cancel, and the warning before the page is closed. */
import { announce, announceSeldom } from "./announce.js";
import { byId, count, duration, notice, show, write } from "./dom.js";

const bar = () => /** @type {HTMLProgressElement} */ (byId("bar"));

/** @type {import("./send.js").Sending | null} */
let sending = null;
let cancelled = false;
/** @type {import("issue-bulk").Progress | null} */
let latest = null;

/** Connects the parts that live as long as the page. */
export function connectRun() {
  byId("cancel").addEventListener("click", onCancel);
  addEventListener("beforeunload", (event) => {
    if (sending !== null) event.preventDefault();
  });
  addEventListener("offline", () => {
    if (sending === null) return;
    notice("run-note", "This browser is offline. What was on its way may end as unknown.");
  });
  addEventListener("online", () => notice("run-note", ""));
}

/**
 * Shows a run from its start to its end.
 *
 * @param {(onProgress: (progress: import("issue-bulk").Progress) => void)
 *   => import("./send.js").Sending} start
 * @param {number} customers
 * @returns {Promise<import("./send.js").Ended>}
 */
export async function watch(start, customers) {
  cancelled = false;
  latest = null;
  bar().max = customers;
  bar().value = 0;
  write("run-line", "Starting.");
  write("cancel", "Cancel");
  notice("run-note", "");
  show("run", true);
  byId("run-title").focus();
  try {
    sending = start(onProgress);
    return await sending.ended;
  } finally {
    sending = null;
    show("run", false);
  }
}

/** @param {import("issue-bulk").Progress} progress */
function onProgress(progress) {
  // Progress may come more often than a screen is drawn; only the last of a frame is.
  if (latest === null) requestAnimationFrame(draw);
  latest = progress;
}

function draw() {
  if (latest === null) return;
  const { issued, rejected, unsent, unknown, distinct, inFlight, etaMs } = latest;
  latest = null;
  const settled = issued + rejected + unsent + unknown;
  bar().value = settled;
  write(
    "run-line",
    `${count(settled)} of ${count(distinct)} settled: ${count(issued)} issued, ` +
      `${count(rejected)} rejected, ${count(unsent)} unsent, ${count(unknown)} unknown. ` +
      `${count(inFlight)} on their way. ${etaMs === null ? "" : `${duration(etaMs)} to go.`}`,
  );
  announceSeldom(`${count(settled)} of ${count(distinct)} customers settled.`);
}

/** @param {MouseEvent} event */
async function onCancel({ detail }) {
  if (sending === null) return;
  // The second half of a double click, which meant to cancel, not to give up the report.
  if (detail > 1) return;
  if (cancelled) {
    sending.leave();
    return;
  }
  cancelled = true;
  write("cancel", "Stop waiting");
  announce("Cancelling. What is on its way is awaited.");
  const heard = await sending.cancel();
  if (heard) return;
  notice(
    "run-note",
    "The run could not be told to stop. Wait for its end, or stop waiting: then what it did " +
      "stays unknown here.",
  );
}
