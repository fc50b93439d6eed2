/** Where results go. They are written beside their place and moved there whole. */
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { access, constants, copyFile, link, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Refusal, systemError } from "./exit.js";
import { identityOf } from "./places.js";
import { printable } from "./text.js";

const STDOUT = "-";

/** @typedef {ReadableStream<Uint8Array> | AsyncIterable<Uint8Array | string>} Rows */

/**
 * A place for results, as it was when the command began: what came there since is somebody else's
 * and is never replaced.
 */
export class Out {
  /** @type {string} */
  name;
  /** @type {string | null} the file that may be replaced; null where there was none */
  #before;
  #isFile;

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {boolean} isFile
   */
  constructor(name, before, isFile) {
    this.name = name;
    this.#before = before;
    this.#isFile = isFile;
  }

  /**
   * Refuses a place that cannot be written, before anything is sent.
   *
   * @param {string | undefined} path `-` for standard output
   * @param {(path: string) => Promise<boolean>} mayReplace whether an existing file is replaced
   * @returns {Promise<Out | null>} null where nothing is to be written
   * @throws {Refusal} `results-exist` or `results-unwritable`
   */
  static async open(path, mayReplace) {
    if (path === undefined) return null;
    if (path === STDOUT) return new Out(path, null, false);
    const there = await stat(path).catch(() => null);
    if (there?.isDirectory()) {
      throw unwritable(`${printable(path)} is a folder; name a file with --out.`);
    }
    // What is no file, such as a pipe, takes the rows itself.
    if (there !== null && !there.isFile()) return new Out(path, null, false);
    if (there !== null && !(await mayReplace(path))) {
      const message = `${printable(path)} exists. Name another file with --out, or use --force.`;
      throw new Refusal("results-exist", message);
    }
    await access(dirname(path), constants.W_OK).catch((error) => {
      throw unwritable(`Results cannot be written: ${systemError(error).message}.`);
    });
    return new Out(path, there === null ? null : await identityOf(path), true);
  }

  get isStdout() {
    return this.name === STDOUT;
  }

  get isNdjson() {
    return /\.(?:ndjson|jsonl)$/i.test(this.name);
  }

  /**
   * @param {Rows} rows
   * @returns {Promise<void>}
   * @throws {Refusal} `results-exist` or `results-unwritable`
   */
  async write(rows) {
    const source = Readable.from(/** @type {AsyncIterable<Uint8Array>} */ (rows));
    if (this.isStdout) return toReader(source);
    try {
      if (!this.#isFile) return await pipeline(source, createWriteStream(this.name));
      await this.#writeFile(source);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw unwritable(`The results were not written: ${systemError(error).message}.`);
    }
  }

  /** @param {Readable} source */
  async #writeFile(source) {
    const part = `${this.name}.${randomUUID()}.part`;
    try {
      await pipeline(source, createWriteStream(part, { flags: "wx" }));
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    if (await this.#moved(part)) return;
    throw new Refusal(
      "results-exist",
      `The results are in ${printable(part)}: another file has come to ${printable(this.name)} ` +
        "since the command began.",
    );
  }

  /**
   * @param {string} part
   * @returns {Promise<boolean>} false where something is in its place that was not there before
   */
  async #moved(part) {
    if (this.#before === null) return movedToFreePlace(part, this.name);
    const now = await stat(this.name).catch(() => null);
    if (now !== null && (await identityOf(this.name)) !== this.#before) return false;
    await rename(part, this.name);
    return true;
  }
}

/**
 * A link never replaces a file, as a rename does; where there are none, a copy that must be new.
 *
 * @param {string} part
 * @param {string} place
 */
async function movedToFreePlace(part, place) {
  try {
    await link(part, place).catch((error) => {
      if (error.code === "EEXIST") throw error;
      return copyFile(part, place, constants.COPYFILE_EXCL);
    });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  }
  await rm(part, { force: true });
  return true;
}

/**
 * Writes to standard output until its reader has enough: who leaves early (`| head`) is no failure.
 *
 * @param {Readable} source
 */
async function toReader(source) {
  try {
    await pipeline(source, process.stdout, { end: false });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EPIPE") throw error;
  }
}

/** @param {string} message */
function unwritable(message) {
  return new Refusal("results-unwritable", message);
}
