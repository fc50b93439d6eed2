// `revoke`: issuances made in error are taken back, one first and then the others, and the
// gateway's account says which.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { issueBulk } from "issue-bulk";
import { environment, start, startOnTerminal, withFolder } from "./cli.mjs";
import { PROMOTION } from "./gateway.mjs";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;
const { folder, file } = withFolder();

/**
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
const revoke = (args, env = {}) =>
  start(["revoke", ...args], { env: { ...environment(service.gateway.host), ...env } }).ended;

/**
 * A file of results of a run over some customers.
 *
 * @param {string} name
 * @param {number} customers
 */
async function issued(name, customers) {
  const report = await issueBulk(what(ids(customers)), where());
  const rows = name.endsWith(".csv") ? report.csv() : report.ndjson();
  return file(name, new Uint8Array(await new Response(rows).arrayBuffer()));
}

/** Customers whose issuance the account calls revoked. */
async function revoked() {
  const rows = await service.gateway.issuances();
  return rows.filter((row) => row.revoked).map((row) => row.customerId);
}

const OF = ["--promotion", PROMOTION];

test("every issued row is taken back, and the results say so", async () => {
  const path = await issued("all.csv", 40);
  const { code, stdout } = await revoke([path, ...OF, "--confirm", "revoke 40"]);
  assert.equal(code, 0);
  assert.match(stdout, /Revoked +40/);
  assert.deepEqual(await revoked(), ids(40));
  const rows = readFileSync(join(folder, "all.revoked.csv"), "utf8").trim().split("\r\n");
  assert.equal(rows.length, 41);
  assert.match(rows[1] ?? "", /^500000001,revoked,"[0-9a-f]{24}","67dd4210ef21a64211227e04",,200,/);
});

test("only the rows that were kept are taken back, of NDJSON and of a spreadsheet", async () => {
  const lines = readFileSync(await issued("some.ndjson", 5), "utf8").split("\n");
  const some = file("some.ndjson", `${lines.slice(1, 3).join("\n")}\n`);
  const out = ["--out", join(folder, "gone.ndjson")];
  const { code } = await revoke([some, ...out, "--confirm", "revoke 2"]);
  assert.equal(code, 0);
  assert.deepEqual(await revoked(), ["500000002", "500000003"]);
  const gone = readFileSync(join(folder, "gone.ndjson"), "utf8").trim().split("\n");
  assert.deepEqual(gone.map((line) => JSON.parse(line).outcome), ["revoked", "revoked"]);

  const { customerId, id } = JSON.parse(lines[3] ?? "");
  const text = `\ufeffoutcome;customer_id;issuance_id\r\nissued;${customerId};${id}\r\n`;
  const sheet = file("sheet.csv", text);
  assert.equal((await revoke([sheet, ...OF, "--confirm", "revoke 1"])).code, 0);
  assert.deepEqual(await revoked(), ["500000002", "500000003", "500000004"]);
});

test("a journal means all that it holds", async () => {
  const path = file("whole.csv", `${ids(3).join("\n")}\n`);
  const env = environment(service.gateway.host);
  const run = ["run", path, ...OF, "--context", "summer", "--yes"];
  assert.equal((await start(run, { env }).ended).code, 0);
  const { code } = await revoke([`${path}.issue-bulk`, "--confirm", "revoke 3"]);
  assert.equal(code, 0);
  assert.deepEqual(await revoked(), ids(3));
  assert.match(readFileSync(join(folder, "whole.revoked.csv"), "utf8"), /^customer_id,outcome/);
});

test("where an issuance id is no earn id, one call shows it and no other is made", async () => {
  await service.gateway.switches({ reconcile: { sameId: false } });
  const path = await issued("other.csv", 10);
  const { code, stdout } = await revoke([path, ...OF, "--confirm", "revoke 10"]);
  assert.equal(code, 4);
  assert.match(stdout, /first issuance was not taken back.*Invalid earn id/);
  assert.match(stdout, /Refused +1/);
  assert.match(stdout, /Not sent +9/);
  assert.equal((await service.gateway.summary()).callsByPath.revoke, 1);
});

test("nothing is taken back before the words were typed", async () => {
  const path = await issued("typed.csv", 2);
  for (const words of [[], ["--confirm", "revoke 3"], ["--confirm", "yes"]]) {
    const { code, stderr } = await revoke([path, ...OF, ...words]);
    assert.equal(code, 2);
    assert.match(stderr, /"revoke 2"/);
  }
  const env = environment(service.gateway.host);
  const terminal = startOnTerminal(["revoke", path, ...OF], { env });
  await terminal.saw('Type "revoke 2"');
  assert.equal((await service.gateway.summary()).callsByPath.revoke, undefined);
  terminal.child.stdin?.write("revoke 2\r");
  assert.equal((await terminal.ended).code, 0);
  assert.deepEqual(await revoked(), ids(2));
});

test("a lost answer ends as unknown, and the results can be tried again", async () => {
  const path = await issued("lost.csv", 6);
  const when = { path: "revoke", calls: [4] };
  await service.gateway.faults([{ when, fault: { kind: "resetAfterRead" } }]);
  const { code, stdout } = await revoke([path, ...OF, "--confirm", "revoke 6"]);
  assert.equal(code, 3);
  assert.match(stdout, /Unknown +1/);
  assert.equal((await revoked()).length, 5);
  await service.gateway.faults([]);
  const again = await revoke([join(folder, "lost.revoked.csv"), "--confirm", "revoke 1"]);
  assert.equal(again.code, 0);
  assert.equal((await revoked()).length, 6);
});

test("a 429 is waited for, and answers in a row that prove nothing stop it", async () => {
  const path = await issued("slow.csv", 30);
  const storm = { kind: "rateLimited", retryAfter: { form: "seconds", seconds: 1 } };
  await service.gateway.faults([{ when: { path: "revoke", calls: [2] }, fault: storm }]);
  assert.equal((await revoke([path, ...OF, "--confirm", "revoke 30"])).code, 0);
  assert.equal((await revoked()).length, 30);

  await service.gateway.reset();
  const next = await issued("broken.csv", 30);
  const script = [null, ...Array(40).fill(true)];
  const fault = { kind: "status", status: 503 };
  await service.gateway.faults([{ when: { path: "revoke", script }, fault }]);
  const { code, stdout } = await revoke([next, ...OF, "--confirm", "revoke 30"]);
  assert.equal(code, 4);
  assert.match(stdout, /Stopped: Too many answers in a row proved nothing/);
  assert.equal((await revoked()).length, 1);
});

test("refused credentials stop it, an OAuth client may do it", async () => {
  const path = await issued("auth.csv", 3);
  const args = [path, ...OF, "--force", "--confirm", "revoke 3"];
  const wrong = await revoke(args, { ISSUE_BULK_PASSWORD: "wrong" });
  assert.equal(wrong.code, 4);
  assert.match(wrong.stdout, /Not sent +3/);
  const none = { ISSUE_BULK_USERNAME: "", ISSUE_BULK_PASSWORD: "" };
  const client = { ISSUE_BULK_KEY: "sample-key", ISSUE_BULK_SECRET: "sample-secret" };
  const refused = await revoke(args, { ...none, ...client, ISSUE_BULK_SECRET: "not-it" });
  assert.equal(refused.code, 4);
  assert.match(refused.stdout, /Stopped: The service refused the credentials/);
  assert.match(refused.stdout, /Not sent +3/);
  assert.equal((await revoke(args, { ...none, ...client })).code, 0);
  assert.equal((await revoked()).length, 3);
});

test("a token that cannot be renewed ends it, and what was taken back is told", async () => {
  const path = await issued("renewed.csv", 5);
  const env = {
    ISSUE_BULK_USERNAME: "",
    ISSUE_BULK_PASSWORD: "",
    ISSUE_BULK_KEY: "sample-key",
    ISSUE_BULK_SECRET: "sample-secret",
  };
  await service.gateway.faults([
    { when: { path: "revoke", calls: [3] }, fault: { kind: "status", status: 401 } },
    {
      when: { path: "token", script: [null, ...Array(20).fill(true)] },
      fault: { kind: "status", status: 503 },
    },
  ]);
  const one = ["--concurrency", "1", "--confirm", "revoke 5"];
  const { code, stdout } = await revoke([path, ...OF, ...one], env);
  assert.equal(code, 4);
  assert.match(stdout, /Revoked +2/);
  assert.match(stdout, /Not sent +3/);
  assert.match(stdout, /Stopped: The credentials could not be fetched.*HTTP 503/);
  const rows = readFileSync(join(folder, "renewed.revoked.csv"), "utf8").trim().split("\r\n");
  assert.equal(rows.filter((row) => row.includes(",revoked,")).length, 2);
});

test("a pace at which nothing would ever be sent is refused", async () => {
  for (const option of ["--per-minute", "--concurrency"]) {
    const { code, stderr } = await revoke(["any.csv", option, "0"]);
    assert.equal(code, 2);
    assert.match(stderr, /from 1 to/);
  }
});

test("a file that holds no issuances, or rounded ids, is refused", async () => {
  const rounded = "customer_id,outcome,issuance_id\n1.23457E+17,issued,abc\n";
  const cases = /** @type {const} */ ([
    ["a,b\n1,2\n", /no column customer_id, outcome, issuance_id/],
    ["customer_id,outcome,issuance_id\n11,rejected,\n", /nothing that could be taken back/],
    [rounded, /Line 2 .*rounded/],
    ["{\n", /Line 1 is not JSON/],
  ]);
  for (const [content, message] of cases) {
    const { code, stderr } = await revoke([file("odd.csv", content), ...OF, "--confirm", "x"]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
  const path = await issued("mine.ndjson", 1);
  const other = ["--promotion", "67dd4210ef21a64211227e08"];
  assert.match((await revoke([path, ...other, "--confirm", "x"])).stderr, /not of 67dd4210/);
});
