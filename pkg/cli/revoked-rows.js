/** What became of revoked issuances, as CSV or NDJSON. */

/** @typedef {import("./revocation.js").Revoked} Revoked */

const HEADER =
  "customer_id,outcome,issuance_id,promotion_id,service_code,http_status,message,request_id\r\n";

/**
 * @param {readonly Revoked[]} rows
 * @param {import("./out.js").Out} out
 * @returns {AsyncGenerator<string>}
 */
export async function* revokedRows(rows, out) {
  if (out.isNdjson) {
    for (const row of rows) yield `${JSON.stringify(row)}\n`;
    return;
  }
  yield HEADER;
  for (const row of rows) {
    const { customerId, outcome, id, promotionId, code, status, message, requestId } = row;
    const texts = [cell(id), cell(promotionId), code ?? "", status ?? ""];
    yield `${[customerId, outcome, ...texts, cell(message), cell(requestId ?? "")].join()}\r\n`;
  }
}

/**
 * A quoted text (RFC 4180), defused where a spreadsheet would run it as a formula.
 *
 * @param {string} text
 */
function cell(text) {
  if (text === "") return "";
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
