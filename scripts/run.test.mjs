import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { CommandError, ended, launch, lead, run, stop } from "./run.mjs";
import { operatorToken, workerVariables, writeVariables } from "./worker.mjs";

const FOLDER = mkdtempSync(join(tmpdir(), "issue-bulk-scripts-"));
// These tests are about whole groups, which a test otherwise leaves to whoever runs it.
lead();
after(() => rmSync(FOLDER, { recursive: true }));

/** @param {string} code */
const script = (code) => ["--eval", code];

test("a command that succeeds leaves its output in the log", async () => {
  const log = join(FOLDER, "good.log");
  await run(process.execPath, script('console.log("out"); console.error("err")'), { log });
  assert.match(readFileSync(log, "utf8"), /\nout\n/);
  assert.match(readFileSync(log, "utf8"), /\nerr\n/);
});

test("a command that fails is reported with its exit code and the end of its output", async () => {
  const log = join(FOLDER, "bad.log");
  const failing = run(process.execPath, script('console.log("why"); process.exit(3)'), { log });
  await assert.rejects(failing, (error) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, /exit 3/);
    assert.match(error.tail, /why/);
    return true;
  });
});

test("a command that cannot be started is reported", async () => {
  const log = join(FOLDER, "none.log");
  await assert.rejects(run(join(FOLDER, "missing"), [], { log }), /could not start/);
});

test("a command that hangs is killed with its children and reported", async () => {
  const log = join(FOLDER, "hang.log");
  const code = `
    require("node:child_process").spawn(process.execPath, ["--eval", "setInterval(()=>{}, 1e6)"],
      { stdio: "inherit" });`;
  // The log is complete only when the grandchild has let go of it, so this resolves only if the
  // whole group is gone.
  const hanging = run(process.execPath, script(code), { log, minutes: 0.02 });
  await assert.rejects(hanging, /took more than 0.02 minutes/);
});

test("stopping a child stops what it started", async () => {
  const code = `
    const child = require("node:child_process").spawn(process.execPath,
      ["--eval", "console.log('up'); setInterval(() => {}, 1e6)"], { stdio: "inherit" });`;
  const child = launch(process.execPath, script(code), { stdin: "ignore" });
  const end = ended(child);
  const out = /** @type {import("stream").Readable} */ (child.stdout);
  await new Promise((resolve) => createInterface({ input: out }).once("line", resolve));
  await stop(child);
  assert.match(await end, /killed by SIGTERM|exit/);
  await stop(child);
});

test("a child that ignores SIGTERM is killed", async () => {
  const code = 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1e6)';
  const child = launch(process.execPath, script(code), { stdin: "ignore" });
  const end = ended(child);
  const out = /** @type {import("stream").Readable} */ (child.stdout);
  await new Promise((resolve) => createInterface({ input: out }).once("line", resolve));
  await stop(child, 50);
  assert.equal(await end, "killed by SIGKILL");
});

test("the operator token is random, kept, and written for its owner only", () => {
  const file = join(FOLDER, ".dev.vars");
  const token = operatorToken(file);
  assert.match(token, /^[\w-]{43}$/);
  assert.notEqual(operatorToken(file), token);
  writeFileSync(file, "", { mode: 0o644 });
  const options = { operatorToken: token, origins: ["http://a", "http://b"] };
  writeVariables(file, workerVariables({ http: "127.0.0.1:1" }, options));
  assert.equal(operatorToken(file), token);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const text = readFileSync(file, "utf8");
  assert.match(text, /^SERVICE_HOST="127\.0\.0\.1:1"$/m);
  assert.match(text, /^ALLOWED_ORIGINS="http:\/\/a,http:\/\/b"$/m);
  assert.doesNotMatch(text, /server123/);
});
