// Every program that the package's README shows does what it says, with the packed package at the
// gateway.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { buildSync, transformSync } from "esbuild";
import { SAMPLE, accountIds, startGateway } from "../../scripts/gateway.mjs";
import { pack } from "../../scripts/packed.mjs";
import { LOGS, NODE, ROOT } from "../../scripts/project.mjs";
import { startCollector } from "./collector.mjs";
import { errors, page } from "./environments/pages.mjs";
import { bundleWorker, serveWorker } from "./environments/workers.mjs";
import { bun, deno } from "./executables.mjs";
import { Project } from "./project.mjs";
import { blocks, recipe } from "./readme.mjs";

const IDS = ["500000001", "500000002", "9007199254740993"];
const CSV = `customer_id,name\n${IDS.map((id) => `${id},somebody\n`).join("")}`;

const LOG = join(LOGS, "recipes.log");

/** @type {string} */
let folder;
/** @type {import("../../scripts/gateway.mjs").Gateway} */
let gateway;
/** @type {import("./collector.mjs").Collector} */
let collector;
/** @type {Project} */
let project;

before(async () => {
  rmSync(LOG, { force: true });
  folder = mkdtempSync(join(tmpdir(), "issue-bulk-recipes-"));
  gateway = await startGateway();
  collector = await startCollector();
  const where = { host: `http://${gateway.http}`, collector: collector.url };
  const tarball = await pack(folder, LOG);
  project = new Project({ folder: join(folder, "project"), tarball, where, log: LOG });
  await project.create();
  project.write("customers.csv", CSV);
});

beforeEach(async () => {
  await fetch(`http://${gateway.control}/reset`, { method: "POST" });
  rmSync(project.path("results.csv"), { force: true });
});

after(async () => {
  await project.close();
  await collector.stop();
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

/**
 * A program of the README with what it says is the reader's own.
 *
 * @param {string} name
 * @param {string} [more] of the reader's own
 */
function program(name, more = "") {
  const code = recipe(name).replace('"eu.api.capillarytech.com"', "host");
  const { promotionId, username, password } = SAMPLE;
  const own = { promotionId, contextId: "recipes", host: project.where.host, username, password };
  const lines = Object.entries(own).map(([key, value]) => `const ${key} = ${str(value)};\n`);
  const face = /import \{ issueBulk\b/.test(code) ? "" : FACE;
  return `${face}${lines.join("")}const auth = { username, password };\n${more}\n${code}`;
}

const FACE = 'import { issueBulk } from "issue-bulk";\n';

const str = JSON.stringify;

/** What the README calls the request and the options. */
const REQUEST = `const request = { promotionId, contextId, customerIds: ${str(IDS)} };
const options = { host, auth };`;

/** Each id was issued once, and nothing else was. */
async function issuedOnce() {
  const found = [];
  for await (const { id, issued } of accountIds(gateway)) found.push([id, issued]);
  assert.deepEqual(found, IDS.map((id) => [id, 1]));
}

/** @param {string} csv the results, which every runtime writes in its own way */
function holdsResults(csv) {
  const [, ...rows] = csv.trimEnd().split("\r\n");
  assert.deepEqual(rows.map((row) => row.split(",").slice(0, 2)), IDS.map((id) => [id, "issued"]));
}

const readResults = () => holdsResults(readFileSync(project.path("results.csv"), "utf8"));

/**
 * @param {string} name
 * @param {string} [more]
 */
async function runInNode(name, more) {
  project.write(`${name}.mjs`, program(name, more));
  await project.exec(NODE, [`${name}.mjs`]);
  await issuedOnce();
}

test("first: the example at the top", () => runInNode("first"));

test("node: files that are read and written as they go", async () => {
  await runInNode("node");
  readResults();
});

test("bun", async () => {
  project.write("bun.mjs", program("bun"));
  await project.exec(bun(), ["run", "bun.mjs"]);
  await issuedOnce();
  readResults();
});

test("deno, with the permissions that the README names", async () => {
  project.write("deno.mjs", program("deno"));
  const flags = ["--no-prompt", "--allow-net", "--allow-read", "--allow-write"];
  const env = { DENO_DIR: project.path("deno") };
  const modules = "--node-modules-dir=manual";
  await project.exec(deno(), ["run", ...flags, modules, "deno.mjs"], { env });
  await issuedOnce();
  readResults();
});

test("worker, in workerd", async () => {
  project.write("worker.js", recipe("worker"));
  await bundleWorker(project, {
    HOST: project.where.host,
    PROMOTION: SAMPLE.promotionId,
    USERNAME: SAMPLE.username,
    PASSWORD_MD5: createHash("md5").update(SAMPLE.password).digest("hex"),
  });
  const answer = await fetch(await serveWorker(project), { method: "POST", body: CSV });
  assert.equal(answer.headers.get("content-type"), "text/csv");
  holdsResults(await answer.text());
  await issuedOnce();
});

test("page, bundled, in Chromium", async () => {
  const own = `const transfer = new DataTransfer();
transfer.items.add(new File([${str(CSV)}], "customers.csv"));
document.querySelector("input").files = transfer.files;
const link = document.querySelector("a");`;
  const told = `const body = JSON.stringify({ rows: await (await fetch(link.href)).text() });
await fetch(${str(`${project.where.collector}/report`)}, { method: "POST", body });`;
  project.write("page.mjs", `${program("page", own)}\n${told}\n`);
  buildSync({
    entryPoints: [project.path("page.mjs")],
    bundle: true,
    format: "esm",
    outfile: project.path("page", "main.js"),
  });
  project.write("page/errors.js", errors(project));
  const body = '<input type="file"><a>results</a><script type="module" src="/main.js"></script>';
  project.write("page/index.html", page(body));
  const posts = collector.begin();
  await project.browse("chromium", await project.serve("page"));
  holdsResults((await posts.report).rows);
  await issuedOnce();
});

test("watch: a job and its progress", () => runInNode("watch", REQUEST));

test("journal: a run, and going on from it", () => runInNode("journal", REQUEST));

test("settle: looking before and after", () =>
  runInNode("settle", `${REQUEST}\nconst report = await issueBulk(request, options);`));

test("report: everything a report can be asked", () =>
  runInNode(
    "report",
    `${REQUEST}
const report = await issueBulk(request, options);
const destination = new WritableStream();`,
  ));

test("before: the loop that somebody may have written issues too", async () => {
  const inDoubles = IDS.slice(0, 2);
  project.write("before.mjs", program("before", `const ids = [${inDoubles}];`));
  await project.exec(NODE, ["before.mjs"]);
  const found = [];
  for await (const { id, issued } of accountIds(gateway)) found.push([id, issued]);
  assert.deepEqual(found, inDoubles.map((id) => [id, 1]));
});

test("after: what replaces the loop", () => runInNode("after", `const ids = ${str(IDS)};`));

/** Recipes that run here. */
const RUN = new Set([
  "first", "node", "bun", "deno", "worker", "page", "watch", "journal", "settle", "report",
  "before", "after",
]);

test("no block of the README is left out", () => {
  for (const { recipe: name, code } of blocks()) {
    assert.ok(name !== null, `no recipe is named before:\n${code}`);
    transformSync(code, { format: "esm" });
    if (RUN.has(name)) continue;
    // Shown there, where it runs in another setting.
    assert.ok(name.startsWith("in ") && existsSync(join(ROOT, name.slice(3))), name);
  }
});
