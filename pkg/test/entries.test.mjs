// Every way into the package that Node can take gives the same functions on the same core.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createContext, runInContext } from "node:vm";
import * as main from "issue-bulk";
import { inside } from "./inside.mjs";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const load = createRequire(import.meta.url);
const packaged = (/** @type {string} */ path) =>
  readFileSync(new URL(path, import.meta.resolve("issue-bulk/package.json")));

const FACE = [
  "IssueBulkError",
  "checkPromotion",
  "fetchTransport",
  "giveOutUnsent",
  "indexedDbJournal",
  "issueBulk",
  "planIssueBulk",
  "readJournal",
  "reconcile",
  "resumeIssueBulk",
  "revoke",
  "startIssueBulk",
  "startResumeIssueBulk",
  "version",
];

/** @param {typeof main} face */
async function issues(face) {
  assert.equal(face.version(), main.version());
  const report = await face.issueBulk(what(ids(1_000)), service.where({ batchSize: 100 }));
  assert.equal(report.counts.issued, 1_000);
  assert.equal((await service.gateway.summary()).distinctIssued, 1_000);
}

test("the default entry exports the face and nothing generated", async () => {
  assert.deepEqual(Object.keys(main).sort(), FACE);
  await issues(main);
});

test("require() gives the same face on a core of its own", async () => {
  const face = load("issue-bulk");
  assert.deepEqual(Object.keys(face).sort(), FACE);
  assert.notEqual(face.issueBulk, main.issueBulk);
  await issues(face);
});

test("a resolver that reads no exports finds the entries by the manifests of folders", async () => {
  const folder = fileURLToPath(new URL(".", import.meta.resolve("issue-bulk/package.json")));
  // A path has no exports; webpack 4, Parcel 2 and node10 look a name up in this way.
  assert.equal(load(join(folder, "node")), load("issue-bulk/node"));
  const slim = pathToFileURL(load.resolve(join(folder, "slim"))).href;
  assert.equal(await import(slim), await import("issue-bulk/slim"));
  for (const name of ["node", "slim"]) {
    const { main, module = main, types } = load(join(folder, name, "package.json"));
    for (const path of [main, module, types]) readFileSync(join(folder, name, path));
  }
});

test("the script for a page defines one global", async () => {
  const globals = { ...globalsOfPages(), fetch };
  const context = createContext(globals);
  const before = Object.keys(context);
  runInContext(packaged("dist/main.global.js").toString(), context);
  const made = Object.keys(context).filter((name) => !before.includes(name));
  assert.deepEqual(made, ["IssueBulk"]);
  const face = runInContext("IssueBulk", context);
  assert.deepEqual(Object.keys(face).sort(), FACE);
  await issues(face);
});

test("an import never throws: the first call names what the environment lacks", () => {
  const script = packaged("dist/main.global.js").toString();
  const lacks = /** @type {const} */ ([
    ["TextDecoder", /no TextDecoder.*jsdom/],
    ["TextEncoder", /no TextEncoder.*jsdom/],
    ["WebAssembly", /no WebAssembly.*--jitless/],
  ]);
  for (const [name, said] of lacks) {
    const context = createContext(globalsOfPages());
    runInContext(`delete globalThis.${name};`, context);
    const face = runInContext(`${script}; IssueBulk`, context);
    const error = thrownBy(() => face.version());
    assert.deepEqual([error.name, error.code], ["IssueBulkError", "core-not-ready"], name);
    assert.match(error.message, said);
    assert.doesNotMatch(error.message, /Content-Security-Policy/);
    assert.equal(error.cause.message, `${name} is not defined`);
  }
});

test("without WebAssembly or TextDecoder both kinds of module load and say so", () => {
  const call = ".version(); } catch (error) { console.log(error.code, error.message); }";
  const loads = [
    `const face = await import("issue-bulk"); try { face${call}`,
    `const face = await import("issue-bulk/slim");
    try { await face.init(new Uint8Array(8)); face${call}`,
    `import { createRequire } from "node:module";
    const face = createRequire(process.cwd() + "/x")("issue-bulk"); try { face${call}`,
  ];
  for (const load of loads) {
    const without = `delete globalThis.TextDecoder; ${load}`;
    /** @type {[string[], string, RegExp][]} */
    const ways = [
      [["--jitless"], load, /^core-not-ready .*no WebAssembly/],
      [[], without, /^core-not-ready .*no TextDecoder/],
    ];
    for (const [flags, program, said] of ways) {
      const cwd = dirname(fileURLToPath(import.meta.url));
      const args = [...flags, "--input-type=module", "--eval", program];
      const { status, stdout } = spawnSync(process.execPath, args, { cwd });
      assert.equal(status, 0, program);
      assert.match(stdout.toString(), said);
    }
  }
});

test("a policy against compiling is named where it is the cause, and only there", () => {
  const messages = /** @type {const} */ ([
    ["Refused to compile WebAssembly: 'unsafe-eval' is not allowed by the page", true],
    ["call to WebAssembly.Module() blocked by CSP", true],
    ["Wasm code generation disallowed by embedder", false],
    ["expected magic word", false],
  ]);
  for (const [message, isPolicy] of messages) {
    const context = createContext({ ...globalsOfPages(), WebAssembly: { Module: refusing } });
    function refusing() {
      throw new Error(message);
    }
    const script = `${packaged("dist/main.global.js")}; IssueBulk`;
    const error = thrownBy(() => runInContext(script, context).version());
    assert.equal(error.code, "core-not-ready");
    assert.equal(error.cause.message, message);
    assert.equal(/Content-Security-Policy/.test(error.message), isPolicy, error.message);
  }
});

/**
 * @param {() => unknown} action
 * @returns {any}
 */
function thrownBy(action) {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** What the package may use of a page; anything else would be missing here. */
function globalsOfPages() {
  const { TextDecoder, TextEncoder, AbortController, ReadableStream, Response } = globalThis;
  const { performance, setTimeout, clearTimeout, queueMicrotask, atob } = globalThis;
  const web = { TextDecoder, TextEncoder, AbortController, ReadableStream, Response };
  return { ...web, performance, setTimeout, clearTimeout, queueMicrotask, atob, WebAssembly };
}

test("the entry for Node has one class of errors with the face it is used with", async () => {
  const names = ["fileInput", "fileJournal", "undiciTransport"];
  const esm = await import("issue-bulk/node");
  assert.deepEqual(Object.keys(esm).sort(), names);
  const required = load("issue-bulk/node");
  assert.deepEqual(Object.keys(required).sort(), names);
  const folder = mkdtempSync(join(tmpdir(), "issue-bulk-lock-"));
  try {
    /** @type {[typeof main, typeof esm][]} */
    const pairs = [
      [main, esm],
      [load("issue-bulk"), required],
    ];
    const journal = esm.fileJournal(join(folder, "a.journal"));
    await journal.truncate(0);
    for (const [face, node] of pairs) {
      const locked = face.readJournal(node.fileJournal(join(folder, "a.journal")));
      await assert.rejects(locked, (error) => {
        assert.ok(error instanceof face.IssueBulkError);
        assert.equal(error.code, "journal-locked");
        return true;
      });
    }
    await journal.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the wasm within the default entry is the one beside it, byte for byte", async () => {
  const { packed, unpacked } = await inside();
  const { order, text } = await inside("wasm-text.js");
  assert.deepEqual(Buffer.from(unpacked(order, text)), packaged("dist/core_bg.wasm"));
  assert.match(text, /^[ !#%&'()*+,./0-9:;<=>?@A-Z[\]^_a-z{|}~-]+$/, "no character to escape");
  const all = Uint8Array.from({ length: 1_000 }, (_, at) => (at * at) & 0xff);
  const rare = Uint8Array.from({ length: 0x100 }, (_, at) => at);
  for (const bytes of [all, rare, new Uint8Array(), new Uint8Array(3)]) {
    const made = packed(bytes);
    assert.deepEqual(Buffer.from(unpacked(made.order, made.text)), Buffer.from(bytes));
  }
});

test("slim shares the core of the default entry", async () => {
  const slim = await import("issue-bulk/slim");
  assert.deepEqual(Object.keys(slim).sort(), [...FACE, "init", "initSync"].sort());
  assert.equal(slim.issueBulk, main.issueBulk);
  await slim.init("https://nowhere.example/needs-no-fetch-now.wasm");
  await issues(slim);
});
