/** What a person sees when things break: no outcome is claimed that nobody can know. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { confirmAndSend, fillForDirect, fillForSite } from "./support/browser.mjs";
import { openPage, outcomes, pick, startBrowser } from "./support/browser.mjs";
import { PROMOTION, USER, startGateway, until } from "./support/gateway.mjs";
import { TOKEN, startSite } from "./support/site.mjs";

let gateway;
let site;
let browser;
let opened;

before(async () => {
  gateway = await startGateway();
  site = await startSite(gateway);
  browser = await startBrowser();
});
beforeEach(async () => {
  await gateway.reset(site.origin);
  opened = await openPage(browser, site.origin);
});
afterEach(async () => {
  site.cutAfter();
  await opened?.close();
});
after(async () => {
  await browser?.close();
  await site?.stop();
  await gateway?.stop();
});

const idLines = (length) => Array.from({ length }, (_, at) => 700_000_000 + at).join("\n");
const calls = async () => (await gateway.summary()).calls;
const stopped = (page) => page.locator("#results-stopped").textContent();

/** How many rows have each outcome. */
function sums(rows) {
  const found = { issued: 0, rejected: 0, unsent: 0, unknown: 0 };
  for (const { outcome } of rows) found[outcome] += 1;
  return found;
}

async function sendThroughSite(page, customers) {
  await pick(page, "c.csv", idLines(customers));
  await fillForSite(page, { promotion: PROMOTION, token: TOKEN });
  await confirmAndSend(page);
}

async function sendDirectly(page, customers, password = USER.password) {
  await pick(page, "c.csv", idLines(customers));
  await fillForDirect(page, { promotion: PROMOTION, name: USER.name, password });
  await confirmAndSend(page);
}

test("a wrong password: everything unsent, nothing issued", async () => {
  const { page } = opened;
  await sendDirectly(page, 3_000, "canary-wrong-password");
  const rows = await outcomes(page);
  assert.deepEqual(sums(rows), { issued: 0, rejected: 0, unsent: 3_000, unknown: 0 });
  assert.equal((await gateway.summary()).issued, 0);
  assert.match(await stopped(page), /credential|password|auth/i);
  assert.equal((await page.locator("#results").innerText()).includes("canary"), false);
});

test("OAuth credentials typed into the page", async () => {
  const { page } = opened;
  await pick(page, "c.csv", idLines(10));
  await fillForDirect(page, { promotion: PROMOTION, name: "sample-key", password: "x" });
  await page.check("input[value=oauth]");
  await page.fill("#secret", "sample-secret");
  await confirmAndSend(page);
  assert.equal(sums(await outcomes(page)).issued, 10);
});

test("the network is cut in the middle of a direct run", async () => {
  const folder = await mkdtemp(join(tmpdir(), "issue-bulk-account-"));
  const flags = ["--account", join(folder, "account.sqlite")];
  const doomed = await startGateway(flags);
  await doomed.reset(site.origin);
  const other = await startSite(doomed);
  await doomed.reset(other.origin);
  const { page, close } = await openPage(browser, other.origin);
  await doomed.faults(
    { name: "slow", when: { calls: [1, 2] }, fault: { kind: "delay", ms: 50 } },
    {
      name: "hold",
      when: { calls: [3, 4, 5, 6, 7, 8] },
      fault: { kind: "stallInBody", apply: true },
    },
  );
  await sendDirectly(page, 10_000);
  await until("calls are held", async () => (await doomed.summary()).calls >= 4);
  await doomed.kill();
  const rows = await outcomes(page);
  const after = await startGateway(flags);
  const account = await after.ids();
  const counted = sums(rows);
  assert.equal(rows.length, 10_000);
  assert.ok(counted.issued > 0 && counted.unknown > 0, JSON.stringify(counted));
  for (const { customer_id: id, outcome } of rows) {
    const { arrivals = 0, issued = 0 } = account.get(id) ?? {};
    assert.ok(arrivals <= 1, `${id} was sent again`);
    if (outcome === "issued") assert.equal(issued, 1, id);
    if (outcome === "unsent") assert.equal(arrivals, 0, id);
  }
  await close();
  await other.stop();
  await after.stop();
  await rm(folder, { recursive: true });
});

test("this site is cut off in the middle of a run: all unknown", async () => {
  const { page } = opened;
  await gateway.faults({ name: "hold", fault: { kind: "stallBeforeHeaders" } });
  await sendThroughSite(page, 5_000);
  await until("calls are held", async () => (await calls()) >= 2);
  site.cut();
  const rows = await outcomes(page);
  assert.deepEqual(sums(rows), { issued: 0, rejected: 0, unsent: 0, unknown: 5_000 });
  assert.match(await stopped(page), /may have been issued/);
  assert.equal(rows[0].reason, "answer-cut");
  assert.equal(rows[4_999].customer_id, "700004999");
});

test("the answer is cut between its rows: what it told stands, the rest is unknown", async () => {
  const { page } = opened;
  await pick(page, "c.csv", idLines(10_000));
  await fillForSite(page, { promotion: PROMOTION, token: TOKEN });
  site.cutAfter(600_000);
  await confirmAndSend(page);
  const rows = await outcomes(page);
  const { issued, unknown } = sums(rows);
  assert.ok(issued > 1_000 && unknown > 1_000, `${issued} and ${unknown}`);
  assert.equal(issued + unknown, 10_000);
  assert.deepEqual(rows.map(({ customer_id: id }) => id), idLines(10_000).split("\n"));
  assert.ok(rows.slice(0, issued).every(({ outcome }) => outcome === "issued"));
});

for (const [name, answer] of [
  ["a proxy's error page", { status: 502, contentType: "text/html", body: "<h1>Bad</h1>" }],
  ["the refusal of a second copy", {
    status: 409,
    json: { code: "already-started", message: "A run was started before: look." },
  }],
  ["a success without lines", { status: 200, contentType: "text/html", body: "<h1>Hi</h1>" }],
]) {
  test(`${name} proves nothing`, async () => {
    const { page } = opened;
    await page.route("**/api/issue?*", (route) => route.fulfill(answer));
    await sendThroughSite(page, 10);
    assert.equal(sums(await outcomes(page)).unknown, 10);
  });
}

test("cancel through this site: the report says what was sent", async () => {
  const { page } = opened;
  await gateway.faults({ name: "slow", fault: { kind: "delay", ms: 400 } });
  await sendThroughSite(page, 20_000);
  await until("calls are in flight", async () => (await calls()) >= 2);
  // A double click cancels once; its second half must not give up the report.
  await page.dblclick("#cancel");
  const rows = await outcomes(page);
  const { issued, unsent, unknown } = sums(rows);
  assert.ok(unsent > 0 && unknown === 0, JSON.stringify(sums(rows)));
  assert.equal((await gateway.summary()).distinctIssued, issued);
});

test("cancel when the run cannot be told: stop waiting, and all is unknown", async () => {
  const { page } = opened;
  await page.route("**/api/issue", (route) => route.abort());
  await gateway.faults({ name: "hold", fault: { kind: "stallBeforeHeaders" } });
  await sendThroughSite(page, 2_000);
  await until("calls are held", async () => (await calls()) >= 2);
  await page.click("#cancel");
  await page.waitForSelector("#run-note:not([hidden])");
  assert.match(await page.locator("#run-note").textContent(), /could not be told/);
  await page.click("#cancel");
  assert.equal(sums(await outcomes(page)).unknown, 2_000);
});

test("cancel in this browser: in flight is awaited, the rest is unsent", async () => {
  const { page } = opened;
  await gateway.faults({ name: "slow", fault: { kind: "delay", ms: 400 } });
  await sendDirectly(page, 20_000);
  await until("calls are in flight", async () => (await calls()) >= 2);
  await page.click("#cancel");
  const { issued, unsent, unknown } = sums(await outcomes(page));
  assert.ok(unsent > 0 && unknown === 0);
  assert.equal((await gateway.summary()).distinctIssued, issued);
});

// The last test of this file: it takes the gateway away.
test("offline in the middle of a direct run is said, and settles as unknown", async () => {
  const { page, context } = opened;
  await gateway.faults({ name: "hold", fault: { kind: "stallBeforeHeaders" } });
  await sendDirectly(page, 1_000);
  await until("a call is held", async () => (await calls()) >= 1);
  await context.setOffline(true);
  await page.waitForSelector("#run-note:not([hidden])");
  await gateway.kill();
  const found = sums(await outcomes(page));
  await context.setOffline(false);
  assert.deepEqual(found, { issued: 0, rejected: 0, unsent: 0, unknown: 1_000 });
});
