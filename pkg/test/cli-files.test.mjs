// The files of the command line: each is what it is at the start, whatever its names are, and none
// of them replaces another.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  createWriteStream, existsSync, linkSync, readFileSync, readdirSync, symlinkSync, writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { BIN, WHAT, environment, start, startOnTerminal, withFolder } from "./cli.mjs";
import { ids, withGateway } from "./runs.mjs";

const service = withGateway();
const { folder, file } = withFolder();

/** @param {string[]} args */
const cli = (args) => start(args, { env: environment(service.gateway.host) }).ended;

/** @param {string} name of a file that is not there yet */
const fresh = (name) => join(folder, name);

/** @param {string} name */
const text = (name) => readFileSync(join(folder, name), "utf8");

test("a named pipe is read once, for the question and for the run", async () => {
  const pipe = fresh("ids.pipe");
  execFileSync("mkfifo", [pipe]);
  const journal = ["--journal", fresh("pipe.issue-bulk"), "--out", fresh("pipe.results.csv")];
  const env = environment(service.gateway.host);
  const run = startOnTerminal(["run", pipe, ...WHAT, ...journal], { env });
  createWriteStream(pipe).end(`customer_id\n${ids(3).join("\n")}\n`);
  await run.saw("Type 3 ");
  run.child.stdin?.write("3\r");
  assert.equal((await run.ended).code, 0);
  assert.deepEqual([...(await service.gateway.ids()).keys()].sort(), ids(3));
});

test("a file that is saved anew after the question is not sent", async () => {
  const path = file("saved.csv", `customer_id\n${ids(3).join("\n")}\n`);
  const run = startOnTerminal(["run", path, ...WHAT], { env: environment(service.gateway.host) });
  await run.saw("Type 3 ");
  writeFileSync(path, "customer_id\n500000007\n500000008\n500000009\n");
  run.child.stdin?.write("3\r");
  const { code, stdout } = await run.ended;
  assert.equal(code, 2);
  assert.match(stdout, /The list has changed since it was confirmed: nothing was sent/);
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("a named pipe without a place for the journal is refused without waiting for it", async () => {
  const pipe = fresh("other.pipe");
  execFileSync("mkfifo", [pipe]);
  const { code, stderr } = await cli(["run", pipe, ...WHAT, "--yes"]);
  assert.equal(code, 2);
  assert.match(stderr, /--journal FILE, or --no-journal/);
});

test("one file cannot be customers, journal, lock or results at once", async () => {
  const path = file("customers.csv", `${ids(3).join("\n")}\n`);
  linkSync(path, fresh("hard.csv"));
  symlinkSync("customers.csv", fresh("soft.csv"));
  symlinkSync(".", fresh("here"));
  const log = fresh("run.log");
  const cases = [
    ["--journal", log, "--out", log],
    ["--journal", log, "--out", join(folder, "here", "run.log")],
    ["--journal", log, "--out", `${log}.lock`],
    ["--journal", path],
    ["--journal", log, "--out", path, "--force"],
    ["--journal", log, "--out", fresh("hard.csv"), "--force"],
    ["--journal", log, "--out", fresh("soft.csv"), "--force"],
  ];
  for (const args of cases) {
    const { code, stderr } = await cli(["run", path, ...WHAT, "--yes", ...args]);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, /cannot be .* and .*: name another file/, args.join(" "));
  }
  assert.equal(text("customers.csv"), `${ids(3).join("\n")}\n`);
  assert.equal(existsSync(log), false);
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("the journal of a stopped run outlives results of its own name", async () => {
  const path = file("stopped.csv", `${ids(3).join("\n")}\n`);
  const journal = fresh("stopped.journal");
  await cli(["run", path, ...WHAT, "--yes", "--journal", journal, "--out", fresh("stopped.out")]);
  const before = readFileSync(journal);
  for (const command of ["report", "reconcile", "resume"]) {
    const { code, stderr } = await cli([command, journal, "--out", journal, "--force"]);
    assert.equal(code, 2, command);
    assert.match(stderr, /cannot be the journal and the results/);
  }
  assert.deepEqual(readFileSync(journal), before);
});

test("a list is never replaced by results of the journal beside it", async () => {
  const path = file("beside.csv", `${ids(3).join("\n")}\n`);
  assert.equal((await cli(["run", path, ...WHAT, "--yes"])).code, 0);
  for (const command of ["report", "reconcile", "resume"]) {
    for (const place of [path, `${path}.issue-bulk.lock`]) {
      const { code, stderr } = await cli([command, path, "--out", place, "--force"]);
      assert.equal(code, 2, command);
      assert.match(stderr, /cannot be .* and the results/);
    }
  }
  assert.equal(text("beside.csv"), `${ids(3).join("\n")}\n`);
});

test("a link to a list goes on with the journal of the list", async () => {
  const path = file("target.csv", `${ids(3).join("\n")}\n`);
  assert.equal((await cli(["run", path, ...WHAT, "--yes"])).code, 0);
  symlinkSync("target.csv", fresh("latest.csv"));
  const again = await cli(["run", fresh("latest.csv"), ...WHAT, "--yes"]);
  assert.match(again.stderr, /nothing more will be sent/);
  assert.equal((await service.gateway.summary()).issued, 3);
  const without = await cli(["run", fresh("latest.csv"), ...WHAT, "--yes", "--no-journal"]);
  assert.equal(without.code, 2);
  writeFileSync(fresh("latest.csv.issue-bulk"), "another");
  const both = await cli(["run", fresh("latest.csv"), ...WHAT, "--yes"]);
  assert.equal(both.code, 2);
  assert.match(both.stderr, /are journals of one list/);
  assert.equal((await service.gateway.summary()).issued, 3);
});

test("results never replace a file that came to their place during the run", async () => {
  await service.gateway.switches({ latencyMs: 300 });
  const path = file("late.csv", `${ids(3).join("\n")}\n`);
  const run = start(["run", path, ...WHAT, "--yes"], { env: environment(service.gateway.host) });
  await service.gateway.reached({ arrivals: 1 });
  writeFileSync(fresh("late.results.csv"), "somebody else's");
  const { code, stderr } = await run.ended;
  assert.equal(code, 2);
  assert.equal(text("late.results.csv"), "somebody else's");
  const part = readdirSync(folder).find((name) => /^late\.results\.csv\..*\.part$/.test(name));
  assert.match(stderr, new RegExp(`The results are in .*${part}`));
  assert.equal(text(part ?? "").trim().split("\r\n").length, 4);
});

test("a reader of the results who leaves early changes nothing", async () => {
  const path = file("head.csv", `${ids(20_000).join("\n")}\n`);
  const command = [BIN, "run", path, ...WHAT, "--yes", "--out", "-"];
  assert.equal(await leavingEarly(command), 0);
  assert.equal((await service.gateway.summary()).issued, 20_000);
  assert.equal(await leavingEarly([BIN, "report", path, "--out", "-"]), 0);
});

/**
 * The exit code of a command whose standard output is closed after the first bytes.
 *
 * @param {string[]} args
 */
function leavingEarly(args) {
  const child = spawn(process.execPath, args, {
    env: environment(service.gateway.host),
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.stdout.once("data", () => child.stdout.destroy());
  return new Promise((resolve) => child.once("close", resolve));
}
