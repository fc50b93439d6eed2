// A throw-away project with the packed package installed, and what can be done in one.

import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { ended, launch, run, stop } from "../../scripts/run.mjs";
import { openBrowser } from "./browsers.mjs";
import { serveFiles } from "./serve.mjs";

const PROGRAM = readFileSync(fileURLToPath(new URL("program.js", import.meta.url)), "utf8");

/** Minutes that one command may take: a build on a slow machine. */
const COMMAND_MINUTES = 5;

/** Nothing here reports home. */
const QUIET = { NEXT_TELEMETRY_DISABLED: "1", DENO_NO_UPDATE_CHECK: "1", DO_NOT_TRACK: "1" };

/**
 * @typedef {object} Setting
 * @property {string} folder which is made
 * @property {string} tarball the packed package
 * @property {{ host: string, collector: string }} where for the program
 * @property {string} log
 */

export class Project {
  /** @type {(() => Promise<void>)[]} */
  #closers = [];

  /** @param {Setting} setting */
  constructor({ folder, tarball, where, log }) {
    this.folder = folder;
    this.tarball = tarball;
    this.where = where;
    this.log = log;
  }

  /** Installs the package as a user does, and puts the program beside it in both module forms. */
  async create() {
    mkdirSync(this.folder);
    this.write("package.json", '{ "private": true, "type": "module" }\n');
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
    await this.exec("npm", ["install", ...flags, this.tarball]);
    this.write("program.js", PROGRAM);
    this.write("program.cjs", transformSync(PROGRAM, { format: "cjs" }).code);
    const where = JSON.stringify(this.where);
    this.write("where.js", `export const where = ${where};\n`);
    this.write("where.cjs", `exports.where = ${where};\n`);
  }

  /** @param {string[]} names inside the project */
  path(...names) {
    return join(this.folder, ...names);
  }

  /**
   * A tool of tests/matrix/package.json: it is installed in the folder above, where imports of the
   * project find it as well.
   *
   * @param {string} path in node_modules
   */
  tool(path) {
    return join(dirname(this.folder), "node_modules", path);
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  write(name, text) {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  /**
   * Runs a command in the project to its end.
   *
   * @param {string} command
   * @param {string[]} args
   * @param {{ cwd?: string, env?: Record<string, string> }} [options]
   */
  async exec(command, args, { cwd = this.folder, env = {} } = {}) {
    const options = { cwd, env: { ...QUIET, ...env }, log: this.log, minutes: COMMAND_MINUTES };
    await run(command, args, options);
  }

  /**
   * Starts a server in the project, which ends with it.
   *
   * @param {string} command
   * @param {string[]} args
   * @param {{ ready: RegExp, env?: Record<string, string> }} options `ready`: what it prints once
   *   it serves; its first group is the result
   * @returns {Promise<string>}
   * @throws {Error} when it ends before
   */
  async start(command, args, { ready, env = {} }) {
    const child = launch(command, args, {
      cwd: this.folder,
      env: { ...QUIET, NO_COLOR: "1", FORCE_COLOR: "0", ...env },
      stdin: "ignore",
    });
    this.#closers.push(() => stop(child));
    const log = createWriteStream(this.log, { flags: "a" });
    child.stderr?.pipe(log, { end: false });
    const input = /** @type {import("stream").Readable} */ (child.stdout);
    const lines = createInterface({ input });
    /** @type {Promise<string>} */
    const found = new Promise((resolve) => {
      lines.on("line", (line) => {
        log.write(`${line}\n`);
        const match = ready.exec(line);
        if (match !== null) resolve(match[1] ?? "");
      });
    });
    const early = ended(child).then((how) => {
      throw new Error(`${command} ${args[0]}: ${how} before it was ready; see ${this.log}`);
    });
    early.catch(() => {});
    return Promise.race([found, early]);
  }

  /**
   * Serves files of the project as a plain web server would.
   *
   * @param {string} [folder] in the project; default all of it
   * @param {Record<string, string>} [headers] of every answer
   * @returns {Promise<string>} the address of its index.html
   */
  async serve(folder = ".", headers = {}) {
    const { url, stop: close } = await serveFiles(this.path(folder), headers);
    this.#closers.push(close);
    return url;
  }

  /**
   * Opens a page in a browser, which ends with the project.
   *
   * @param {import("./browsers.mjs").BrowserName} browser
   * @param {string} url
   */
  async browse(browser, url) {
    this.#closers.push(await openBrowser(browser, url, this.path(`profile-${browser}`), this.log));
  }

  /**
   * Asks a server of the project for an answer, as a client of its route would.
   *
   * @param {string} url
   */
  async request(url) {
    const answer = await fetch(url);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${url}: status ${answer.status}: ${text.slice(0, 500)}`);
  }

  /** Ends what was started, the newest first. */
  async close() {
    for (const closer of this.#closers.splice(0).reverse()) await closer();
  }
}
