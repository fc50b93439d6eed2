/** The issuances in a file of results, which a spreadsheet may have saved anew. */
import { parse } from "csv-parse/sync";
import { Refusal } from "./exit.js";
import { openInput } from "./input.js";
import { SUFFIX } from "./journal.js";
import { reviewed } from "./report.js";
import { COLUMNS } from "./results.js";
import { printable } from "./text.js";

/**
 * What can be taken back, each issuance once: the rows `issued` of a run, or of an earlier
 * revocation those `unsent` and then those `unknown`, which may be gone already.
 *
 * @param {string} path CSV, NDJSON or a journal
 * @param {string | undefined} promotion the promotion of a run's CSV, which does not hold it
 * @returns {Promise<Row[]>} at least one
 * @throws {Refusal}
 */
export async function readIssuances(path, promotion) {
  const all = path.endsWith(SUFFIX)
    ? [...(await reviewed(path)).issued()]
    : textRows(await textOf(path), promotion);
  const rows = ["issued", "unsent", "unknown"].flatMap((outcome) =>
    all.filter((row) => row.outcome === outcome),
  );
  /** @type {Map<string, Row>} */
  const issuances = new Map();
  for (const row of rows) {
    if (promotion !== undefined && row.promotionId !== promotion) {
      const message = `${path} holds issuances of ${row.promotionId}, not of ${promotion}.`;
      throw new Refusal("other-promotion", printable(message));
    }
    const key = `${row.customerId} ${row.promotionId} ${row.id}`;
    if (!issuances.has(key)) issuances.set(key, row);
  }
  if (issuances.size > 0) return [...issuances.values()];
  throw new Refusal("nothing-issued", `${path} holds nothing that could be taken back.`);
}

/** @typedef {Pick<import("issue-bulk").Issued, "customerId" | "promotionId" | "id">} Row */

/**
 * @param {string} text
 * @param {string | undefined} promotion
 * @returns {(Row & { outcome: unknown })[]}
 */
function textRows(text, promotion) {
  return text.trimStart().startsWith("{") ? ndjsonRows(text) : csvRows(text, promotion);
}

/** @param {string} path */
async function textOf(path) {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of await openInput(path)) text += decoder.decode(piece, { stream: true });
  return (text + decoder.decode()).replace(/^\ufeff/, "");
}

/**
 * @param {string} text
 * @param {string | undefined} promotionId
 */
function csvRows(text, promotionId) {
  const [header = ""] = text.split(/\r?\n/, 1);
  const delimiter = [",", ";", "\t"].find((mark) => header.includes(mark)) ?? ",";
  const rows = parseCsv(text, delimiter);
  const missing = COLUMNS.filter((name) => !(name in (rows[0] ?? {})));
  if (missing.length > 0) {
    const message = `This is no file of results: it has no column ${missing.join(", ")}.`;
    throw new Refusal("bad-results", message);
  }
  return rows.flatMap((row, index) => {
    const { customer_id, outcome, issuance_id, promotion_id = promotionId } = row;
    if (!isTaken(outcome, issuance_id)) return [];
    if (promotion_id === undefined) {
      const message = "Which promotion were they issued? A CSV does not say: use --promotion ID.";
      throw new Refusal("no-promotion", message);
    }
    return [checked(customer_id, promotion_id, issuance_id, outcome, index + 2)];
  });
}

/**
 * @param {string} text
 * @param {string} delimiter
 * @returns {Record<string, string>[]}
 */
function parseCsv(text, delimiter) {
  try {
    /** @type {unknown[]} */
    const rows = parse(text, { columns: true, delimiter, skip_empty_lines: true });
    return /** @type {Record<string, string>[]} */ (rows);
  } catch (cause) {
    const said = cause instanceof Error ? printable(cause.message) : "";
    throw new Refusal("bad-results", `The results cannot be read as CSV: ${said}.`, { cause });
  }
}

/** @param {string} text */
function ndjsonRows(text) {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    const { customerId, promotionId, id, outcome } = parsedLine(line, index + 1);
    if (!isTaken(outcome, id)) return [];
    return [checked(customerId, promotionId, id, outcome, index + 1)];
  });
}

/**
 * In the results of a run only what was issued has an id.
 *
 * @param {unknown} outcome
 * @param {unknown} id
 */
function isTaken(outcome, id) {
  if (outcome === "issued") return true;
  return (outcome === "unsent" || outcome === "unknown") && id !== undefined && id !== "";
}

/**
 * @param {string} line
 * @param {number} number
 */
function parsedLine(line, number) {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Refusal("bad-results", `Line ${number} is not JSON.`, { cause });
  }
}

/**
 * A spreadsheet that took an id for a number has rounded it, and says so by its exponent.
 *
 * @param {unknown} customerId
 * @param {unknown} promotionId
 * @param {unknown} id
 * @param {unknown} outcome
 * @param {number} line
 */
function checked(customerId, promotionId, id, outcome, line) {
  const isCustomer = typeof customerId === "string" && /^[1-9]\d{0,18}$/.test(customerId);
  if (isCustomer && typeof promotionId === "string" && typeof id === "string" && id !== "") {
    return { customerId, promotionId, id, outcome };
  }
  throw new Refusal(
    "bad-results",
    `Line ${line} does not hold a customer and an issuance. A spreadsheet may have rounded the ` +
      "ids: use the file as it was written, or import its columns as text.",
  );
}
