/** `revoke`: takes issuances back that were made in error. */
import { planIssueBulk } from "issue-bulk";
import { Caller } from "./caller.js";
import { confirmWords } from "./confirm.js";
import { EXIT } from "./exit.js";
import { written } from "./finish.js";
import { isStream } from "./input.js";
import { Interrupt } from "./interrupt.js";
import { readTargets } from "./issuances.js";
import { serviceOf } from "./options.js";
import { refuseSharedFiles } from "./places.js";
import { openOut, resultsBeside } from "./results.js";
import { Revoking } from "./revoking.js";
import { revokedRows } from "./revoked-rows.js";
import { count, counted, printable, table } from "./text.js";

/** @typedef {import("./options.js").Given} Given */
/** @typedef {import("./screen.js").Screen} Screen */
/** @typedef {import("./revocation.js").Target} Target */
/** @typedef {import("./revocation.js").Revoked} Revoked */

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
  await checkService(service, given);
  const place = given.out ?? ((await isStream(file)) ? undefined : resultsBeside(file, "revoked"));
  await refuseSharedFiles({ "the issuances to revoke": file, "the results": place });
  const out = await openOut(place, given);
  const targets = await readTargets(file, given.promotion);
  const issuances = targets.reduce((sum, { ids }) => sum + ids.length, 0);
  await confirmWords(screen, {
    words: `revoke ${issuances}`,
    typed: given.confirm,
    purpose: `take ${counted(issuances, "issuance")} back`,
    rows: [
      ["Promotion", targets[0]?.promotionId ?? ""],
      ["Customers", count(targets.length)],
      ["Service", `${service.host}, as ${who}`],
    ],
  });
  const interrupt = new Interrupt(screen);
  try {
    const caller = new Caller(service, interrupt.lastSignal);
    const revoking = new Revoking(caller, { ...given, signal: interrupt.signal, screen });
    const stopped = await revoking.all(targets);
    screen.live("");
    return await finish(revoking.rows, { stopped, out, screen });
  } finally {
    interrupt.end();
  }
}

/**
 * Host, path and headers are checked by the library, as for a run.
 *
 * @param {import("issue-bulk").RunOptions} service
 * @param {Given} given
 */
async function checkService(service, { promotion = "any" }) {
  const request = { promotionId: promotion, contextId: "revoke", customerIds: ["1"] };
  await planIssueBulk(request, service);
}

const MEANING = Object.freeze({
  revoked: "",
  refused: "the service said no",
  unsent: "not taken back",
  unknown: "may have been taken back; repeating the command does no harm",
});

/**
 * @param {readonly Revoked[]} rows
 * @param {{ stopped: import("./revoking.js").Stop | null, out: import("./out.js").Out | null,
 *   screen: Screen }} how
 */
async function finish(rows, { stopped, out, screen }) {
  const counts = { revoked: 0, refused: 0, unsent: 0, unknown: 0 };
  for (const { outcome } of rows) counts[outcome] += 1;
  const lines = Object.entries(counts).map(([name, value]) => {
    const meaning = MEANING[/** @type {keyof typeof counts} */ (name)];
    const title = name === "unsent" ? "Not sent" : `${name[0]?.toUpperCase()}${name.slice(1)}`;
    return /** @type {const} */ ([title, `${count(value)}${value > 0 ? `  ${meaning}` : ""}`]);
  });
  for (const line of table(lines)) screen.result(line.trimEnd());
  for (const line of reasons(rows)) screen.result(line);
  if (stopped !== null) screen.result(`Stopped: ${printable(stopped.reason)}`);
  const write = (/** @type {import("./out.js").Out} */ to) => to.write(revokedRows(rows, to));
  const how = { screen, exitCode: exitCodeOf(counts, stopped), write };
  const { exitCode, results } = await written(out, how);
  screen.event("summary", { exitCode, counts, stopped, results });
  return exitCode;
}

/** @param {readonly Revoked[]} rows */
function reasons(rows) {
  /** @type {Map<string, number>} */
  const sums = new Map();
  for (const { outcome, code, status, message } of rows) {
    if (outcome === "revoked" || message === "") continue;
    const facts = code !== null ? `code ${code}` : status !== null ? `HTTP ${status}` : outcome;
    const key = `${facts}: ${printable(message)}`;
    sums.set(key, (sums.get(key) ?? 0) + 1);
  }
  return [...sums].slice(0, 10).map(([text, sum]) => `  ${count(sum)} ${text}`);
}

/**
 * @param {{ refused: number, unsent: number, unknown: number }} counts
 * @param {import("./revoking.js").Stop | null} stopped
 */
function exitCodeOf({ refused, unsent, unknown }, stopped) {
  if (stopped !== null) return stopped.code === "cancelled" ? EXIT.interrupted : EXIT.stopped;
  if (unknown > 0) return EXIT.unknown;
  return refused + unsent > 0 ? EXIT.incomplete : EXIT.issued;
}
