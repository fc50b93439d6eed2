/** The end of a run: sums, reasons, every customer, and the CSV. */
import { announce } from "./announce.js";
import { byId, count, counted, element, notice, show, write } from "./dom.js";
import { OUTCOMES } from "./rows.js";
import { countsByOutcome, filterOutcomes, setRows } from "./table.js";

/** @type {import("./rows.js").Rows | null} */
let shown = null;

/** @param {() => void} again */
export function connectResults(again) {
  byId("filters").addEventListener("change", (event) => {
    filterOutcomes(/** @type {HTMLInputElement} */ (event.target).value);
  });
  byId("again").addEventListener("click", () => {
    forget();
    show("results", false);
    again();
  });
}

/**
 * @param {import("./send.js").Ended} ended
 * @param {import("issue-bulk").Plan} plan
 */
export async function showResults({ rows, stopped, notes }, { given, invalid, duplicate }) {
  const counts = countsByOutcome(rows);
  const sums = OUTCOMES.map((outcome, at) => `${count(counts[at])} ${outcome}`).join(", ");
  write(
    "results-line",
    `${counted(given, "id")} given: ${counted(rows.length, "customer")} with one outcome each; ` +
      `${count(invalid)} invalid and ${counted(duplicate, "duplicate")} left out.`,
  );
  for (const [at, outcome] of OUTCOMES.entries()) write(`count-${outcome}`, count(counts[at]));
  const said = [stopped?.reason ?? "", ...notes.map(({ message }) => message)];
  notice("results-stopped", said.filter((text) => text !== "").join(" "));
  byId("filters").replaceChildren(
    filter("all", "All", rows.length),
    ...OUTCOMES.map((outcome, at) => filter(outcome, capitalised(outcome), counts[at])),
  );
  shown = rows;
  setRows(rows);
  show("results", true);
  byId("results-title").focus();
  announce(`The run has ended. ${counted(rows.length, "customer")}: ${sums}.`);
  const csv = await rows.csv();
  // Another list may have been started meanwhile; its result must not offer this file.
  if (rows === shown) byId("download").setAttribute("href", URL.createObjectURL(csv));
}

/** @param {string} value @param {string} label @param {number} customers */
function filter(value, label, customers) {
  const radio = element("input", { type: "radio", name: "filter", value });
  if (value === "all") radio.setAttribute("checked", "");
  return element("label", {}, radio, ` ${label} (${count(customers)})`);
}

/** @param {string} word */
function capitalised(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function forget() {
  shown = null;
  setRows(null);
  const link = byId("download");
  URL.revokeObjectURL(link.getAttribute("href") ?? "");
  link.removeAttribute("href");
}
