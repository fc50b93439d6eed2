/** The page in Chromium: by keyboard alone, in every state, with what is wrong in a list. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { assertAccessible, confirmAndSend, downloaded, fillForSite } from "./support/browser.mjs";
import { openPage, outcomes, pick, rowsOf, startBrowser, tabTo } from "./support/browser.mjs";
import { PROMOTION, startGateway, until } from "./support/gateway.mjs";
import { CANARIES, TOKEN, startSite } from "./support/site.mjs";

let gateway;
let site;
let browser;
let opened;

before(async () => {
  gateway = await startGateway();
  site = await startSite(gateway, { SUBREQUESTS: "1000" });
  browser = await startBrowser();
});
beforeEach(async () => {
  await gateway.reset(site.origin);
  opened = await openPage(browser, site.origin);
});
afterEach(() => opened?.close());
after(async () => {
  await browser?.close();
  await site?.stop();
  await gateway?.stop();
});

const SETTINGS = { promotion: PROMOTION, token: TOKEN };
const text = (page, id) => page.locator(`#${id}`).textContent();

/** A list with one of each kind of problem, and text that must not become markup. */
const MIXED = [
  "customer_id,name",
  "9007199254740993,big",
  "9223372036854775807,largest",
  "9223372036854775808,too large",
  "<img src=x onerror=alert(1)>,markup",
  "=cmd(),formula",
  "9007199254740993,again",
  "",
].join("\r\n");

test("a whole run by keyboard alone", async () => {
  const { page } = opened;
  const list = Buffer.from(MIXED);
  // Listening takes a moment to take effect in the browser: it starts well before the key.
  const choosing = page.waitForEvent("filechooser");
  await tabTo(page, "file");
  await page.keyboard.press("Enter");
  const chooser = await choosing;
  await chooser.setFiles({ name: "customers.csv", mimeType: "text/csv", buffer: list });
  await page.waitForSelector("#survey:not([hidden])");
  await tabTo(page, "promotion");
  await page.keyboard.type(PROMOTION);
  await tabTo(page, "context");
  await page.keyboard.type("summer & sun #1 100%");
  await tabTo(page, "token");
  await page.keyboard.type(TOKEN);
  await tabTo(page, "review");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#confirm[open]");
  assert.equal(await page.evaluate(() => document.activeElement.id), "typed");
  await page.keyboard.type("3");
  await page.keyboard.press("Enter");
  assert.match(await text(page, "typed-error"), /not 2/);
  assert.equal((await gateway.summary()).calls, 0, "sent without the right count");
  await page.keyboard.press("Backspace");
  await page.keyboard.type("2");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#results:not([hidden])");
  assert.equal(await page.evaluate(() => document.activeElement.id), "results-title");
  await page.waitForSelector("#download[href]");
  await tabTo(page, "download");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.keyboard.press("Enter"),
  ]);
  assert.equal(download.suggestedFilename(), "results.csv");
  assert.equal(await text(page, "count-issued"), "2");
  assert.match(await text(page, "results-line"), /^6 ids given: 2 .* 3 invalid and 1 duplicate/);
  const account = await gateway.ids();
  assert.deepEqual([...account.keys()].sort(), ["9007199254740993", "9223372036854775807"]);
  assert.equal((await gateway.calls())[0].contextId, "summer & sun #1 100%");
});

test("Escape leaves the confirmation, and nothing was sent", async () => {
  const { page } = opened;
  await pick(page, "c.csv", "1\n2\n");
  await fillForSite(page, SETTINGS);
  await page.click("#review");
  await page.waitForSelector("#confirm[open]");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#confirm:not([open])", { state: "attached" });
  assert.equal((await gateway.summary()).calls, 0);
});

test("counts and problems of a list, as text", async () => {
  const { page } = opened;
  await pick(page, "customers.csv", MIXED);
  assert.equal(await text(page, "count-valid"), "2");
  assert.equal(await text(page, "count-invalid"), "3");
  assert.equal(await text(page, "count-duplicate"), "1");
  const rows = await page.locator("#problems-rows tr").allInnerTexts();
  const cells = rows.map((row) => row.split("\t").map((cell) => cell.trim()));
  assert.deepEqual(cells, [
    ["4", "1", "too large", "9223372036854775808"],
    ["5", "1", "not digits", "<img src=x onerror=alert(1)>"],
    ["6", "1", "not digits", "=cmd()"],
    ["7", "1", "duplicate of line 2", "9007199254740993"],
  ]);
  assert.equal(await page.locator("main img").count(), 0);
});

test("a problem list has pages and says what it leaves out", async () => {
  const { page } = opened;
  await pick(page, "c.csv", `7\n${"x\n".repeat(1_500)}`);
  assert.equal(await text(page, "count-invalid"), "1,500");
  assert.match(await text(page, "problems-note"), /first 1,000 of 1,500/);
  assert.equal(await page.locator("#problems-rows tr").count(), 100);
  await page.locator("#problems-pager button", { hasText: "Last" }).click();
  const [first] = await page.locator("#problems-rows tr").allInnerTexts();
  assert.match(first, /^902\t/);
});

test("an ambiguous column is asked for, and the choice is what is sent", async () => {
  const { page } = opened;
  await pick(page, "c.csv", 'account;"the; other"\n11;21\n12;22\n');
  assert.match(await text(page, "customers-error"), /column/i);
  const options = await page.locator("#column option").allInnerTexts();
  assert.deepEqual(options.slice(1), ["1: account", "2: the; other"]);
  await page.selectOption("#column", "2");
  await page.waitForSelector("#survey:not([hidden])");
  await fillForSite(page, SETTINGS);
  await confirmAndSend(page);
  const rows = await outcomes(page);
  assert.deepEqual(rows.map(({ customer_id: id }) => id), ["21", "22"]);
});

test("pasted ids, and a list without any", async () => {
  const { page } = opened;
  await page.check("input[value=text]");
  await page.fill("#text", "customer_id\n");
  await page.click("#read-text");
  await page.waitForSelector("#customers-error:not([hidden])");
  await page.fill("#text", "31\n32\n31\n");
  await page.click("#read-text");
  await page.waitForSelector("#survey:not([hidden])");
  assert.equal(await text(page, "count-valid"), "2");
  assert.equal(await text(page, "count-duplicate"), "1");
});

test("a file that is dropped, also one that the system calls a workbook", async () => {
  const { page } = opened;
  const drop = (target) =>
    page.evaluate((target) => {
      const dataTransfer = new DataTransfer();
      const [content, type] = ["customer_id\n51\n52\n52\n", "application/vnd.ms-excel"];
      dataTransfer.items.add(new File([content], "dropped.csv", { type }));
      return ["dragover", "drop"].map((kind) => {
        const init = { dataTransfer, bubbles: true, cancelable: true };
        return document.querySelector(target).dispatchEvent(new DragEvent(kind, init));
      });
    }, target);
  assert.deepEqual(await drop("header"), [false, false], "the browser would open the file");
  assert.equal(await page.isVisible("#survey"), false);
  assert.deepEqual(await drop("#file-part"), [false, false]);
  await page.waitForSelector("#survey:not([hidden])");
  assert.match(await text(page, "survey-source"), /^dropped\.csv, /);
  assert.equal(await page.evaluate(() => document.querySelector(".over")), null);
  await fillForSite(page, SETTINGS);
  await confirmAndSend(page);
  const rows = await outcomes(page);
  assert.deepEqual(
    rows.map(({ customer_id: id, outcome }) => [id, outcome]),
    [["51", "issued"], ["52", "issued"]],
  );
});

test("a list that changed after it was read is not sent", async () => {
  const { page } = opened;
  await fillForSite(page, SETTINGS);
  await page.check("input[value=text]");
  await page.fill("#text", "31\n32\n");
  await page.click("#read-text");
  await page.waitForSelector("#survey:not([hidden])");
  await page.fill("#text", "31\n");
  assert.equal(await page.isVisible("#survey"), false);
  await page.click("#review");
  assert.match(await text(page, "error"), /have it checked/);
  await page.fill("#text", "id\nnobody\n");
  await page.click("#read-text");
  await page.waitForSelector("#survey:not([hidden])");
  assert.equal(await text(page, "count-valid"), "0");
  await page.click("#review");
  await page.waitForSelector("#error:not([hidden])");
  assert.match(await text(page, "error"), /at least one valid customer/);
  assert.equal(await page.isVisible("#confirm"), false);
  assert.equal((await gateway.summary()).calls, 0);
});

test("what is missing or wrong is said, and nothing is sent", async () => {
  const { page } = opened;
  await page.click("#review");
  assert.match(await text(page, "error"), /at least one valid customer/);
  assert.equal(await page.getAttribute("#promotion", "aria-invalid"), "true");
  await pick(page, "c.csv", "1\n");
  await fillForSite(page, { ...SETTINGS, promotion: ".." });
  await page.click("#review");
  await page.waitForFunction(() => /promotion/i.test(document.querySelector("#error").innerText));
  await fillForSite(page, { ...SETTINGS, token: "not the operator's token" });
  await confirmAndSend(page);
  await page.waitForFunction(() => /Nothing was/.test(document.querySelector("#error").innerText));
  assert.equal(await page.isVisible("#form"), true);
  assert.equal((await gateway.summary()).calls, 0);
});

test("direct sending is off where the site names no host for it", async () => {
  const other = await startSite(gateway, { DIRECT_HOSTS: undefined });
  const { page, close } = await openPage(browser, other.origin);
  assert.equal(await page.isDisabled("input[value=direct]"), true);
  assert.match(await text(page, "way-hint"), /DIRECT_HOSTS/);
  assert.equal(await page.isVisible("#way-hint"), true);
  await assertAccessible(page, "direct sending off");
  await close();
  await other.stop();
});

test("axe finds nothing in any state", async () => {
  const { page } = opened;
  await assertAccessible(page, "start");
  const ids = Array.from({ length: 150 }, (_, at) => `${at + 1},x`).join("\n");
  await pick(page, "c.csv", `${MIXED}${ids}\n${"x,y\n".repeat(120)}`);
  await assertAccessible(page, "file read");
  await page.click("#review");
  await assertAccessible(page, "fields missing");
  await page.check("input[value=direct]");
  await assertAccessible(page, "direct");
  await fillForSite(page, SETTINGS);
  await page.click("#review");
  await page.waitForSelector("#confirm[open]");
  await page.fill("#typed", "1");
  await page.click("#send");
  await assertAccessible(page, "confirmation");
  await gateway.faults({ name: "hold", fault: { kind: "stallBeforeHeaders" } });
  await page.fill("#typed", "152");
  await page.click("#send");
  await until("the run is under way", async () => (await gateway.summary()).calls === 1);
  await assertAccessible(page, "running");
  await gateway.faults({
    name: "some",
    fault: { kind: "perIdError", which: { every: 2 }, message: "<b>=cmd()</b>" },
  });
  await page.waitForSelector("#results:not([hidden])");
  await assertAccessible(page, "done");
  await page.click("#again");
  await pick(page, "c.csv", "1\n");
  await page.fill("#token", "wrong");
  await confirmAndSend(page);
  await page.waitForSelector("#error:not([hidden])");
  await assertAccessible(page, "error");
});

test("a hundred thousand outcomes stay responsive", async () => {
  const { page } = opened;
  const ids = Array.from({ length: 100_000 }, (_, at) => 100_000_000 + at);
  await gateway.faults({
    name: "some",
    fault: { kind: "perIdError", which: { every: 3 }, code: 708 },
  });
  await pick(page, "c.csv", ids.join("\n"));
  await fillForSite(page, SETTINGS);
  await confirmAndSend(page);
  await page.waitForSelector("#download[href]", { timeout: 60_000 });
  const longest = await page.evaluate(async () => {
    const painted = () => new Promise((resolve) => requestAnimationFrame(() => resolve()));
    let longest = 0;
    for (const selector of [
      "input[value=issued]", "input[value=all]", "#outcomes-pager button:nth-of-type(4)",
    ]) {
      const from = performance.now();
      document.querySelector(selector).click();
      await painted();
      longest = Math.max(longest, performance.now() - from);
    }
    return longest;
  });
  // A person waits without noticing for a tenth of that; the rest is for a busy machine.
  assert.ok(longest < 1_000, `${longest} ms`);
  assert.equal(await page.locator("#outcomes-rows tr").count(), 100);
  const groups = await page.locator("#reasons-rows tr").allInnerTexts();
  assert.equal(groups.length, 1);
  assert.match(groups[0], /rejected.*708.*33,300$/s);
  assert.equal(rowsOf(await downloaded(page)).length, 100_000);
});

test("no secret reaches the page or stays in it", async () => {
  site.said();
  const legible = { "accept-encoding": "identity" };
  const { page, context, close } = await openPage(browser, site.origin, legible);
  await pick(page, "customers.csv", MIXED);
  await fillForSite(page, SETTINGS);
  await confirmAndSend(page);
  await outcomes(page);
  const said = site.said();
  for (const part of ["<!doctype html>", "WebAssembly", '{"type":"summary"']) {
    assert.ok(said.includes(part), `the wire does not show ${part}`);
  }
  for (const canary of CANARIES) {
    assert.equal(said.includes(canary), false);
    assert.equal((await page.content()).includes(canary), false);
  }
  assert.deepEqual(await context.storageState(), { cookies: [], origins: [] });
  assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
  await close();
});
