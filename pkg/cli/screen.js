/**
 * Everything the command says: results on standard output, the rest on standard error, so that
 * either can be redirected. With `--json` standard output is one JSON object a line instead.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import pico from "picocolors";
import { EXIT, Refusal } from "./exit.js";
import { jsonLine } from "./text.js";

/** Erases the line and goes to its start (ECMA-48 EL). */
const ERASE = "\r\u001b[2K";

/**
 * @typedef {object} ScreenOptions
 * @property {boolean} [json]
 * @property {boolean} [quiet]
 * @property {boolean} [color] false to print no colours
 * @property {string} [out] where results go; `-` takes standard output from everything else
 */

export class Screen {
  #json;
  #quiet;
  #out;
  #live = "";
  /** What can be coloured is on standard error or a terminal's standard output. */
  colors;

  /** @param {ScreenOptions} options */
  constructor({ json = false, quiet = false, color = true, out }) {
    this.#json = json;
    this.#quiet = quiet;
    this.#out = out === "-" ? process.stderr : process.stdout;
    const isPlain = !color || !this.#isColorful();
    this.colors = pico.createColors(!isPlain);
    // Who reads may leave (`| head`); a run goes on to its end all the same.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  }

  /** NO_COLOR and FORCE_COLOR as no-color.org and force-color.org ask; both streams must show. */
  #isColorful() {
    const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
    if (NO_COLOR) return false;
    if (FORCE_COLOR) return FORCE_COLOR !== "0";
    return Boolean(process.stderr.isTTY && this.#out.isTTY) && TERM !== "dumb";
  }

  get isJson() {
    return this.#json;
  }

  /** Whether a line can be rewritten in place. */
  get isLive() {
    const isTerminal = Boolean(process.stderr.isTTY) && process.env.TERM !== "dumb";
    return isTerminal && !this.#json && !this.#quiet;
  }

  /** Whether somebody is there to answer a question. */
  get isInteractive() {
    return Boolean(process.stdin.isTTY && process.stderr.isTTY) && !this.#json;
  }

  /**
   * Part of what was asked for.
   *
   * @param {string} [text]
   */
  result(text = "") {
    if (!this.#json) this.#write(this.#out, `${text}\n`);
  }

  /**
   * Something that goes on meanwhile.
   *
   * @param {string} text
   */
  note(text) {
    if (!this.#json && !this.#quiet) this.#write(process.stderr, `${text}\n`);
  }

  /**
   * Something that must not be missed, whatever was asked.
   *
   * @param {string} text
   */
  warn(text) {
    this.#write(process.stderr, `${this.colors.yellow("warning:")} ${text}\n`);
  }

  /** @param {string} text */
  error(text) {
    this.#write(process.stderr, `${this.colors.red("error:")} ${text}\n`);
  }

  /**
   * For machines.
   *
   * @param {string} type
   * @param {object} fields
   */
  event(type, fields) {
    if (this.#json) this.#write(this.#out, `${jsonLine({ type, ...fields })}\n`);
  }

  /**
   * The line that is rewritten in place, cut to the terminal; empty to take it away.
   *
   * @param {string} text
   */
  live(text) {
    if (!this.isLive || (text === "" && this.#live === "")) return;
    const columns = process.stderr.columns || 80;
    this.#live = text.slice(0, columns - 1);
    process.stderr.write(`${ERASE}${this.#live}`);
  }

  /**
   * @param {NodeJS.WriteStream} stream
   * @param {string} text
   */
  #write(stream, text) {
    if (this.#live === "") return void stream.write(text);
    process.stderr.write(ERASE);
    stream.write(text);
    process.stderr.write(this.#live);
  }

  /**
   * @param {string} question
   * @returns {Promise<string>} the answer without blanks around; empty at the end of the input
   * @throws {Refusal} after Ctrl-C
   */
  ask(question) {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    return new Promise((resolve, reject) => {
      lines.on("SIGINT", () => {
        reject(new Refusal("cancelled", "Nothing was sent.", { exitCode: EXIT.interrupted }));
        lines.close();
      });
      lines.on("close", () => resolve(""));
      lines.question(question, (answer) => {
        resolve(answer.trim());
        lines.close();
      });
    });
  }
}
