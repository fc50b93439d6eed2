// The journal of the command: the same command goes on after any interruption, and no repetition
// of it issues anything twice.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { WHAT, environment, start, startOnTerminal, withFolder } from "./cli.mjs";
import { PROMOTION } from "./gateway.mjs";
import { ids, withGateway } from "./runs.mjs";

const service = withGateway();
const { folder, file } = withFolder();

/** @param {string[]} args */
const begin = (args) => start(args, { env: environment(service.gateway.host) });

/** @param {string[]} args */
const cli = (args) => begin(args).ended;

/**
 * The rows of a CSV of results.
 *
 * @param {string} name
 * @returns {[string, string][]} customer and outcome
 */
function results(name) {
  const rows = readFileSync(join(folder, name), "utf8").trim().split("\r\n").slice(1);
  return rows.map((row) => {
    const [customer = "", outcome = ""] = row.split(",", 2);
    return [customer, outcome];
  });
}

/**
 * Whether the gateway's account is what the results say, customer by customer. For an unknown one
 * both are right.
 *
 * @param {string} name
 * @param {number} customers
 */
async function agrees(name, customers) {
  const account = await service.gateway.ids();
  const rows = results(name);
  assert.equal(rows.length, customers);
  for (const [customer, outcome] of rows) {
    const times = account.get(customer)?.issued ?? 0;
    if (outcome === "unknown") assert.ok(times <= 1, customer);
    else assert.equal(times, outcome === "issued" ? 1 : 0, `${customer} is ${outcome}`);
  }
  const { duplicatesIssued } = await service.gateway.summary();
  assert.equal(duplicatesIssued, 0);
}

const CUSTOMERS = 100_000;
const KILLS = 10;

/** The gateway forgets nothing, and is not late. */
const AT_ONCE = ["--quiet-period", "0", "--apart", "0", "--per-minute", "60000"];

test("100,000 customers, killed ten times: the same command ends with the account", async () => {
  const path = file("killed.csv", `customer_id\n${ids(CUSTOMERS).join("\n")}\n`);
  const pace = ["--batch-size", "100", "--concurrency", "2"];
  const command = ["run", path, ...WHAT, "--yes", "--json", ...pace];
  await service.gateway.switches({ latencyMs: 10 });
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const run = begin(command);
    const { arrivals } = await service.gateway.summary();
    await service.gateway.reached({ arrivals: arrivals + CUSTOMERS / (2 * KILLS) });
    run.child.kill("SIGKILL");
    assert.equal((await run.ended).code, null);
  }
  assert.equal((await cli(["report", path])).code, 130);
  const { code, events } = await cli(command);
  const { counts } = events.at(-1);
  assert.equal(counts.issued + counts.unknown, CUSTOMERS);
  // At most what was in flight at each kill is in doubt.
  assert.ok(counts.unknown <= KILLS * 2 * 100, `${counts.unknown} in doubt`);
  assert.equal(code, counts.unknown > 0 ? 3 : 0);
  await agrees("killed.results.csv", CUSTOMERS);

  // The service knows what became of those in doubt.
  await service.gateway.switches({ latencyMs: 0 });
  const out = ["--out", join(folder, "known.csv"), "--json"];
  const look = await cli(["reconcile", path, ...AT_ONCE, ...out]);
  assert.equal(look.events.at(-1).counts.unknown, 0);
  await agrees("known.csv", CUSTOMERS);
});

test("a finished run is not run again by its command, nor by another one", async () => {
  const path = file("done.csv", `${ids(20).join("\n")}\n`);
  const command = ["run", path, ...WHAT, "--yes"];
  assert.equal((await cli(command)).code, 0);
  const again = await cli(command);
  assert.equal(again.code, 0);
  assert.match(again.stderr, /finished; nothing more will be sent/);
  assert.equal((await service.gateway.summary()).issued, 20);

  const without = await cli([...command, "--no-journal", "--force"]);
  assert.equal(without.code, 2);
  assert.match(without.stderr, /journal of an earlier run/);
  const other = ["--context", "winter"];
  const strange = await cli([...command, ...other]);
  assert.equal(strange.code, 2);
  assert.match(strange.stderr, /another contextId.*--journal/s);
  assert.equal((await service.gateway.summary()).issued, 20);

  const own = ["--journal", join(folder, "winter.issue-bulk"), "--out", join(folder, "winter.csv")];
  assert.equal((await cli([...command, ...other, ...own])).code, 0);
  assert.equal((await service.gateway.summary()).issued, 40);
});

test("what differs from the journal is named, and nothing is sent", async () => {
  const path = file("differs.csv", `${ids(20).join("\n")}\n`);
  const command = ["run", path, "--yes", "--batch-size", "10"];
  assert.equal((await cli([...command, ...WHAT])).code, 0);
  const calls = (await service.gateway.summary()).calls;
  const other = "67dd4210ef21a64211227e08";
  const cases = /** @type {const} */ ([
    [["--promotion", other, "--context", "summer"], /promotionId/],
    [[...WHAT, "--batch-size", "20"], /batchSize/],
    [[...WHAT, "--host", "http://127.0.0.1:1"], /host/],
  ]);
  for (const [options, message] of cases) {
    const { code, stderr } = await cli([...command, ...options]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
  file("differs.csv", `${ids(19).join("\n")}\n`);
  const changed = await cli([...command, ...WHAT]);
  assert.equal(changed.code, 2);
  assert.match(changed.stderr, /customerIds/);
  assert.equal((await service.gateway.summary()).calls, calls);
});

test("a list with one line more goes on with that customer alone", async () => {
  const path = file("more.csv", `${ids(20).join("\n")}\n`);
  const command = ["run", path, "--yes", ...WHAT];
  assert.equal((await cli(command)).code, 0);
  file("more.csv", `${ids(21).join("\n")}\n`);
  assert.equal((await cli(command)).code, 0);
  assert.equal((await service.gateway.summary()).issued, 21);
  await agrees("more.results.csv", 21);
});

test("after Ctrl-C, resume goes on from the journal alone", async () => {
  const path = file("cut.csv", `${ids(5_000).join("\n")}\n`);
  const env = environment(service.gateway.host);
  const slow = { when: { calls: [2] }, fault: { kind: "delay", ms: 500 } };
  await service.gateway.faults([slow]);
  const cut = startOnTerminal(["run", path, ...WHAT, "--yes", "--concurrency", "1"], { env });
  await service.gateway.reached({ arrivals: 2_000 });
  cut.child.stdin?.write("\u0003");
  const ended = await cut.ended;
  assert.equal(ended.code, 130);
  assert.match(ended.stdout, /To go on: the same command/);
  assert.match(ended.stdout, /Issued +2,000/);

  const told = await cli(["report", path]);
  assert.equal(told.code, 130);
  assert.match(told.stdout, /Not sent +3,000/);
  const out = ["--out", join(folder, "cut.results.csv")];
  const rest = startOnTerminal(["resume", `${path}.issue-bulk`, ...out], { env });
  await rest.saw("Type 3000");
  rest.child.stdin?.write("3000\r");
  assert.equal((await rest.ended).code, 0);
  await agrees("cut.results.csv", 5_000);
});

test("where a kill left nothing but doubt, nothing is asked and nothing sent", async () => {
  const path = file("last.csv", `${ids(5).join("\n")}\n`);
  await service.gateway.faults([{ when: {}, fault: { kind: "stallBeforeHeaders" } }]);
  const command = ["run", path, ...WHAT, "--yes"];
  const killed = begin(command);
  await service.gateway.reached({ arrivals: 5 });
  killed.child.kill("SIGKILL");
  await killed.ended;
  await service.gateway.faults([]);
  const { code, stdout, stderr } = await cli(["run", path, ...WHAT]);
  assert.equal(code, 3);
  assert.match(stderr, /nothing more will be sent/);
  assert.match(stdout, /Unknown +5/);
  assert.equal((await service.gateway.summary()).calls, 1);
});

test("report writes the results of a journal, whatever became of the file", async () => {
  const path = file("told.csv", `${ids(3).join("\n")}\nx\n`);
  assert.equal((await cli(["run", path, ...WHAT, "--yes", "--out", "-"])).code, 1);
  const out = join(folder, "told.ndjson");
  const { code, stdout } = await cli(["report", path, "--out", out]);
  assert.equal(code, 1);
  assert.match(stdout, /Invalid +1/);
  assert.match(stdout, /line 4: not plain digits/);
  const rows = readFileSync(out, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(rows.map((row) => row.promotionId), Array(3).fill(PROMOTION));
  assert.equal((await cli(["report", path, "--out", out])).code, 2);
  assert.equal((await cli(["report", join(folder, "nowhere")])).code, 2);
});

test("those not sent become a list for another run; results themselves are no input", async () => {
  const path = file("list.csv", `${ids(4).join("\n")}\n`);
  const fault = { kind: "status", status: 404, message: "Promotion not found" };
  await service.gateway.faults([{ when: { calls: [2] }, fault }]);
  const run = ["run", path, ...WHAT, "--yes", "--batch-size", "2", "--concurrency", "1"];
  assert.equal((await cli(run)).code, 4);
  const list = join(folder, "rest.csv");
  assert.equal((await cli(["report", path, "--list", "unsent"])).code, 2);
  assert.equal((await cli(["report", path, "--list", "unsent", "--out", list])).code, 4);
  assert.equal(readFileSync(list, "utf8"), "customer_id\r\n500000003\r\n500000004\r\n");
  const wrong = await cli(["run", join(folder, "list.results.csv"), ...WHAT, "--yes"]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /results of a run.*issue-bulk resume JOURNAL/s);
  assert.equal((await cli(["run", list, ...WHAT, "--yes"])).code, 0);
  const account = await service.gateway.ids();
  assert.deepEqual([...account.values()].map((one) => one.issued), [1, 1, 1, 1]);
});

test("a journal whose unsent were given out as a list warns before it goes on", async () => {
  const path = file("given.csv", `${ids(4).join("\n")}\n`);
  const fault = { kind: "status", status: 404, message: "Promotion not found" };
  await service.gateway.faults([{ when: { calls: [2] }, fault }]);
  const pace = ["--batch-size", "2", "--concurrency", "1"];
  const run = ["run", path, ...WHAT, ...pace];
  assert.equal((await cli([...run, "--yes"])).code, 4);
  await service.gateway.faults([]);
  const told = await cli(["report", path]);
  assert.doesNotMatch(`${told.stdout}${told.stderr}`, /given out as a list/);
  const list = join(folder, "given.rest.csv");
  const given = await cli(["report", path, "--list", "unsent", "--out", list]);
  assert.match(given.stdout, /Note: .*given out as a list.*twice/);
  assert.match(told.stdout, /To go on/);
  assert.doesNotMatch(given.stdout, /To go on/);
  assert.match((await cli(["report", path])).stdout, /Note: .*given out as a list.*twice/);
  // Also where nobody can be asked, and before the question.
  const alone = await cli(run);
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /warning: .*given out as a list.*twice/);
  const env = environment(service.gateway.host);
  const out = ["--out", join(folder, "given.resumed.csv")];
  for (const way of [run, ["resume", path, ...out]]) {
    const asked = startOnTerminal(way, { env });
    await asked.saw("Type 2 to go on with");
    asked.child.stdin?.write("no\r");
    const { code, stdout } = await asked.ended;
    assert.equal(code, 2);
    assert.ok(stdout.indexOf("given out as a list") < stdout.indexOf("Type 2"), stdout);
    assert.match(stdout, /given out as a list/);
  }
  assert.equal((await service.gateway.summary()).issued, 2);
  assert.match((await cli([...run, "--yes"])).stderr, /warning: .*given out as a list/);
  // Nobody is left who could be given out, so nothing more is remembered.
  const journal = `${path}.issue-bulk`;
  const bytes = readFileSync(journal);
  const none = ["report", path, "--list", "unsent", "--out", join(folder, "given.none.csv")];
  assert.equal((await cli(none)).code, 0);
  assert.deepEqual(readFileSync(journal), bytes);
});

test("a list of the unsent is not given out where its journal cannot remember it", async () => {
  const path = file("held.csv", `${ids(2_000).join("\n")}\n`);
  await service.gateway.switches({ latencyMs: 500 });
  const running = begin(["run", path, ...WHAT, "--yes"]);
  await service.gateway.reached({ arrivals: 1_000 });
  const list = join(folder, "held.rest.csv");
  const { code, stderr } = await cli(["report", path, "--list", "unsent", "--out", list]);
  assert.equal(code, 2);
  assert.match(stderr, /another process|lock/i);
  assert.ok(!existsSync(list));
  assert.equal((await running.ended).code, 0);
});

test("a longer list asks before it goes on, and says how many customers are new", async () => {
  const path = file("longer.csv", `${ids(20).join("\n")}\n`);
  const command = ["run", path, ...WHAT];
  assert.equal((await cli([...command, "--yes"])).code, 0);
  file("longer.csv", `${ids(23).join("\n")}\n`);
  assert.equal((await cli(command)).code, 2);
  assert.equal((await service.gateway.summary()).issued, 20);
  const asked = startOnTerminal(command, { env: environment(service.gateway.host) });
  await asked.saw("Type 3 to go on with");
  asked.child.stdin?.write("3\r");
  const { code, stdout } = await asked.ended;
  assert.equal(code, 0);
  assert.match(stdout, /20 of 20 customers are settled, and the list has 3 new customers/);
  await agrees("longer.results.csv", 23);
});

test("a longer list that changes after it was confirmed sends nothing", async () => {
  const path = file("swapped.csv", `${ids(20).join("\n")}\n`);
  const command = ["run", path, ...WHAT];
  assert.equal((await cli([...command, "--yes"])).code, 0);
  file("swapped.csv", `${ids(21).join("\n")}\n`);
  const asked = startOnTerminal(command, { env: environment(service.gateway.host) });
  await asked.saw("Type 1 to go on with");
  file("swapped.csv", `${ids(22).join("\n")}\n`);
  asked.child.stdin?.write("1\r");
  const { code, stdout } = await asked.ended;
  assert.equal(code, 2);
  assert.match(stdout, /list has changed/);
  assert.equal((await service.gateway.summary()).issued, 20);
});

test("results that a spreadsheet saved or gzip packed are no input either", async () => {
  const issued = '500000001,issued,"a"\r\n';
  const cases = /** @type {const} */ ([
    ["bom.csv", `\ufeffcustomer_id,outcome,issuance_id\r\n${issued}`],
    ["sheet.csv", "\ufeffcustomer_id;outcome;issuance_id\r\n500000001;issued;a\r\n"],
    ["tabs.tsv", "outcome\tcustomer_id\tissuance_id\nissued\t500000001\ta\n"],
    ["quoted.csv", '"customer_id","outcome","issuance_id"\n"500000001","issued","a"\n'],
    ["packed.csv.gz", gzipSync(`customer_id,outcome,issuance_id\r\n${issued}`)],
    ["rows.ndjson", '{ "customerId": "500000001", "outcome": "issued", "id": "a" }\n'],
  ]);
  for (const [name, content] of cases) {
    const { code, stderr } = await cli(["run", file(name, content), ...WHAT, "--yes"]);
    assert.equal(code, 2, name);
    assert.match(stderr, /results of a run/);
  }
  assert.equal((await service.gateway.summary()).calls, 0);
  const own = file("own.ndjson", '{"customerId":"500000001"}\n');
  assert.equal((await cli(["run", own, ...WHAT, "--yes"])).code, 0);
});

test("a run replaces its own results and no others", async () => {
  const path = file("mine.csv", `${ids(4).join("\n")}\n`);
  const command = ["run", path, ...WHAT, "--yes", "--out"];
  const own = join(folder, "mine.results.csv");
  const rows = join(folder, "mine.ndjson");
  for (const out of [own, own, rows, rows]) {
    const { code, stderr } = await cli([...command, out]);
    assert.equal(code, 0, `${out}: ${stderr}`);
  }
  const again = [...WHAT.slice(0, 2), "--context", "winter", "--yes"];
  const other = join(folder, "mine.winter.csv");
  const journal = ["--journal", join(folder, "mine.winter.issue-bulk")];
  assert.equal((await cli(["run", path, ...again, ...journal, "--out", other])).code, 0);
  const text = readFileSync(own, "utf8");
  const cases = /** @type {const} */ ([
    ["less.csv", text.slice(0, text.lastIndexOf("500000004"))],
    ["more.csv", `${text}500000005,unsent,,,,,interrupted,,,,,\r\n`],
    ["moved.csv", text.replace("500000001", "500000009")],
    ["mine.revoked.csv", "customer_id,outcome,issuance_id\r\n500000001,revoked,x\r\n"],
    ["theirs.csv", readFileSync(other, "utf8")],
  ]);
  for (const [name, content] of cases) {
    const out = file(name, content);
    for (const way of [[...command, out], ["resume", path, "--out", out]]) {
      const { code, stderr } = await cli(way);
      assert.equal(code, 2, name);
      assert.match(stderr, /--force/);
      assert.equal(readFileSync(out, "utf8"), content);
    }
  }
  const precious = file("mine.results.csv.part", "precious");
  assert.equal((await cli([...command, own])).code, 0);
  assert.equal(readFileSync(precious, "utf8"), "precious");
});

test("results that cannot be written hide nothing of what was done", async () => {
  const path = file("full.csv", `${ids(3).join("\n")}\n`);
  const command = ["run", path, ...WHAT, "--yes", "--json", "--out", "/dev/full"];
  await service.gateway.faults([{ when: {}, fault: { kind: "actThenDrop" } }]);
  const { code, events } = await cli(command);
  const [error, summary] = events.slice(-2);
  assert.deepEqual([code, error.code, error.exitCode], [3, "results-unwritable", 3]);
  assert.deepEqual([summary.exitCode, summary.counts.unknown, summary.results], [3, 3, null]);
  await service.gateway.faults([]);
  const fine = file("fine.csv", "11\n");
  const issued = await cli(["run", fine, ...WHAT, "--yes", "--out", "/dev/full"]);
  assert.equal(issued.code, 2);
  assert.match(issued.stdout, /Issued +1/);
});

test("a damaged journal is refused with its place, and nothing is sent", async () => {
  const path = file("damaged.csv", `${ids(3).join("\n")}\n`);
  const command = ["run", path, ...WHAT, "--yes"];
  assert.equal((await cli(command)).code, 0);
  const { calls } = await service.gateway.summary();
  const journal = `${path}.issue-bulk`;
  const bytes = readFileSync(journal);
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  writeFileSync(journal, bytes);
  const { code, stderr } = await cli(command);
  assert.equal(code, 2);
  assert.match(stderr, /at byte \d+/);
  assert.deepEqual(readFileSync(journal), bytes);
  assert.equal((await service.gateway.summary()).calls, calls);
});

test("a journal that cannot be one is refused, and so is one given as customers", async () => {
  const path = file("odd.csv", "11\n");
  const text = file("notes.txt", "hello");
  const cases = /** @type {const} */ ([
    [["run", path, "--journal", join(folder, "no", "where")], /no such file or folder/],
    [["run", path, "--journal", folder], /is a folder/],
    [["run", path, "--journal", text], /no journal of issue-bulk/],
    [["run", file("my.issue-bulk", "")], /is a journal/],
  ]);
  for (const [args, message] of cases) {
    const { code, stderr } = await cli([...args, ...WHAT, "--yes"]);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
  assert.match((await cli(["resume", join(folder, "my.issue-bulk")])).stderr, /nobody knows/);
  assert.equal(readFileSync(text, "utf8"), "hello");
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("a journal that was emptied begins no run: everybody would be issued twice", async () => {
  const path = file("emptied.csv", "11\n12\n");
  const command = ["run", path, ...WHAT, "--yes"];
  assert.equal((await cli(command)).code, 0);
  file("emptied.csv.issue-bulk", "");
  for (const args of [command, ["resume", path], ["report", path]]) {
    const { code, stderr } = await cli(args);
    assert.equal(code, 2);
    assert.match(stderr, /nobody knows/);
  }
  assert.equal((await service.gateway.summary()).arrivals, 2);
});

test("a second command on the same journal waits for nobody: it is refused", async () => {
  const path = file("two.csv", `${ids(2_000).join("\n")}\n`);
  await service.gateway.switches({ latencyMs: 500 });
  const command = ["run", path, ...WHAT, "--yes"];
  const first = begin(command);
  await service.gateway.reached({ arrivals: 1_000 });
  const second = await cli(command);
  assert.equal(second.code, 2);
  assert.match(second.stderr, /another process|lock/i);
  assert.equal((await first.ended).code, 0);
  await agrees("two.results.csv", 2_000);
});

test("customers from a pipe need a place for the journal", async () => {
  const env = environment(service.gateway.host);
  const input = "11\n12\n";
  const piped = (/** @type {string[]} */ ...more) =>
    start(["run", "-", ...WHAT, "--yes", ...more], { env, input }).ended;
  const refused = await piped();
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--journal FILE, or --no-journal/);
  assert.equal((await piped("--no-journal")).code, 0);
  const journal = join(folder, "piped.issue-bulk");
  assert.equal((await piped("--journal", journal)).code, 0);
  assert.equal((await piped("--journal", journal)).code, 0);
  assert.ok(existsSync(journal));
  assert.equal((await service.gateway.summary()).issued, 4);
});
