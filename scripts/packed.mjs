// A project that has the packed package installed, and a copy of tests that see nothing else of it.

import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT, testFiles } from "./project.mjs";
import { run } from "./run.mjs";

/**
 * Pack the built package as `npm publish` would.
 *
 * @param {string} folder receives the tarball
 * @param {string} log
 * @returns {Promise<string>} the tarball
 */
export async function pack(folder, log) {
  const args = ["pack", "--ignore-scripts", "--pack-destination", folder];
  await run("npm", args, { cwd: join(ROOT, "pkg"), log });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error("npm pack made no file");
  return join(folder, tarball);
}

/**
 * Make the throw-away project.
 *
 * @param {string} folder that is there and empty
 * @param {string} tests folder of the tests, relative to the root
 * @param {string} log
 * @returns {Promise<string[]>} its test files
 */
export async function installPacked(folder, tests, log) {
  const tarball = await pack(folder, log);
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  // What the package can use where its user has it.
  const peer = `undici@${devDependencies.undici}`;
  const args = ["install", "--ignore-scripts", "--no-audit", tarball, peer];
  await run("npm", args, { cwd: folder, log });
  cpSync(join(ROOT, tests), folder, { recursive: true });
  const files = testFiles(tests).map((path) => join(folder, basename(path)));
  if (files.length === 0) throw new Error(`no test file in ${tests}`);
  return files;
}
