/**
 * The results as CSV for a run through this site, whose rows arrive as JSON. Same columns, order
 * and quoting as the package's own `report.csv()`, which a test compares with it.
 */

const COLUMNS = Object.freeze([
  "customer_id",
  "outcome",
  "issuance_id",
  "event_time",
  "valid_till",
  "earned_from_id",
  "reason",
  "service_code",
  "http_status",
  "message",
  "request_id",
  "verified_by",
]);

/** Rows a slice of the file; a Blob of slices never exists as one string. */
const SLICE_ROWS = 10_000;

/**
 * @param {number} length
 * @param {(index: number) => import("./rows.js").Row} row
 */
export function csvBlob(length, row) {
  const parts = [`${COLUMNS.join(",")}\r\n`];
  for (let from = 0; from < length; from += SLICE_ROWS) {
    let slice = "";
    for (let at = from; at < Math.min(length, from + SLICE_ROWS); at += 1) slice += line(row(at));
    parts.push(slice);
  }
  return new Blob(parts, { type: "text/csv" });
}

/** @param {import("./rows.js").Row} row */
function line(row) {
  return `${[
    row.customerId,
    row.outcome,
    text(row.id),
    isoTime(row.eventTime),
    isoTime(row.validTill),
    text(row.earnedFromId),
    row.reason ?? "",
    String(row.code ?? ""),
    String(row.status ?? ""),
    text(row.message),
    text(row.requestId),
    row.verifiedBy ?? "",
  ].join(",")}\r\n`;
}

/** Milliseconds since 1970 in ISO 8601, UTC; empty without one or beyond what a Date holds. */
export function isoTime(/** @type {number | null | undefined} */ ms) {
  if (ms === null || ms === undefined) return "";
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** Quoted, and never a formula: what begins like one gets an apostrophe before it. */
function text(/** @type {string | null | undefined} */ value) {
  if (value === null || value === undefined || value === "") return "";
  const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
}
