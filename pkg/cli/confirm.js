/** A last look before anything is issued. */
import { EXIT, Refusal } from "./exit.js";
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
 * Has the number of customers typed: a key pressed too early confirms nothing.
 *
 * @param {import("./screen.js").Screen} screen
 * @param {{ verb: string, customers: number, rows: (readonly [string, string])[] }} what
 * @throws {Refusal} `not-confirmed`
 */
export async function confirm(screen, { verb, customers, rows }) {
  const shown = rows.map(([name, text]) => /** @type {const} */ ([name, printable(text)]));
  for (const line of table(shown)) screen.note(line);
  const question = `Type ${customers} to ${verb} ${counted(customers, "customer")}: `;
  screen.note("");
  const answer = await screen.ask(screen.colors.bold(question));
  if (answer.replaceAll(",", "") === String(customers)) return;
  const message = `Nothing was sent: ${count(customers)} was not typed.`;
  throw new Refusal("not-confirmed", message, { exitCode: EXIT.usage });
}
