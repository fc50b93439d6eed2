/** A last look before anything is issued. */
import { Refusal } from "./exit.js";
import { count, counted, printable, table } from "./text.js";

/**
 * @param {import("./screen.js").Screen} screen
 * @param {{ yes?: boolean | undefined }} given
 * @throws {Refusal} `not-confirmed` where nobody is there to ask
 */
export function requireSomebody(screen, { yes = false }) {
  if (yes || screen.isInteractive) return;
  throw new Refusal(
    "not-confirmed",
    "Nothing was sent: there is no terminal to confirm it on. Look at `issue-bulk plan` first, " +
      "then add --yes.",
  );
}

/**
 * @param {{ host: string }} service
 * @param {string} who
 * @returns {readonly [string, string]}
 */
export function serviceRow({ host }, who) {
  return ["Service", `${host}, as ${who}`];
}

/**
 * What `--ambiguous retry` puts at risk.
 *
 * @param {import("./options.js").Given} given
 * @returns {(readonly [string, string])[]}
 */
export function retriedRows({ ambiguous }) {
  if (ambiguous !== "retry") return [];
  return [["In doubt", "sent again: a customer whose answer is lost may get it TWICE"]];
}

/**
 * Has the number of customers typed: a key pressed too early confirms nothing.
 *
 * @param {import("./screen.js").Screen} screen
 * @param {{ verb: string, customers: number, rows: (readonly [string, string])[] }} what
 * @throws {Refusal} `not-confirmed`
 */
export async function confirm(screen, { verb, customers, rows }) {
  showRows(screen, rows);
  const question = `Type ${customers} to ${verb} ${counted(customers, "customer")}: `;
  const answer = await screen.ask(screen.colors.bold(question));
  if (answer.replaceAll(",", "") === String(customers)) return;
  throw new Refusal("not-confirmed", `Nothing was sent: ${count(customers)} was not typed.`);
}

/**
 * Has words typed, or given with `--confirm` by a script.
 *
 * @param {import("./screen.js").Screen} screen
 * @param {{ words: string, typed: string | undefined, purpose: string,
 *   rows: (readonly [string, string])[] }} what
 * @throws {Refusal} `not-confirmed`
 */
export async function confirmWords(screen, { words, typed, purpose, rows }) {
  showRows(screen, rows);
  if (typed === undefined && !screen.isInteractive) {
    const message = `Nothing was sent. To ${purpose} without a terminal, add --confirm "${words}".`;
    throw new Refusal("not-confirmed", message);
  }
  const question = screen.colors.bold(`Type "${words}" to ${purpose}: `);
  const answer = typed ?? (await screen.ask(question));
  if (answer === words) return;
  throw new Refusal("not-confirmed", `Nothing was sent: it takes the words "${words}".`);
}

/**
 * @param {import("./screen.js").Screen} screen
 * @param {(readonly [string, string])[]} rows
 */
function showRows(screen, rows) {
  const shown = rows.map(([name, text]) => /** @type {const} */ ([name, printable(text)]));
  for (const line of table(shown)) screen.note(line);
  screen.note("");
}
