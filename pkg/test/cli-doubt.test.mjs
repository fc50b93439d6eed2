// `check` before a run and `reconcile` after it: what the service says of a promotion, and of the
// customers whose answers were lost.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { WHAT, environment, start, startOnTerminal, withFolder } from "./cli.mjs";
import { PROMOTION } from "./gateway.mjs";
import { ids, withGateway } from "./runs.mjs";

const service = withGateway();
const { folder, file } = withFolder();

/**
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
const cli = (args, env = {}) =>
  start(args, { env: { ...environment(service.gateway.host), ...env } }).ended;

/** Looks at once: the gateway forgets nothing, and is not late. */
const AT_ONCE = ["--quiet-period", "0", "--apart", "0", "--per-minute", "60000"];

const EXPIRED = "67dd4210ef21a64211227e05";

test("check says what the service would refuse, and what to mind", async () => {
  const good = await cli(["check", PROMOTION]);
  assert.equal(good.code, 0);
  assert.match(good.stdout, /Type +CUSTOMER/);
  assert.match(good.stdout, /Per customer +no limit/);
  assert.match(good.stdout, /Mind: maxIssuancePerCustomer is -1/);
  assert.match(good.stdout, /can be issued/);
  for (const refused of [EXPIRED, "67dd4210ef21a64211227e07", "000000000000000000000000"]) {
    const { code, stdout } = await cli(["check", refused]);
    assert.equal(code, 4, refused);
    assert.match(stdout, /Refused:/);
  }
  const { code, events } = await cli(["check", EXPIRED, "--json"]);
  assert.deepEqual([code, events[0].type, events[0].found.ok], [4, "check", false]);
  const wrong = await cli(["check", PROMOTION], { ISSUE_BULK_PASSWORD: "wrong" });
  assert.equal(wrong.code, 4);
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("on a terminal the promotion is checked before the question", async () => {
  const path = file("asked.csv", "11\n");
  const env = environment(service.gateway.host);
  const command = ["run", path, "--context", "summer", "--promotion"];
  const refused = await startOnTerminal([...command, EXPIRED], { env }).ended;
  assert.equal(refused.code, 4);
  assert.match(refused.stdout, /would refuse this promotion/);
  const forbidden = { when: { path: "promotions" }, fault: { kind: "status", status: 403 } };
  await service.gateway.faults([forbidden]);
  const unread = startOnTerminal([...command, PROMOTION], { env });
  await unread.saw("Type 1 ");
  unread.child.stdin?.write("1\r");
  assert.equal((await unread.ended).code, 0);
});

test("reconcile finds out who was issued, and the others become another run", async () => {
  const path = file("doubt.csv", `${ids(60).join("\n")}\n`);
  await service.gateway.faults([
    { when: { calls: [2] }, fault: { kind: "actThenDrop" } },
    { when: { calls: [4] }, fault: { kind: "resetAfterRead" } },
  ]);
  const run = ["run", path, ...WHAT, "--yes", "--batch-size", "10", "--concurrency", "1"];
  const lost = await cli(run);
  assert.equal(lost.code, 3);
  assert.match(lost.stdout, /Unknown +20/);
  assert.match(lost.stdout, /issue-bulk reconcile .*doubt\.csv\.issue-bulk/);
  const journal = readFileSync(`${path}.issue-bulk`);

  const found = await cli(["reconcile", path, ...AT_ONCE]);
  assert.equal(found.code, 1);
  assert.match(found.stdout, /Issued +50/);
  assert.match(found.stdout, /10 issued, 10 not issued/);
  assert.deepEqual(readFileSync(`${path}.issue-bulk`), journal);
  const rows = readFileSync(join(folder, "doubt.reconciled.csv"), "utf8").trim().split("\r\n");
  const account = await service.gateway.ids();
  for (const row of rows.slice(1)) {
    const [customer = "", outcome] = row.split(",", 2);
    assert.equal(outcome, account.get(customer)?.issued === 1 ? "issued" : "unsent", customer);
  }

  const list = ["--list", "unsent", "--out", join(folder, "left.csv")];
  assert.equal((await cli(["reconcile", path, ...AT_ONCE, ...list])).code, 1);
  assert.equal((await cli(["run", join(folder, "left.csv"), ...WHAT, "--yes"])).code, 0);
  const { issued, duplicatesIssued } = await service.gateway.summary();
  assert.deepEqual([issued, duplicatesIssued], [60, 0]);
});

test("a run can look by itself, or send again what is in doubt", async () => {
  const fault = { kind: "resetAfterRead" };
  await service.gateway.faults([{ when: { calls: [1] }, fault }]);
  const path = file("again.csv", `${ids(5).join("\n")}\n`);
  const { code } = await cli(["run", path, ...WHAT, "--yes", "--ambiguous", "retry"]);
  assert.equal(code, 0);
  assert.equal((await service.gateway.summary()).issued, 5);
});

test("Ctrl-C in the quiet period leaves the unknown as they are", async () => {
  const path = file("quiet.csv", `${ids(5).join("\n")}\n`);
  await service.gateway.faults([{ when: {}, fault: { kind: "actThenDrop" } }]);
  assert.equal((await cli(["run", path, ...WHAT, "--yes"])).code, 3);
  const looking = startOnTerminal(["reconcile", path], { env: environment(service.gateway.host) });
  await looking.saw("Looking at the unknown: 5");
  looking.child.stdin?.write("\u0003");
  const { code, stdout } = await looking.ended;
  assert.equal(code, 130);
  assert.match(stdout, /Unknown +5/);
});

test("what a kill left in doubt is sent again only after a question that says so", async () => {
  const path = file("killed.csv", `${ids(5).join("\n")}\n`);
  await service.gateway.faults([{ when: {}, fault: { kind: "stallBeforeHeaders" } }]);
  const env = environment(service.gateway.host);
  const killed = start(["run", path, ...WHAT, "--yes"], { env });
  await service.gateway.reached({ arrivals: 5 });
  killed.child.kill("SIGKILL");
  await killed.ended;
  await service.gateway.faults([]);
  const ways = [["run", path, ...WHAT], ["resume", path]];
  for (const way of ways) {
    const { code, stderr } = await cli([...way, "--ambiguous", "retry"]);
    assert.equal(code, 2);
    assert.match(stderr, /no terminal to confirm it/);
    assert.doesNotMatch(stderr, /finished/);
    const asked = startOnTerminal([...way, "--ambiguous", "retry"], { env });
    await asked.saw("Type 5 to go on");
    asked.child.stdin?.write("no\r");
    const { stdout } = await asked.ended;
    assert.match(stdout, /may get it TWICE/);
  }
  assert.equal((await service.gateway.summary()).calls, 1);
  const sent = startOnTerminal(["resume", path, "--ambiguous", "retry"], { env });
  await sent.saw("Type 5 to go on");
  sent.child.stdin?.write("5\r");
  assert.equal((await sent.ended).code, 0);
});
