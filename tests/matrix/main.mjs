// The packed package in every environment: each issues 1,000 ids at the gateway, and its report is
// compared with the gateway's account, id by id.
//   npm run test:matrix                       all environments
//   npm run test:matrix -- rollup "Vite, dev"    only these
//   node tests/matrix/main.mjs --core         those of `npm test`; package and gateway are built

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { buildPackageAndGateway } from "../../scripts/build.mjs";
import { startGateway } from "../../scripts/gateway.mjs";
import { pack } from "../../scripts/packed.mjs";
import { installPrograms } from "../../scripts/programs.mjs";
import { LOGS, ROOT } from "../../scripts/project.mjs";
import { printFailure, run, stopAll, stopOnSignals } from "../../scripts/run.mjs";
import { setUp } from "../../scripts/setup.mjs";
import { startCollector } from "./collector.mjs";
import { ENVIRONMENTS } from "./environments.mjs";
import { compare } from "./judge.mjs";
import { Project } from "./project.mjs";
import { weigh } from "./shipped.mjs";
import { print, printCounts, printProgress } from "./table.mjs";

/** @typedef {import("./environments.mjs").Environment} Environment */
/** @typedef {import("./table.mjs").Row} Row */

/** Milliseconds from the start of an environment to its report: a cold browser is slow. */
const REPORT_MS = 60_000;

// Not `matrix.log`, in which `npm test` keeps what this program prints.
const LOG = join(LOGS, "environments.log");

const TOOLS = join(ROOT, "tests", "matrix");

/**
 * The environments asked for.
 *
 * @param {string[]} words
 * @throws {Error} when one is unknown
 */
function chosen(words) {
  if (words.includes("--core")) return ENVIRONMENTS.filter(({ core }) => core === true);
  const known = new Set(ENVIRONMENTS.map(({ name }) => name));
  const unknown = words.filter((word) => !known.has(word));
  if (unknown.length > 0) {
    throw new Error(`no environment is called ${unknown[0]}; there are: ${[...known].join("; ")}`);
  }
  if (words.length === 0) return ENVIRONMENTS;
  return ENVIRONMENTS.filter(({ name }) => words.includes(name));
}

/**
 * Everything beyond `npm test`: built and installed here, so that the command works by itself.
 *
 * @param {Environment[]} environments
 * @param {string} folder where the projects will be; the tools go into its node_modules
 */
async function prepareAll(environments, folder) {
  await setUp({ programs: true });
  await buildPackageAndGateway();
  if (environments.some(({ webkit }) => webkit === true)) {
    await installPrograms(LOG, ["webkit", "xvfb"]);
  }
  if (environments.every(({ core }) => core === true)) return;
  for (const name of ["package.json", "package-lock.json"]) {
    cpSync(join(TOOLS, name), join(folder, name));
  }
  await run("npm", ["ci", "--ignore-scripts", "--prefer-offline"], { cwd: folder, log: LOG });
}

/** One run of the matrix: what all environments share. */
class Matrix {
  /** @type {Map<string, Promise<Project>>} */
  #groups = new Map();
  #projects = 0;

  /**
   * @param {string} folder
   * @param {string} tarball
   * @param {import("../../scripts/gateway.mjs").Gateway} gateway
   * @param {import("./collector.mjs").Collector} collector
   */
  constructor(folder, tarball, gateway, collector) {
    this.folder = folder;
    this.tarball = tarball;
    this.gateway = gateway;
    this.collector = collector;
  }

  /**
   * Plays one environment; whatever goes wrong is a row, never an exception.
   *
   * @param {Environment} environment
   * @returns {Promise<Row>}
   */
  async play(environment) {
    const begin = performance.now();
    /** @type {Row} */
    const row = { name: environment.name, imported: false, ran: false, equal: false, ms: 0 };
    try {
      await this.#play(environment, row);
    } catch (error) {
      row.error = error;
    }
    return { ...row, ms: performance.now() - begin };
  }

  /**
   * @param {Environment} environment
   * @param {Row} row
   */
  async #play(environment, row) {
    const project = await this.#prepared(environment);
    await fetch(`http://${this.gateway.control}/reset`, { method: "POST" });
    const posts = this.collector.begin();
    try {
      const ran = environment.run(project);
      // A command may fail after its program did, which is what counts then.
      ran.catch(() => {});
      const told = await Promise.race([posts.report, ran.then(() => soon(posts.report))]);
      await ran;
      row.ran = true;
      await compare(told, this.gateway);
      row.equal = true;
      const files = await environment.shipped(project);
      if (files !== null) row.shipped = weigh(files);
    } finally {
      row.imported = posts.imported !== null;
      await project.close();
    }
  }

  /** @param {Environment} environment */
  #prepared(environment) {
    const known = environment.group && this.#groups.get(environment.group);
    if (known) return known;
    const prepared = this.#prepare(environment);
    if (environment.group !== undefined) this.#groups.set(environment.group, prepared);
    return prepared;
  }

  /** @param {Environment} environment */
  async #prepare(environment) {
    this.#projects += 1;
    const folder = join(this.folder, `project-${this.#projects}`);
    const where = { host: `http://${this.gateway.http}`, collector: this.collector.url };
    const project = new Project({ folder, tarball: this.tarball, where, log: LOG });
    await project.create();
    await environment.prepare(project);
    return project;
  }
}

/**
 * The report, if it comes in time.
 *
 * @template T
 * @param {Promise<T>} report
 * @returns {Promise<T>}
 */
async function soon(report) {
  const late = new AbortController();
  const timer = delay(REPORT_MS, null, { signal: late.signal }).then(() => {
    throw new Error(`no report within ${REPORT_MS / 1_000} s; see target/logs/matrix.log`);
  });
  timer.catch(() => {});
  try {
    return await Promise.race([report, timer]);
  } finally {
    late.abort();
  }
}

async function main() {
  rmSync(LOG, { force: true });
  const words = process.argv.slice(2);
  const environments = chosen(words);
  const folder = mkdtempSync(join(tmpdir(), "issue-bulk-matrix-"));
  const collector = await startCollector();
  try {
    if (!words.includes("--core")) await prepareAll(environments, folder);
    const tarball = await pack(folder, LOG);
    const matrix = new Matrix(folder, tarball, await startGateway(), collector);
    /** @type {Row[]} */
    const rows = [];
    for (const environment of environments) {
      const row = await matrix.play(environment);
      rows.push(row);
      printProgress(row);
      if (row.error !== undefined) printFailure(row.error);
    }
    print(rows);
    printCounts(rows);
    if (rows.some(({ error }) => error !== undefined)) process.exitCode = 1;
  } finally {
    await collector.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

stopOnSignals();
main()
  .catch((error) => {
    printFailure(error);
    process.exitCode = 1;
  })
  .finally(stopAll);
