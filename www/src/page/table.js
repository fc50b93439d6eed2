/** The tables of the page: problems of the input, outcomes, and reasons. */
import { isoTime } from "./csv.js";
import { byId, count, element, show, tableRow, write } from "./dom.js";
import { Pager } from "./pager.js";
import { OUTCOMES } from "./rows.js";

/** A table of reasons longer than this explains nothing; the CSV has them all. */
const REASONS_SHOWN = 50;

/** @type {readonly import("issue-bulk").Problem[]} */
let problems = [];

const problemsPager = new Pager(byId("problems-pager"), (from, to) => {
  byId("problems-rows").replaceChildren(
    ...problems.slice(from, to).map((problem) =>
      tableRow([
        { text: count(problem.line), class: "number" },
        { text: count(problem.column), class: "number" },
        { text: sentence(problem) },
        { text: problem.text, class: "code" },
      ]),
    ),
  );
});

/** @param {import("issue-bulk").Plan} plan */
export function showProblems(plan) {
  problems = plan.problems;
  const total = plan.invalid + plan.duplicate;
  const rest = total - problems.length;
  write("problems-note", rest > 0 ? `The first ${count(problems.length)} of ${count(total)}.` : "");
  problemsPager.reset(problems.length);
  show("problems", total > 0);
}

/** @param {import("issue-bulk").Problem} problem */
function sentence({ reason, firstLine }) {
  if (firstLine !== null) return `duplicate of line ${count(firstLine)}`;
  return reason.replaceAll("-", " ");
}

/** @type {import("./rows.js").Rows | null} */
let rows = null;
/** @type {Uint32Array} */
let shown = new Uint32Array();

const outcomesPager = new Pager(byId("outcomes-pager"), (from, to) => {
  byId("outcomes-rows").replaceChildren(
    ...Array.from(shown.subarray(from, to), (at) => outcomeRow(rows?.at(at))),
  );
});

/** @param {import("./rows.js").Row | undefined} row */
function outcomeRow(row) {
  if (row === undefined) return tableRow([]);
  const told = row.outcome === "issued" ? (row.id ?? "") : explained(row);
  return tableRow([
    { text: row.customerId, class: "number" },
    { node: tag(row.outcome) },
    { text: told, class: row.outcome === "issued" ? "code" : "" },
    { text: shortTime(row.eventTime), class: "time" },
    { text: shortTime(row.validTill), class: "time" },
  ]);
}

/** @param {import("./rows.js").Row} row */
function explained({ reason = "", code, status, message }) {
  const facts = [
    code === null || code === undefined ? "" : `code ${code}`,
    status === null || status === undefined ? "" : `HTTP ${status}`,
    message ?? "",
  ].filter((fact) => fact !== "");
  const words = reason.replaceAll("-", " ");
  return facts.length === 0 ? words : `${words} (${facts.join(", ")})`;
}

/** @param {string} outcome */
function tag(outcome) {
  return element("span", { class: `tag ${outcome}` }, outcome);
}

/** @param {number | null | undefined} ms */
function shortTime(ms) {
  return isoTime(ms).replace("T", " ").replace(/\.\d+Z$/, "");
}

/** Gives the tables their rows, or takes them away so that their memory returns. */
export function setRows(/** @type {import("./rows.js").Rows | null} */ given) {
  rows = given;
  filterOutcomes("all");
  showReasons();
}

/** @param {string} outcome one of OUTCOMES, or "all" */
export function filterOutcomes(outcome) {
  const wanted = OUTCOMES.indexOf(outcome);
  const length = rows?.length ?? 0;
  const found = new Uint32Array(length);
  let size = 0;
  for (let at = 0; at < length; at += 1) {
    if (wanted >= 0 && rows?.stateAt(at) !== wanted) continue;
    found[size] = at;
    size += 1;
  }
  shown = found.slice(0, size);
  outcomesPager.reset(size);
}

/** How many rows have each outcome, in the order of OUTCOMES. */
export function countsByOutcome(/** @type {import("./rows.js").Rows} */ given) {
  const counts = OUTCOMES.map(() => 0);
  for (let at = 0; at < given.length; at += 1) counts[given.stateAt(at)] += 1;
  return counts;
}

function showReasons() {
  const groups = [...grouped().values()].sort((a, b) => b.customers - a.customers);
  byId("reasons-rows").replaceChildren(
    ...groups.slice(0, REASONS_SHOWN).map(({ row, customers }) =>
      tableRow([
        { node: tag(row.outcome) },
        { text: (row.reason ?? "").replaceAll("-", " ") },
        { text: explained({ ...row, reason: "" }).replace(/^ \((.*)\)$/s, "$1") },
        { text: count(customers), class: "number" },
      ]),
    ),
  );
  const rest = groups.length - REASONS_SHOWN;
  write("reasons-more", rest > 0 ? `${count(rest)} more reasons are in the CSV.` : "");
  show("reasons", groups.length > 0);
}

/** @returns {Map<string, { row: import("./rows.js").Row, customers: number }>} */
function grouped() {
  const groups = new Map();
  for (let at = 0; at < (rows?.length ?? 0); at += 1) {
    if (rows?.stateAt(at) === 0) continue;
    const row = /** @type {import("./rows.js").Row} */ (rows?.at(at));
    const key = JSON.stringify([row.outcome, row.reason, row.code, row.status, row.message]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { row, customers: 1 });
    else group.customers += 1;
  }
  return groups;
}
