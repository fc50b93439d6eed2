/** Step 1: the list of customers, and what is in it. */
import { IssueBulkError } from "issue-bulk";
import { announce } from "./announce.js";
import { byId, chosen, count, counted, element, input } from "./dom.js";
import { notice, select, show, size, write } from "./dom.js";
import { readHeader } from "./header.js";
import { survey } from "./survey.js";
import { showProblems } from "./table.js";

/** @type {{ blob: Blob, name: string } | null} */
let given = null;
/** @type {{ delimiter: string, names: string[] } | null} */
let header = null;
/** @type {import("./survey.js").List | null} */
let accepted = null;
/** Counts the looks, so that a slow one of an earlier list is dropped. */
let looks = 0;

/** The list that may be sent, or null before one was read without an error. */
export function customers() {
  return accepted;
}

/** Connects the fields of step 1. */
export function connectCustomers() {
  for (const radio of document.getElementsByName("source")) {
    radio.addEventListener("change", onSource);
  }
  input("file").addEventListener("change", onFile);
  byId("read-text").addEventListener("click", onText);
  // What was read is no longer what the field says: nobody may send it by mistake.
  byId("text").addEventListener("input", () => void take(null));
  select("column").addEventListener("change", () => look());
  connectDrop(byId("file-part"));
  // A file dropped beside the zone would be opened in place of the page.
  for (const kind of ["dragover", "drop"]) {
    addEventListener(kind, (event) => event.preventDefault());
  }
}

/** Forgets the list, as on a page just opened, and takes the focus to where a new one goes. */
export function resetCustomers() {
  input("file").value = "";
  input("text").value = "";
  void take(null);
  byId(chosen("source") === "file" ? "file" : "text").focus();
}

function onSource() {
  const fromFile = chosen("source") === "file";
  show("file-part", fromFile);
  show("text-part", !fromFile);
  if (fromFile) onFile();
  else onText();
}

function onFile() {
  const file = input("file").files?.[0];
  take(file === undefined ? null : { blob: file, name: file.name });
}

function onText() {
  const text = input("text").value;
  const blob = new Blob([text], { type: "text/plain" });
  take(text.trim() === "" ? null : { blob, name: "the pasted ids" });
}

/** @param {HTMLElement} zone */
function connectDrop(zone) {
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const files = event.dataTransfer?.files;
    if (files === undefined || files.length === 0) return;
    input("file").files = files;
    onFile();
  });
}

/** @param {{ blob: Blob, name: string } | null} list */
async function take(list) {
  given = null;
  accepted = null;
  header = null;
  const look = ++looks;
  notice("customers-error", "");
  show("survey", false);
  const kept = await keep(list).catch(() => null);
  if (look !== looks) return;
  if (list !== null && kept === null) {
    notice("customers-error", `${list.name} could not be read. Pick it again.`);
  }
  given = kept;
  header = kept === null ? null : await readHeader(kept.blob).catch(() => null);
  if (look !== looks) return;
  offerColumns();
  if (kept !== null) await lookAgain();
}

/**
 * The list with its bytes in memory. A `File` names a place on the disk, which may hold another
 * list by the time that it is sent: what was looked at is what is sent.
 *
 * @param {{ blob: Blob, name: string } | null} list
 */
async function keep(list) {
  return list && { ...list, blob: new Blob([await list.blob.arrayBuffer()]) };
}

function offerColumns() {
  const options = [element("option", { value: "" }, "The one that the names show")];
  for (const [at, name] of (header?.names ?? []).entries()) {
    options.push(element("option", { value: String(at + 1) }, `${at + 1}: ${name}`));
  }
  select("column").replaceChildren(...options);
  show("column-part", header !== null);
}

function look() {
  looks += 1;
  return lookAgain();
}

async function lookAgain() {
  const look = looks;
  accepted = null;
  notice("customers-error", "");
  show("survey", false);
  if (given === null) return;
  const list = { ...given, input: reading() };
  try {
    const plan = await survey(list);
    if (look !== looks) return;
    accepted = list;
    showPlan(list, plan);
  } catch (error) {
    if (look !== looks) return;
    notice("customers-error", explain(error, list.name));
  }
}

/** How the list is to be read: as the picker says, with the delimiter the picker went by. */
function reading() {
  const column = Number(select("column").value);
  if (header === null || column === 0) return {};
  return { format: /** @type {const} */ ("csv"), column, delimiter: header.delimiter };
}

/** @param {import("./survey.js").List} list @param {import("issue-bulk").Plan} plan */
function showPlan({ blob, name }, plan) {
  write("count-valid", count(plan.distinct));
  write("count-invalid", count(plan.invalid));
  write("count-duplicate", count(plan.duplicate));
  write("survey-source", [`${name}, ${size(blob.size)}`, ...details(plan)].join("; "));
  showProblems(plan);
  show("survey", true);
  announce(
    `${counted(plan.distinct, "valid customer")}, ${count(plan.invalid)} invalid, ` +
      `${counted(plan.duplicate, "duplicate")}.`,
  );
}

/** @param {import("issue-bulk").Plan} plan */
function details({ format, column, blank }) {
  const names = { lines: "one id per line", csv: "CSV", ndjson: "NDJSON", json: "JSON" };
  const read = names[/** @type {keyof typeof names} */ (format)] ?? format;
  return [
    column === null ? `read as ${read}` : `read as ${read}, column ${column}`,
    ...(blank > 0 ? [`${counted(blank, "blank line")} skipped`] : []),
  ];
}

/** @param {unknown} error @param {string} name */
function explain(error, name) {
  if (error instanceof IssueBulkError) return error.message;
  return `${name} could not be read. Pick it again.`;
}
