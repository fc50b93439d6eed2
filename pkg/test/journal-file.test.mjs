// A journal's file: what it is called, who has it, what it is, and where it went.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { issueBulk, readJournal, reconcile, resumeIssueBulk, startIssueBulk } from "issue-bulk";
import { fileJournal } from "issue-bulk/node";
import { AUTH } from "./gateway.mjs";
import { ids, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;
const folder = mkdtempSync(join(tmpdir(), "issue-bulk-file-"));
after(() => rmSync(folder, { recursive: true }));

let folders = 0;
/** A folder that nobody used yet. */
function fresh() {
  folders += 1;
  const path = join(folder, String(folders));
  mkdirSync(path);
  return path;
}

const SLOW = Object.freeze({ batchSize: 10, concurrency: 2 });
const PROGRAM = fileURLToPath(new URL("journal-run.mjs", import.meta.url));
const ABSENT_LINKS = fileURLToPath(new URL("no-links.mjs", import.meta.url));

/**
 * A run in a process of its own that has its first answer.
 *
 * @param {string} path
 * @param {{ command?: string[], env?: NodeJS.ProcessEnv, flags?: string[] }} [how]
 */
async function startElsewhere(path, { command = [], env = process.env, flags = [] } = {}) {
  await service.gateway.switches({ latencyMs: 30 });
  const order = JSON.stringify({ ...where(SLOW), path, count: 2_000 });
  const [program = "", ...args] = [...command, process.execPath, ...flags, PROGRAM, order];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"], env });
  await once(/** @type {import("node:stream").Readable} */ (child.stdout), "data");
  return child;
}

/** @param {import("node:child_process").ChildProcess} child */
async function kill(child) {
  child.kill("SIGKILL");
  await once(child, "exit");
}

/**
 * What a command prints that resumes a journal in a process of its own: its counts, or nothing.
 *
 * @param {string} path
 * @param {{ command?: string[], env?: NodeJS.ProcessEnv, flags?: string[] }} [how]
 */
async function resumeElsewhere(path, { command = [], env = process.env, flags = [] } = {}) {
  await service.gateway.switches({ latencyMs: 0 });
  const order = JSON.stringify({ ...where(SLOW), path, isResumed: true });
  const [program = "", ...args] = [...command, process.execPath, ...flags, PROGRAM, order];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text) => (out += text));
  child.stderr.on("data", (text) => (err += text));
  await once(child, "close");
  return { counts: out === "" ? null : JSON.parse(out), err };
}

async function assertNobodyTwice() {
  for (const [id, { issued }] of await service.gateway.ids()) assert.ok(issued <= 1, id);
}

const hasFlock = spawnSync("flock", ["--version"]).error === undefined;
/** An environment in which no command is found. */
const WITHOUT_FLOCK = { ...process.env, PATH: "" };

/** Names of the file `j` of a folder. @type {[name: string, make: (at: string) => string][]} */
const NAMES = [
  ["a symbolic link", (at) => (symlinkSync("j", join(at, "l")), join(at, "l"))],
  ["a link to a link", (at) => {
    symlinkSync("j", join(at, "l"));
    symlinkSync(join(at, "l"), join(at, "m"));
    return join(at, "m");
  }],
  ["another spelling", (at) => `${at}/../${at.split("/").at(-1)}/./j`],
  ["a folder's other name", (at) => (symlinkSync(at, `${at}.l`), join(`${at}.l`, "j"))],
];
const HARD = /** @type {typeof NAMES[0]} */ ([
  "a hard link",
  (at) => (linkSync(join(at, "j"), join(at, "h")), join(at, "h")),
]);

for (const [name, make] of hasFlock ? [...NAMES, HARD] : NAMES) {
  test(`${name} of a journal is no way around its lock`, async () => {
    const at = fresh();
    const child = await startElsewhere(join(at, "j"));
    const other = make(at);
    // Beside the other end of a hard link there is nothing that names the process.
    const message = make === HARD[1] ? /Another run/ : new RegExp(`Process ${child.pid} `);
    const refused = resumeIssueBulk(fileJournal(other), where());
    await assert.rejects(refused, { code: "journal-locked", message });
    await kill(child);
    const report = await resumeIssueBulk(fileJournal(other), where());
    assert.equal(report.counts.issued + report.counts.unknown, 2_000);
    await assertNobodyTwice();
  });
}

test("without flock a journal with two names is refused, and with one it is locked", async () => {
  const at = fresh();
  const path = join(at, "j");
  const child = await startElsewhere(path, { env: WITHOUT_FLOCK });
  linkSync(path, join(at, "h"));
  const refused = await resumeElsewhere(join(at, "h"), { env: WITHOUT_FLOCK });
  assert.match(refused.err, /2 names \(hard links\)/);
  await assert.rejects(resumeIssueBulk(fileJournal(path), where()), {
    code: "journal-locked",
    message: new RegExp(`Process ${child.pid} .*delete ${path}\\.lock`),
  });
  await kill(child);
  rmSync(join(at, "h"));
  const { counts } = await resumeElsewhere(path, { env: WITHOUT_FLOCK });
  assert.equal(counts.issued + counts.unknown, 2_000);
  await assertNobodyTwice();
});

for (const [name, env] of /** @type {[string, NodeJS.ProcessEnv][]} */ ([
  ["with", process.env],
  ["without", WITHOUT_FLOCK],
])) {
  test(`a file system without hard links locks a journal, too (${name} flock)`, async () => {
    const at = fresh();
    const path = join(at, "j");
    const flags = ["--import", ABSENT_LINKS];
    const child = await startElsewhere(path, { env, flags });
    const refused = await resumeElsewhere(path, { env, flags });
    assert.match(refused.err, /journal-locked/);
    await kill(child);
    const { counts, err } = await resumeElsewhere(path, { env, flags });
    assert.equal(counts?.issued + counts?.unknown, 2_000, err);
    assert.deepEqual(readdirSync(at), ["j"]);
    await assertNobodyTwice();
  });
}

/** Starts a command as the first process of a PID namespace, as containers do. */
const CONTAINER = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"];
const hasContainers =
  hasFlock && spawnSync(CONTAINER[0] ?? "", [...CONTAINER.slice(1), "true"]).status === 0;

test("a container that was killed and started anew goes on over its lock", {
  skip: !hasContainers,
}, async () => {
  const path = join(fresh(), "j");
  const child = await startElsewhere(path, { command: CONTAINER });
  const beside = await resumeElsewhere(path, { command: CONTAINER });
  assert.match(beside.err, /journal-locked/);
  await kill(child);
  assert.ok(existsSync(`${path}.lock`), "the lock stays");
  const { counts, err } = await resumeElsewhere(path, { command: CONTAINER });
  assert.equal(counts?.issued + counts?.unknown, 2_000, err);
  await assertNobodyTwice();
});

test("a lock file that a crash left half-written is in nobody's way", {
  skip: !hasFlock,
}, async () => {
  const path = join(fresh(), "j");
  await issueBulk(what(ids(5)), where({ journal: fileJournal(path) }));
  writeFileSync(`${path}.lock`, '{"host":');
  const report = await resumeIssueBulk(fileJournal(path), where());
  assert.equal(report.counts.issued, 5);
});

/** Runs this program as somebody whom the permissions of files bind. */
const BOUND = process.getuid?.() === 0 ? ["setpriv", "--bounding-set", "-all"] : [];

test("the journal of a finished run is read in a folder that cannot be written", async () => {
  const at = fresh();
  const path = join(at, "j");
  await issueBulk(what(ids(5)), where({ journal: fileJournal(path) }));
  chmodSync(path, 0o400);
  chmodSync(at, 0o500);
  const program = `
    import { readJournal } from "issue-bulk";
    import { fileJournal } from "issue-bulk/node";
    import { writeFileSync } from "node:fs";
    try { writeFileSync(process.argv[1] + ".new", ""); } catch (error) { console.log(error.code); }
    const { counts } = await readJournal(fileJournal(process.argv[1]));
    console.log(counts.issued);`;
  const flags = ["--input-type=module", "--eval", program, path];
  const [command = "", ...args] = [...BOUND, process.execPath, ...flags];
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const { stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  chmodSync(at, 0o700);
  assert.equal(stdout, "EACCES\n5\n", stderr);
  assert.deepEqual(readdirSync(at), ["j"]);
});

test("a journal is not read while its run goes on: its unsent may be on their way", async () => {
  const path = join(fresh(), "j");
  const child = await startElsewhere(path);
  for (const look of [readJournal, reconcile]) {
    const refused = look(fileJournal(path), /** @type {any} */ ({ auth: AUTH }));
    await assert.rejects(refused, { code: "journal-locked" });
  }
  await kill(child);
  const report = await readJournal(fileJournal(path));
  assert.ok(report.counts.issued > 0);
});

test("what is no file is refused as a journal, by name", async () => {
  const at = fresh();
  const pipe = join(at, "pipe");
  spawnSync("mkfifo", [pipe]);
  symlinkSync("/dev/full", join(at, "link"));
  /** @type {[string, RegExp][]} */
  const cases = [
    [at, /is a folder/],
    ["/dev/null", /is a device/],
    ["/dev/full", /is a device/],
    [join(at, "link"), /is a device/],
  ];
  if (existsSync(pipe)) cases.push([pipe, /is a named pipe/]);
  for (const [path, message] of cases) {
    const told = { code: "journal-failed", message };
    const journal = fileJournal(path);
    await assert.rejects(issueBulk(what(["1"]), where({ journal })), told);
    await assert.rejects(resumeIssueBulk(fileJournal(path), where()), told);
    await assert.rejects(readJournal(fileJournal(path)), told);
  }
  assert.equal((await service.gateway.summary()).calls, 0);
});

/** What can become of a journal's file in the middle of a run. @type {[string, any][]} */
const LOSSES = [
  ["deleted", (/** @type {string} */ path) => rmSync(path)],
  ["moved away", (/** @type {string} */ path) => renameSync(path, `${path}.old`)],
  ["replaced by another", (/** @type {string} */ path) => {
    writeFileSync(`${path}.new`, readFileSync(path));
    renameSync(`${path}.new`, path);
  }],
];

for (const [name, lose] of LOSSES) {
  test(`a journal that is ${name} during the run ends it before the next call`, async () => {
    const path = join(fresh(), "j");
    let calls = 0;
    /** @type {import("issue-bulk").Transport} */
    const transport = (url, init) => {
      calls += 1;
      if (calls === 3) lose(path);
      return fetch(url, init);
    };
    const options = where({ batchSize: 10, concurrency: 1, journal: fileJournal(path), transport });
    const report = await issueBulk(what(ids(100)), options);
    assert.equal(report.stopped?.code, "journal-failed");
    assert.deepEqual([calls, report.counts.unsent], [3, 70]);
    const note = report.notes.find(({ code }) => code === "journal-not-written");
    assert.match(note?.message ?? "", /was (deleted|replaced)/);
    assert.ok(!existsSync(`${path}.lock`));
  });
}

test("nobody knows what a journal would say that is not there, and none is made", async () => {
  const at = fresh();
  const empty = join(at, "empty");
  writeFileSync(empty, "");
  for (const path of [join(at, "sumer.journal"), empty]) {
    const told = { code: "journal-missing", message: /nobody knows/ };
    await assert.rejects(resumeIssueBulk(fileJournal(path), where()), told);
    await assert.rejects(readJournal(fileJournal(path)), told);
    await assert.rejects(reconcile(fileJournal(path), { auth: AUTH }), told);
  }
  assert.deepEqual(readdirSync(at), ["empty"]);
});

test("a run that fails before it begins leaves no journal behind", async () => {
  const at = fresh();
  const journal = fileJournal(join(at, "j"));
  await assert.rejects(issueBulk(what("customer_id\n"), where({ journal })), { code: "no-ids" });
  assert.deepEqual(readdirSync(at), []);
});

test("two runs that begin with one journal at the same time are one", async () => {
  const path = join(fresh(), "j");
  const starts = Array.from({ length: 5 }, () =>
    issueBulk(what(ids(20)), where({ ...SLOW, journal: fileJournal(path) })),
  );
  const ends = await Promise.allSettled(starts);
  assert.ok(ends.filter(({ status }) => status === "fulfilled").length <= 1);
  for (const end of ends) {
    if (end.status === "rejected") assert.match(end.reason.code, /^journal-(locked|not-empty)$/);
  }
  await assertNobodyTwice();
});

test("a journal is where it was named, whatever the working directory becomes", async () => {
  const at = fresh();
  const before = process.cwd();
  process.chdir(at);
  const journal = fileJournal("j");
  process.chdir(before);
  await issueBulk(what(ids(5)), where({ journal }));
  assert.deepEqual(readdirSync(at), ["j"]);
});

test("a journal that no longer answers keeps nobody waiting for a cancelled run", async () => {
  const file = fileJournal(join(fresh(), "j"));
  let isStuck = false;
  const never = () => new Promise(() => {});
  /** @type {any} */
  const journal = {
    read: () => file.read(),
    truncate: (/** @type {number} */ length) => file.truncate(length),
    append: (/** @type {Uint8Array} */ bytes) => (isStuck ? never() : file.append(bytes)),
    close: never,
  };
  const job = startIssueBulk(what(ids(100)), where({ ...SLOW, journal }));
  for await (const { issued } of job.progress) if (issued > 0) break;
  isStuck = true;
  job.cancel();
  const { counts } = await job.done;
  assert.ok(counts.issued > 0 && counts.unsent > 0, JSON.stringify(counts));
  // It may still write what it was given, so nobody else may have it.
  await assert.rejects(resumeIssueBulk(journal, where()), { code: "journal-locked" });
  await file.close();
});
