/** `revoke`: takes issuances back that were made in error. */
import { planIssueBulk, revoke as takeBack } from "issue-bulk";
import { confirmWords } from "./confirm.js";
import { exitCodeOf } from "./exit.js";
import { stopLines, written } from "./finish.js";
import { isStream } from "./input.js";
import { Interrupt } from "./interrupt.js";
import { readIssuances } from "./issuances.js";
import { paceOf, serviceOf } from "./options.js";
import { refuseSharedFiles } from "./places.js";
import { openOut, resultsBeside } from "./results.js";
import { count, counted, printable, table } from "./text.js";

/** @typedef {import("./options.js").Given} Given */
/** @typedef {import("./screen.js").Screen} Screen */
/** @typedef {import("issue-bulk").RevokeReport} RevokeReport */

export const HELP = `
FILE holds results as run writes them; every row with the outcome issued is taken back. Keep only
the rows you mean: a journal (*.issue-bulk) as FILE means all of them. What a customer has redeemed
stays. FILE may also hold the results of an earlier revocation: what is unsent or unknown there is
tried again.

The service documents the call for earn ids. That the id of an issuance is one is NOT documented.
So the first call takes a single issuance back, and only when its answer says so do others follow.`;

/**
 * @param {string} file
 * @param {Given} given
 * @param {Screen} screen
 * @returns {Promise<number>} the exit code
 */
export async function revoke(file, given, screen) {
  const { service, who } = await serviceOf(given);
  const options = { ...service, ...paceOf(given) };
  await checkOptions(options, given);
  const place = given.out ?? ((await isStream(file)) ? undefined : resultsBeside(file, "revoked"));
  await refuseSharedFiles({ "the issuances to revoke": file, "the results": place });
  const out = await openOut(place, given);
  const issuances = await readIssuances(file, given.promotion);
  await confirmWords(screen, {
    words: `revoke ${issuances.length}`,
    typed: given.confirm,
    purpose: `take ${counted(issuances.length, "issuance")} back`,
    rows: [
      ["Promotion", issuances[0]?.promotionId ?? ""],
      ["Customers", count(new Set(issuances.map(({ customerId }) => customerId)).size)],
      ["Service", `${service.host}, as ${who}`],
    ],
  });
  const interrupt = new Interrupt(screen);
  const { signal, transport } = interrupt;
  const onProgress = (/** @type {import("issue-bulk").RevokeCounts} */ { revoked }) =>
    screen.live(`Revoked ${count(revoked)} of ${counted(issuances.length, "issuance")}`);
  try {
    const report = await takeBack({ issuances }, { ...options, signal, transport, onProgress });
    screen.live("");
    return await finish(report, out, screen);
  } finally {
    screen.live("");
    interrupt.end();
  }
}

/**
 * Checks host, path, headers and pace before anything is asked, as for a run.
 *
 * @param {import("issue-bulk").RunOptions} options
 * @param {Given} given
 */
async function checkOptions(options, { promotion = "any" }) {
  const request = { promotionId: promotion, contextId: "revoke", customerIds: ["1"] };
  await planIssueBulk(request, options);
}

const MEANING = Object.freeze({
  revoked: "",
  refused: "the service said no",
  unsent: "not taken back",
  unknown: "may have been taken back; repeating the command does no harm",
});

/**
 * @param {RevokeReport} report
 * @param {import("./out.js").Out | null} out
 * @param {Screen} screen
 */
async function finish(report, out, screen) {
  const { counts, stopped } = report;
  const lines = Object.entries(counts).map(([name, value]) => {
    const meaning = MEANING[/** @type {keyof typeof counts} */ (name)];
    const title = name === "unsent" ? "Not sent" : `${name[0]?.toUpperCase()}${name.slice(1)}`;
    return /** @type {const} */ ([title, `${count(value)}${value > 0 ? `  ${meaning}` : ""}`]);
  });
  for (const line of table(lines)) screen.result(line.trimEnd());
  for (const line of reasons(report)) screen.result(line);
  const { refused, unsent, unknown } = counts;
  const sums = { rejected: refused, unsent, unknown, invalid: 0 };
  const ended = exitCodeOf({ counts: sums, stopped });
  for (const line of stopLines(stopped, ended)) screen.result(line);
  const write = (/** @type {import("./out.js").Out} */ to) =>
    to.write(to.isNdjson ? report.ndjson() : report.csv());
  const { exitCode, results } = await written(out, { screen, exitCode: ended, write });
  screen.event("summary", { exitCode, counts, stopped, results });
  return exitCode;
}

/**
 * What the service said, most of it once for many.
 *
 * @param {RevokeReport} report
 */
function reasons(report) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const { outcome, code, status, message } of report) {
    if (outcome === "revoked" || message === "") continue;
    const facts = code !== null ? `code ${code}` : status !== null ? `HTTP ${status}` : outcome;
    const key = `${facts}: ${printable(message)}`;
    sums.set(key, (sums.get(key) ?? 0) + 1);
  }
  return [...sums].slice(0, 10).map(([text, sum]) => `  ${count(sum)} ${text}`);
}
