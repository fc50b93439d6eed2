// The command line: what it reads, says, writes and ends with, on the packed package's own file.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { BIN, WHAT, environment, start, startOnTerminal, withFolder } from "./cli.mjs";
import { AUTH, startGateway } from "./gateway.mjs";
import { ids, withGateway } from "./runs.mjs";

const service = withGateway();
const { folder, file } = withFolder();

/**
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, input?: string | Uint8Array }} [how]
 */
const cli = (args, { env = {}, input } = {}) =>
  start(args, { env: { ...environment(service.gateway.host), ...env }, input }).ended;

/** @param {string} name of a file that is not there yet */
const fresh = (name) => join(folder, name);

test("every command has its help, and a slip is told with exit code 2", async () => {
  const help = await cli(["--help"]);
  assert.equal(help.code, 0);
  const lines = help.stdout.matchAll(/^ {2}([a-z]+) .*<\w+>/gm);
  const commands = [...lines].map(([, name]) => name);
  assert.ok(commands.includes("plan") && commands.includes("run"));
  for (const command of commands) {
    const { code, stdout } = await cli([command ?? "", "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, /--json/);
  }
  for (const args of [["rnu"], ["run"], ["run", "a", "--bach-size", "1"], []]) {
    assert.equal((await cli(args)).code, 2, args.join(" "));
  }
  assert.equal((await cli(["run", "a", "--batch-size", "many"])).code, 2);
  const { stdout } = await cli(["help", "credentials"]);
  assert.match(stdout, /ISSUE_BULK_PASSWORD_MD5/);
});

test("npm makes it a command, without dependencies", async () => {
  assert.ok(readFileSync(BIN, "utf8").startsWith("#!/usr/bin/env node\n"));
  assert.equal(statSync(BIN).mode & 0o111, 0o111);
  const manifest = JSON.parse(readFileSync(join(BIN, "..", "..", "package.json"), "utf8"));
  assert.equal(manifest.dependencies, undefined);
  const words = ["--no-install", "issue-bulk", "--version"];
  const npx = spawn("npx", words, { cwd: join(BIN, "..", "..", "..", "..") });
  const [version] = await once(npx.stdout.setEncoding("utf8"), "data");
  assert.equal(version.trim(), manifest.version);
});

test("plan reads, counts and sends nothing", async () => {
  const path = file("plan.csv", "customer_id,name\n11,a\n12,b\nx13,c\n11,d\n");
  const { code, stdout } = await cli(["plan", path], { env: { ISSUE_BULK_USERNAME: "" } });
  assert.equal(code, 1);
  assert.match(stdout, /Customers +2 to issue/);
  assert.match(stdout, /1 invalid, 1 duplicate/);
  assert.match(stdout, /line 4: not plain digits: "x13"/);
  assert.match(stdout, /line 5: given before, in line 2: "11"/);
  const [event] = (await cli(["plan", path, "--json"])).events;
  assert.equal(event.type, "plan");
  assert.deepEqual([event.distinct, event.requests, event.column], [2, 1, "customer_id"]);
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("run issues every customer, writes the results and ends with 0", async () => {
  const path = file("all.csv", `customer_id\n${ids(2_500).join("\n")}\n`);
  const { code, stdout } = await cli(["run", path, ...WHAT, "--yes"]);
  assert.equal(code, 0);
  assert.match(stdout, /Issued +2,500/);
  const rows = readFileSync(fresh("all.results.csv"), "utf8").trim().split("\r\n");
  assert.equal(rows.length, 2_501);
  const account = new Map((await service.gateway.issuances()).map((one) => [one.customerId, one]));
  for (const row of rows.slice(1)) {
    const [customer = "", outcome, id] = row.split(",");
    assert.deepEqual([outcome, id], ["issued", `"${account.get(customer).id}"`]);
  }
  assert.equal(account.get("500000001").earnedFromId, "summer");
});

test("customers come as CSV, TSV, NDJSON, JSON, lines, packed and through a pipe", async () => {
  const forms = /** @type {const} */ ([
    ["a.csv", "name;member\nx;11\ny;12\n", ["--column", "member"]],
    ["a.tsv", "name\tmember\nx\t11\ny\t12\n", ["--column", "2", "--delimiter", "tab"]],
    ["a.ndjson", '{"member":11}\n{"member":12}\n', ["--field", "member"]],
    ["a.json", "[11, 12]", []],
    ["a.txt", "11\n12\n", ["--format", "lines"]],
  ]);
  for (const [name, content, how] of forms) {
    const options = [...how, "--json"];
    const plain = await cli(["plan", file(name, content), ...options]);
    const packed = await cli(["plan", file(`${name}.gz`, gzipSync(content)), ...options]);
    const piped = await cli(["plan", "-", ...options], { input: content });
    for (const { events } of [plain, packed, piped]) assert.equal(events[0].distinct, 2, name);
  }
  const cut = gzipSync(ids(9_000).join("\n")).subarray(0, 9_000);
  const { code, stderr } = await cli(["plan", file("cut.gz", cut)]);
  assert.equal(code, 2);
  assert.match(stderr, /unexpected end of file/);
});

test("what cannot be read is told with exit code 2, and nothing is sent", async () => {
  const bad = file("bad.csv", "a,b\n11,12\n13,14\n");
  const cases = /** @type {const} */ ([
    [fresh("nowhere.csv"), [], /no such file or folder/],
    [folder, [], /is a folder/],
    [join(file("plain.csv", "11\n"), "below"), [], /no folder/],
    [bad, [], /"a".*"b"/s],
    [bad, ["--column", "c"], /no column "c".*"a", "b"/s],
    [file("empty.csv", ""), [], /no ids|empty/i],
  ]);
  for (const [path, options, message] of cases) {
    const out = ["--out", fresh("unused.csv")];
    const { code, stderr } = await cli(["run", path, ...WHAT, "--yes", ...out, ...options]);
    assert.equal(code, 2, path);
    assert.match(stderr, message);
  }
  if (process.getuid?.() !== 0) {
    // Root may read everything.
    const locked = file("locked.csv", "11\n");
    chmodSync(locked, 0);
    assert.match((await cli(["plan", locked])).stderr, /no permission/);
  }
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("exit codes: 1 rejected or unsent, 3 unknown, 4 stopped by the service", async () => {
  const path = file("codes.csv", `${ids(3).join("\n")}\n`);
  const options = ["--yes", "--no-journal", "--force", "--timeout", "5"];
  const run = () => cli(["run", path, ...WHAT, ...options]);
  const fault = (/** @type {object} */ fault) => service.gateway.faults([{ when: {}, fault }]);
  await fault({ kind: "perIdError", which: { ids: ["500000001"] } });
  const rejected = await run();
  assert.equal(rejected.code, 1);
  assert.match(rejected.stdout, /1 entry-error, code 708/);
  await fault({ kind: "actThenDrop" });
  const unknown = await run();
  assert.equal(unknown.code, 3);
  assert.match(unknown.stdout, /may have been issued/);
  await fault({ kind: "status", status: 404, message: "Promotion \u001b[31mnot\u202e found" });
  const stopped = await run();
  assert.equal(stopped.code, 4);
  assert.match(stopped.stdout, /Stopped: .*Promotion .*found \(HTTP 404/);
  assert.doesNotMatch(stopped.stdout, /[\u001b\u202e]/);
});

test("a wrong password sends no customer twice and says where credentials come from", async () => {
  const path = file("wrong.csv", "11\n12\n");
  const env = { ISSUE_BULK_PASSWORD: "not-the-password" };
  const { code, stdout, stderr } = await cli(["run", path, ...WHAT, "--yes"], { env });
  assert.equal(code, 4);
  assert.match(stdout, /help credentials/);
  assert.ok(!`${stdout}${stderr}`.includes("not-the-password"));
  assert.equal((await service.gateway.summary()).issued, 0);
});

test("no network: the customers are provably not sent", async () => {
  const path = file("away.csv", "11\n12\n");
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (closed.address());
  await new Promise((resolve) => closed.close(resolve));
  const options = ["--host", `http://127.0.0.1:${port}`, "--attempts", "1", "--yes"];
  const { code, stdout } = await cli(["run", path, ...WHAT, ...options]);
  assert.equal(code, 1);
  assert.match(stdout, /Not sent +2/);
  assert.match(stdout, /not-reached/);
});

test("a network that breaks in the middle loses no customer", async () => {
  const gateway = await startGateway();
  await gateway.switches({ latencyMs: 50 });
  const path = file("broken.csv", `${ids(20_000).join("\n")}\n`);
  const options = ["--attempts", "2", "--batch-size", "500", "--yes", "--json"];
  const run = start(["run", path, ...WHAT, ...options], { env: environment(gateway.host) });
  await gateway.reached({ arrivals: 3_000 });
  await gateway.stop();
  const { code, events } = await run.ended;
  assert.ok(code === 3 || code === 4, `exit code ${code}`);
  const { issued, rejected, unsent, unknown, given } = events.at(-1).counts;
  assert.equal(issued + rejected + unsent + unknown, given);
  assert.ok(issued >= 500 && unsent > 0);
});

test("credentials come from a file that only its owner may read", async () => {
  const path = file("owner.csv", "11\n");
  const env = { ISSUE_BULK_USERNAME: "", ISSUE_BULK_PASSWORD: "", ISSUE_BULK_HOST: "" };
  const content =
    `# the till\r\nISSUE_BULK_HOST=${service.gateway.host}\n\n` +
    `export ISSUE_BULK_USERNAME=${AUTH.username}\nISSUE_BULK_PASSWORD="${AUTH.password}"\n`;
  const credentials = file("till.env", content);
  const args = ["run", path, ...WHAT, "--yes", "--credentials", credentials];
  chmodSync(credentials, 0o640);
  const refused = await cli(args, { env });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /chmod 600/);
  chmodSync(credentials, 0o600);
  assert.equal((await cli(args, { env })).code, 0);

  const slip = file("slip.env", "ISSUE_BULK_USERNAME=x\nserver123\n");
  chmodSync(slip, 0o600);
  const told = await cli([...args, "--credentials", slip], { env });
  assert.equal(told.code, 2);
  assert.match(told.stderr, /line 2: expected NAME=value/);
});

test("credentials that are missing, doubled or arguments are refused", async () => {
  const path = file("refused.csv", "11\n");
  const run = ["run", path, ...WHAT, "--yes"];
  const cases = /** @type {const} */ ([
    [{ ISSUE_BULK_USERNAME: "", ISSUE_BULK_PASSWORD: "" }, /No credentials in the environment/],
    [{ ISSUE_BULK_PASSWORD: "" }, /ISSUE_BULK_PASSWORD is not/],
    [{ ISSUE_BULK_TOKEN: "t" }, /ISSUE_BULK_USERNAME and ISSUE_BULK_TOKEN/],
    [{ ISSUE_BULK_PASSWORD_MD5: "m" }, /PASSWORD and ISSUE_BULK_PASSWORD_MD5/],
    [{ ISSUE_BULK_HOST: "" }, /Use --host/],
  ]);
  for (const [env, message] of cases) {
    const { code, stderr } = await cli(run, { env });
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
  const typed = ["--password server123", "--password=server123", "--token=x", "-u a:server123"];
  for (const words of [...typed, "--host https://a:server123@b", "--host=a:server123@b"]) {
    const { code, stderr } = await cli([...run, ...words.split(" ")]);
    assert.equal(code, 2);
    assert.match(stderr, /help credentials/);
  }
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("an OAuth client and a till's md5 are credentials, too", async () => {
  const path = file("oauth.csv", "11\n");
  const run = ["run", path, ...WHAT, "--yes", "--no-journal", "--force"];
  const none = { ISSUE_BULK_USERNAME: "", ISSUE_BULK_PASSWORD: "" };
  const client = { ISSUE_BULK_KEY: "sample-key", ISSUE_BULK_SECRET: "sample-secret" };
  assert.equal((await cli(run, { env: { ...none, ...client } })).code, 0);
  const hashed = { ISSUE_BULK_PASSWORD_MD5: "8a16a6b70505eb1f1ff7cdc0cd5559a7" };
  assert.equal((await cli(run, { env: { ISSUE_BULK_PASSWORD: "", ...hashed } })).code, 0);
});

test("existing results are kept, unless --force says otherwise", async () => {
  const path = file("kept.csv", "11\n");
  const out = file("mine.csv", "precious");
  const run = ["run", path, ...WHAT, "--yes", "--out", out];
  const refused = await cli(run);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--force/);
  assert.equal(readFileSync(out, "utf8"), "precious");
  assert.equal((await service.gateway.summary()).calls, 0);
  assert.equal((await cli([...run, "--force"])).code, 0);
  assert.match(readFileSync(out, "utf8"), /^customer_id,outcome/);
  const nowhere = await cli(["run", path, ...WHAT, "--yes", "--out", fresh("no/where.csv")]);
  assert.equal(nowhere.code, 2);
  assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith(".part")), []);
});

test("results as NDJSON, and through standard output", async () => {
  const path = file("forms.csv", "11\n12\n");
  const out = fresh("forms.ndjson");
  assert.equal((await cli(["run", path, ...WHAT, "--yes", "--out", out])).code, 0);
  const rows = readFileSync(out, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(rows.map((row) => [row.customerId, row.outcome]), [
    ["11", "issued"],
    ["12", "issued"],
  ]);
  const { stdout, stderr } = await cli(["run", path, ...WHAT, "--yes", "--out", "-"]);
  assert.match(stdout, /^customer_id,outcome.*\r\n11,issued.*\r\n12,issued.*\r\n$/);
  assert.match(stderr, /Issued +2/);
});

test("--json is one object a line, errors included", async () => {
  const path = file("json.csv", "11\nx\n");
  const { code, events, stderr } = await cli(["run", path, ...WHAT, "--yes", "--json"]);
  const summary = events.at(-1);
  assert.equal(code, 1);
  assert.equal(stderr, "");
  assert.deepEqual([summary.type, summary.exitCode, summary.counts.issued], ["summary", 1, 1]);
  assert.equal(summary.problems[0].line, 2);
  const failed = await cli(["plan", fresh("nowhere.csv"), "--json"]);
  assert.equal(failed.code, 2);
  const [event] = failed.events;
  assert.deepEqual([event.type, event.code, event.exitCode], ["error", "no-input", 2]);
});

test("without a terminal nothing is issued before --yes says so", async () => {
  const path = file("yes.csv", "11\n");
  const { code, stderr } = await cli(["run", path, ...WHAT]);
  assert.equal(code, 2);
  assert.match(stderr, /--yes/);
  assert.equal((await service.gateway.summary()).calls, 0);
  assert.ok(!existsSync(fresh("yes.results.csv")));
  assert.match((await cli(["run", fresh("nofile.csv"), ...WHAT])).stderr, /no such file or folder/);
});

test("on a terminal the number of customers is typed, and the progress line shows", async () => {
  const path = file("typed.csv", `${ids(3_000).join("\n")}\nx\n`);
  const env = environment(service.gateway.host);
  const wrong = startOnTerminal(["run", path, ...WHAT], { env });
  await wrong.saw("Type 3000");
  wrong.child.stdin?.write("y\r");
  assert.equal((await wrong.ended).code, 2);
  assert.equal((await service.gateway.summary()).calls, 0);

  await service.gateway.switches({ latencyMs: 150 });
  const right = startOnTerminal(["run", path, ...WHAT, "--concurrency", "1"], { env });
  await right.saw("Type 3000");
  right.child.stdin?.write("3000\r");
  const { code, stdout } = await right.ended;
  assert.equal(code, 1);
  assert.match(stdout, /Settled \d+%, [\d,]+ of 3,000/);
  assert.match(stdout, /\u001b\[32mIssued +3,000/);

  const plain = await startOnTerminal(["plan", path], { env: { ...env, NO_COLOR: "1" } }).ended;
  assert.ok(!plain.stdout.includes("\u001b[3"));
});

test("Ctrl-C at the question and at a file that changed meanwhile sends nothing", async () => {
  const path = file("changed.csv", `${ids(3).join("\n")}\n`);
  const env = environment(service.gateway.host);
  const cut = startOnTerminal(["run", path, ...WHAT], { env });
  await cut.saw("Type 3");
  cut.child.stdin?.write("\u0003");
  assert.equal((await cut.ended).code, 130);
  const changed = startOnTerminal(["run", path, ...WHAT], { env });
  await changed.saw("Type 3");
  file("changed.csv", `${ids(4).join("\n")}\n`);
  changed.child.stdin?.write("3\r");
  const { code, stdout } = await changed.ended;
  assert.equal(code, 2);
  assert.match(stdout, /has changed/);
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("Ctrl-C awaits what is in flight; a second one gives it up as unknown", async () => {
  const env = environment(service.gateway.host);
  const options = [...WHAT, "--yes", "--concurrency", "1", "--batch-size", "1000"];
  await service.gateway.faults([{ when: { calls: [1] }, fault: { kind: "delay", ms: 1_000 } }]);
  const path = file("once.csv", `${ids(5_000).join("\n")}\n`);
  const first = startOnTerminal(["run", path, ...options], { env });
  await service.gateway.reached({ arrivals: 1_000 });
  first.child.stdin?.write("\u0003");
  const settled = await first.ended;
  assert.equal(settled.code, 130);
  assert.match(settled.stdout, /Issued +1,000/);
  assert.match(settled.stdout, /Not sent +4,000/);

  await service.gateway.reset();
  await service.gateway.faults([{ when: {}, fault: { kind: "stallBeforeHeaders" } }]);
  const again = file("twice.csv", `${ids(5_000).join("\n")}\n`);
  const twice = startOnTerminal(["run", again, ...options], { env });
  await service.gateway.reached({ arrivals: 1_000 });
  twice.child.stdin?.write("\u0003");
  await twice.saw("Ctrl-C again");
  twice.child.stdin?.write("\u0003");
  const given = await twice.ended;
  assert.equal(given.code, 130);
  assert.match(given.stdout, /Unknown +1,000/);
  assert.match(given.stdout, /Not sent +4,000/);
});
