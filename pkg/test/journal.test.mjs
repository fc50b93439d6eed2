// A run with a journal: what is written before each call, and how another run goes on with it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  issueBulk,
  planIssueBulk,
  readJournal,
  reconcile,
  resumeIssueBulk,
  startIssueBulk,
  startResumeIssueBulk,
} from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { balances, ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;
const folder = mkdtempSync(join(tmpdir(), "issue-bulk-journal-"));
/** Ends the runs that died, whose timers would keep this process alive. @type {(() => void)[]} */
const burials = [];
after(() => {
  for (const bury of burials) bury();
  rmSync(folder, { recursive: true });
});

let files = 0;
/** A path that nobody used yet. */
function fresh() {
  files += 1;
  return join(folder, `${files}.journal`);
}

const SLOW = Object.freeze({ batchSize: 10, concurrency: 2 });

/** A journal in memory, as somebody else may bring it. */
class Memory {
  bytes = Buffer.alloc(0);
  appends = 0;
  closed = 0;

  async *read() {
    for (let at = 0; at < this.bytes.length; at += 7) yield this.bytes.subarray(at, at + 7);
  }
  /** @param {Uint8Array} bytes */
  async append(bytes) {
    this.appends += 1;
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }
  /** @param {number} length */
  async truncate(length) {
    this.bytes = this.bytes.subarray(0, length);
  }
  async close() {
    this.closed += 1;
  }
}

/**
 * A run of 100 ids that is cut off as a crash would cut it: after so many appends the journal
 * takes nothing any more and says nothing.
 *
 * @param {number} appends
 * @param {object} [options] of the run
 */
async function crashed(appends, options = {}) {
  const journal = new Memory();
  const { append } = journal;
  let isCrashed = () => {};
  /** @type {Promise<void>} */
  const crash = new Promise((resolve) => (isCrashed = resolve));
  journal.append = async (bytes) => {
    if (journal.appends < appends) return append.call(journal, bytes);
    isCrashed();
    return new Promise((_resolve, reject) => burials.push(() => reject(new Error("dead"))));
  };
  const job = startIssueBulk(what(ids(100)), where({ ...SLOW, ...options, journal }));
  await Promise.race([crash, job.done]);
  // What is on its way when a process dies still arrives.
  while (job.snapshot().inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const survivor = new Memory();
  survivor.bytes = journal.bytes;
  return survivor;
}

/** Whether the account knows every issued id exactly once, and nothing twice. */
async function agrees(/** @type {import("issue-bulk").Report} */ report) {
  const account = await service.gateway.ids();
  for (const { customerId, outcome } of report) {
    const issued = account.get(customerId)?.issued ?? 0;
    if (outcome === "issued") assert.equal(issued, 1, customerId);
    else if (outcome === "unknown") assert.ok(issued <= 1, customerId);
    else assert.equal(issued, 0, customerId);
  }
}

test("a run with a file journal can be read back, and its journal is closed", async () => {
  const path = fresh();
  const report = await issueBulk(what([...ids(30), "1", "1", "x"]), {
    ...where(SLOW),
    journal: fileJournal(path),
  });
  assert.equal(report.counts.issued, 31);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder).filter((name) => name.includes(".lock")), []);
  assert.ok(!readFileSync(path).includes("server123"), "no password in a journal");
  const read = await readJournal(fileJournal(path));
  assert.deepEqual([...read], [...report]);
  assert.deepEqual(read.problems, report.problems);
  const { given, invalid, duplicate, issued, attempts } = read.counts;
  assert.deepEqual([given, invalid, duplicate, issued, attempts], [33, 1, 1, 31, 4]);
  assert.equal(read.stopped, null);
});

test("an intent is stored before its call leaves", async () => {
  const journal = new Memory();
  /** @type {number[]} */
  const stored = [];
  const { append } = journal;
  let isStoring = false;
  journal.append = async (bytes) => {
    isStoring = true;
    await new Promise((resolve) => setTimeout(resolve, 2));
    await append.call(journal, bytes);
    isStoring = false;
  };
  /** @type {import("issue-bulk").Transport} */
  const transport = (url, init) => {
    stored.push(journal.appends);
    return fetch(url, init);
  };
  const report = await issueBulk(what(ids(40)), where({ ...SLOW, journal, transport }));
  assert.equal(report.counts.issued, 40);
  assert.ok(stored.every((appends) => appends >= 2), String(stored));
  assert.deepEqual([isStoring, journal.closed], [false, 1]);
});

for (const appends of [0, 1, 2, 3, 4, 6, 8]) {
  test(`a run that died after ${appends} appends goes on without issuing twice`, async () => {
    const journal = await crashed(appends);
    if (appends === 0) {
      await assert.rejects(resumeIssueBulk(journal, where()), { code: "journal-missing" });
      return;
    }
    const report = await resumeIssueBulk(journal, where({ concurrency: 3 }));
    assert.ok(balances(report.counts) && report.counts.given === 100);
    for (const { reason } of report.unknown()) assert.equal(reason, "interrupted");
    assert.equal(report.counts.issued + report.counts.unknown, 100);
    assert.ok(report.counts.unknown <= 20, String(report.counts.unknown));
    await agrees(report);
    const again = await resumeIssueBulk(journal, where());
    assert.deepEqual([...again], [...report], "a run that is over gives its report");
    await agrees(again);
  });
}

test("a process that is killed is gone on with, over its stale lock", async () => {
  await service.gateway.switches({ latencyMs: 20 });
  const path = fresh();
  const program = fileURLToPath(new URL("journal-run.mjs", import.meta.url));
  const options = { ...where(SLOW), path, count: 1_000 };
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(/** @type {import("node:stream").Readable} */ (child.stdout), "data");
  await assert.rejects(resumeIssueBulk(fileJournal(path), where()), {
    code: "journal-locked",
    message: new RegExp(`Process ${child.pid} .*${path}.lock`),
  });
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.ok(readdirSync(folder).includes(`${path.split("/").at(-1)}.lock`), "the lock stays");
  const job = startResumeIssueBulk(fileJournal(path), where());
  const report = await job.done;
  assert.equal(report.counts.issued + report.counts.unknown, 1_000);
  assert.ok(report.counts.unknown <= 20);
  await agrees(report);
});

test("a torn tail is cut off, also in a file", async () => {
  const memory = await crashed(4);
  const path = fresh();
  writeFileSync(path, Buffer.concat([memory.bytes, Buffer.from([40, 0, 0, 0, 4])]));
  const report = await resumeIssueBulk(fileJournal(path), where());
  assert.equal(report.counts.issued + report.counts.unknown, 100);
  assert.deepEqual([...(await readJournal(fileJournal(path)))], [...report]);
});

test("a damaged journal is refused with the place, and stays as it is", async () => {
  const { bytes } = await crashed(4);
  const flipped = Buffer.from(bytes);
  const middle = flipped.length >> 1;
  flipped[middle] = (flipped[middle] ?? 0) ^ 1;
  const path = fresh();
  writeFileSync(path, flipped);
  for (const refuse of [resumeIssueBulk, startResumeAndWait]) {
    await assert.rejects(refuse(fileJournal(path), where()), {
      code: "journal-damaged",
      message: /at byte \d+/,
    });
  }
  assert.deepEqual(readFileSync(path), flipped);
  const strange = fresh();
  writeFileSync(strange, "customer_id\n1\n2\n");
  const journal = fileJournal(strange);
  await assert.rejects(issueBulk(what(["1"]), where({ journal })), { code: "journal-damaged" });
  assert.equal(readFileSync(strange, "utf8"), "customer_id\n1\n2\n");
  const other = new Memory();
  other.bytes = Buffer.from("IssBulk\x03");
  await assert.rejects(resumeIssueBulk(other, where()), { code: "journal-version" });
});

/** @param {any} journal @param {any} options */
const startResumeAndWait = (journal, options) => startResumeIssueBulk(journal, options).done;

test("another run is refused, and the message names what differs", async () => {
  const journal = await crashed(3);
  const request = what(ids(100));
  /** @type {[object, RegExp][]} */
  const cases = [
    [{ request: { promotionId: "0".repeat(24) } }, /promotionId/],
    [{ request: { contextId: "another" } }, /contextId/],
    [{ request: { customerIds: ids(99) } }, /customerIds/],
    [{ host: "eu.api.capillarytech.com" }, /host/],
    [{ basePath: "/other" }, /basePath/],
    [{ batchSize: 20 }, /batchSize/],
  ];
  const { calls } = await service.gateway.summary();
  for (const [change, message] of cases) {
    const refused = resumeIssueBulk(journal, where({ request, ...change }));
    await assert.rejects(refused, { code: "journal-mismatch", message });
  }
  assert.equal((await service.gateway.summary()).calls, calls);
  const report = await resumeIssueBulk(journal, where({ ...SLOW, request }));
  assert.equal(report.counts.issued + report.counts.unknown, 100);
});

test("a list that was mended goes on with who is new, and issues nobody twice", async () => {
  const journal = new Memory();
  const first = await issueBulk(what(["7x", ...ids(30)]), where({ ...SLOW, journal }));
  assert.deepEqual([first.counts.issued, first.counts.invalid], [30, 1]);
  const { customerIds } = what(["700000001", ...ids(30)]);
  const report = await resumeIssueBulk(journal, where({ request: { customerIds } }));
  const { given, invalid, issued } = report.counts;
  assert.deepEqual([given, invalid, issued], [31, 0, 31]);
  await agrees(report);
  assert.equal((await service.gateway.summary()).issued, 31);
  assert.equal((await readJournal(journal)).counts.issued, 31);
});

test("a resumed run goes out for whom it began, and for nobody else", async () => {
  const attribution = { type: "STORE_CODE", code: "s1" };
  const journal = await crashed(3, { orgId: "100", attribution });
  /** @type {[object, RegExp][]} */
  const cases = [
    [{ orgId: "200" }, /orgId/],
    [{ attribution: { type: "STORE_CODE", code: "s2" } }, /attribution/],
    [{ attribution: { code: "s1" } }, /attribution/],
  ];
  for (const [change, message] of cases) {
    const refused = resumeIssueBulk(journal, where(change));
    await assert.rejects(refused, { code: "journal-mismatch", message });
  }
  /** @type {Headers[]} */
  const sent = [];
  /** @type {import("issue-bulk").Transport} */
  const transport = async (url, init) => {
    sent.push(new Headers(init.headers));
    return fetch(url, init);
  };
  const report = await resumeIssueBulk(journal, where({ ...SLOW, transport }));
  assert.equal(report.counts.issued + report.counts.unknown, 100);
  const names = ["AUTH-ORG-ID", "ATTRIBUTION-ENTITY-TYPE", "ATTRIBUTION-ENTITY-CODE"];
  const headers = names.map((name) => new Set(sent.map((of) => of.get(`X-CAP-API-${name}`))));
  assert.ok(sent.length > 5);
  assert.deepEqual(headers.map((of) => [...of]), [["100"], ["STORE_CODE"], ["s1"]]);
  const elsewhere = reconcile(report, where({ orgId: "200" }));
  await assert.rejects(elsewhere, { code: "journal-mismatch", message: /orgId/ });
});

test("a journal that holds a run takes no other, and an empty one resumes none", async () => {
  const journal = new Memory();
  await issueBulk(what(ids(5)), where({ journal }));
  const again = issueBulk(what(ids(5)), where({ journal }));
  await assert.rejects(again, { code: "journal-not-empty" });
  assert.equal((await service.gateway.summary()).issued, 5);
  const path = fresh();
  writeFileSync(path, "IssB");
  await assert.rejects(resumeIssueBulk(fileJournal(path), where()), { code: "journal-empty" });
  await assert.rejects(readJournal(fileJournal(path)), { code: "journal-empty" });
  const report = await issueBulk(what(ids(5)), where({ journal: fileJournal(path) }));
  assert.equal(report.counts.rejected + report.counts.issued, 5);
});

test("a journal that fails stops the run: nothing leaves without its intent", async () => {
  const journal = new Memory();
  const { append } = journal;
  journal.append = async (bytes) => {
    if (journal.appends === 3) throw new Error("ENOSPC: no space left on device");
    return append.call(journal, bytes);
  };
  const report = await issueBulk(what(ids(100)), where({ ...SLOW, journal }));
  assert.equal(report.stopped?.code, "journal-failed");
  assert.ok(balances(report.counts) && report.counts.unsent > 0);
  const note = report.notes.find(({ code }) => code === "journal-not-written");
  assert.match(note?.message ?? "", /ENOSPC/);
  await agrees(report);
});

test("a journal that cannot be opened or read rejects the run, and nothing is sent", async () => {
  const nowhere = fileJournal(join(folder, "missing", "x.journal"));
  /** @type {any} */
  const broken = new Memory();
  broken.read = async function* () {
    yield "text";
  };
  for (const journal of [nowhere, broken]) {
    const rejected = assert.rejects(issueBulk(what(["1"]), where({ journal })), {
      code: "journal-failed",
      message: /read/,
    });
    await rejected;
  }
  assert.equal(broken.closed, 1);
  for (const journal of [null, "path", {}, { read() {}, append() {} }]) {
    const options = where({ journal });
    await assert.rejects(issueBulk(what(["1"]), options), { code: "invalid-argument" });
    const resumed = resumeIssueBulk(/** @type {any} */ (journal), where());
    await assert.rejects(resumed, { code: "invalid-argument" });
  }
  const twice = resumeIssueBulk(new Memory(), where({ journal: new Memory() }));
  await assert.rejects(twice, { code: "invalid-argument" });
  assert.equal((await service.gateway.summary()).calls, 0);
});

test("a job that was cancelled is resumed with what it left", async () => {
  const path = fresh();
  const job = startIssueBulk(what(ids(200)), where({ ...SLOW, journal: fileJournal(path) }));
  for await (const { issued } of job.progress) if (issued >= 20) break;
  job.cancel();
  const first = await job.done;
  assert.ok(first.counts.unsent > 0 && first.counts.unknown === 0);
  assert.equal((await readJournal(fileJournal(path))).stopped?.code, "cancelled");
  const second = await resumeIssueBulk(fileJournal(path), where());
  assert.equal(second.counts.issued, 200);
  assert.equal((await service.gateway.summary()).issued, 200);
});

test("one journal object serves one run at a time", async () => {
  const journal = new Memory();
  const job = startIssueBulk(what(ids(100)), where({ ...SLOW, journal }));
  for await (const { issued } of job.progress) if (issued > 0) break;
  for (const second of [resumeIssueBulk(journal, where()), readJournal(journal)]) {
    await assert.rejects(second, { code: "journal-locked" });
  }
  assert.equal(journal.closed, 0);
  assert.equal((await job.done).counts.issued, 100);
  assert.equal((await readJournal(journal)).counts.issued, 100);
  assert.equal(journal.closed, 2);
});

test("a plan has no use for a journal and leaves it alone", async () => {
  const journal = new Memory();
  const planned = await planIssueBulk(what(ids(5)), where({ journal }));
  assert.deepEqual([planned.distinct, journal.closed, journal.appends], [5, 0, 0]);
});
