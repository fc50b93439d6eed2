// `THIRD-PARTY-NOTICES`: the licences of everything that the package's files were made of. Each
// text is the library's own file, read where cargo, rustup and npm keep it; nothing is downloaded.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT, WASM_TARGET, environment } from "../scripts/project.mjs";

/**
 * @typedef {object} Library
 * @property {string} name
 * @property {string} version
 * @property {string} licence in the words of its manifest
 * @property {string[]} files with the texts
 */

const HEAD = `This package is licensed under MIT OR Apache-2.0; see LICENSE-MIT and LICENSE-APACHE.
Its files in dist/ contain the following libraries, which come under licences of their own.
`;
const IN_CORE = "the WebAssembly, its glue and what holds them";
const IN_CLI = "dist/cli.js";

const TEXTS = /^(?:un)?licen[cs]e|^copying|^notice/i;
const APACHE = /apache/i;
const MIT = /mit/i;

/**
 * @param {readonly string[]} inputs of the command line's bundle, relative to the root
 * @returns {string}
 * @throws {Error} when a library has no licence file
 */
export function notices(inputs) {
  const parts = [
    ...[toolchain(), ...crates()].map((library) => notice(library, IN_CORE)),
    ...npmPackages(inputs).map((library) => notice(library, IN_CLI)),
  ];
  return [HEAD, ...parts].join(`\n${"-".repeat(80)}\n\n`);
}

/**
 * @param {Library} library
 * @param {string} place where it ended up
 */
function notice({ name, version, licence, files }, place) {
  const texts = files.map((file) => readFileSync(file, "utf8").replaceAll("\r\n", "\n").trim());
  return `${name} ${version} (${licence}), in ${place}\n\n${texts.join("\n\n")}\n`;
}

/**
 * The standard library.
 *
 * @returns {Library}
 */
function toolchain() {
  const sysroot = command("rustc", ["--print", "sysroot"]);
  const [, version = ""] = command("rustc", ["--version"]).split(" ");
  const files = [join(sysroot, "share", "doc", "rust", "licenses", "MIT.txt")];
  return { name: "The Rust standard library", version, licence: "MIT OR Apache-2.0", files };
}

/**
 * What cargo compiles into the wasm.
 *
 * @returns {Library[]}
 */
function crates() {
  const where = ["--target", WASM_TARGET, "--package", "issue-bulk", "--offline"];
  const tree = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
  const names = new Set(command("cargo", ["tree", ...where, ...tree]).split("\n").map(nameOf));
  const all = ["metadata", "--format-version", "1", "--offline", "--filter-platform", WASM_TARGET];
  /** @type {{ name: string, version: string, license: string, manifest_path: string }[]} */
  const packages = JSON.parse(command("cargo", all)).packages;
  return packages
    .filter(({ name, version, manifest_path }) => {
      return names.has(`${name} ${version}`) && !manifest_path.startsWith(ROOT);
    })
    .map(({ name, version, license, manifest_path }) => {
      const files = textsIn(dirname(manifest_path), name);
      return { name, version, licence: license, files };
    });
}

/** @param {string} line of `cargo tree`: "serde v1.0.229" */
function nameOf(line) {
  const [name, version = ""] = line.split(" ");
  return `${name} ${version.slice(1)}`;
}

/**
 * @param {readonly string[]} inputs of the bundle, relative to the root
 * @returns {Library[]}
 */
function npmPackages(inputs) {
  const found = inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []);
  return [...new Set(found)].sort().map((path) => {
    const folder = join(ROOT, path);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const { name, version, license } = manifest;
    return { name, version, licence: license, files: textsIn(folder, name) };
  });
}

/**
 * The licence files of a library. Where it offers MIT or Apache-2.0, its MIT text is enough.
 *
 * @param {string} folder
 * @param {string} name
 */
function textsIn(folder, name) {
  const names = readdirSync(folder).filter((entry) => TEXTS.test(entry)).sort();
  const files = names.flatMap((entry) => {
    const path = join(folder, entry);
    const isFolder = statSync(path).isDirectory();
    return isFolder ? readdirSync(path).sort().map((inner) => join(path, inner)) : [path];
  });
  if (files.length === 0) throw new Error(`${name} has no licence file in ${folder}`);
  const isChoice = files.some((file) => MIT.test(file.slice(folder.length)));
  return files.filter((file) => !isChoice || !APACHE.test(file.slice(folder.length)));
}

/**
 * @param {string} name
 * @param {string[]} args
 */
function command(name, args) {
  const options = { cwd: ROOT, env: environment(), maxBuffer: 64 << 20 };
  return execFileSync(name, args, options).toString().trim();
}
