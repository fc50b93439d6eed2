/** The page in a real Chromium, driven as a person would. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { browserArguments, findBrowser } from "../../../scripts/browser.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Tab stops of the whole page, with room to spare. */
const TABS_MAX = 60;

/** @returns {Promise<import("playwright-core").Browser>} */
export function startBrowser() {
  const { chromium: executablePath } = findBrowser();
  assert.ok(executablePath, "no Chromium: set CHROMIUM to its path");
  return chromium.launch({ executablePath, args: browserArguments() });
}

/**
 * The page, freshly opened. An error in it, or a violation of its policy, fails `close`.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} origin
 * @param {Record<string, string>} [extraHTTPHeaders] of every request
 */
export async function openPage(browser, origin, extraHTTPHeaders = {}) {
  const context = await browser.newContext({ acceptDownloads: true, extraHTTPHeaders });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (/Content.Security.Policy|TrustedScript|Trusted Type/i.test(message.text())) {
      faults.push(message.text());
    }
  });
  await page.goto(origin);
  return {
    page,
    context,
    close: async () => {
      await context.close();
      assert.deepEqual(faults, []);
    },
  };
}

/** Presses Tab until the focus is there, and sees to it that the focus is visible. */
export async function tabTo(page, id) {
  for (let pressed = 0; pressed < TABS_MAX; pressed += 1) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement?.id);
    if (focused !== id) continue;
    const outline = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return outlineStyle === "none" ? 0 : Number.parseFloat(outlineWidth);
    });
    assert.ok(outline >= 2, `the focus on ${id} is not visible`);
    return;
  }
  assert.fail(`the keyboard does not reach ${id}`);
}

/** axe-core finds nothing wrong with what is shown now, in light and dark, wide and narrow. */
export async function assertAccessible(page, state) {
  const source = await readFile(AXE, "utf8");
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1100, 360]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 900 });
      await page.evaluate(source);
      const violations = await page.evaluate(async () => {
        const result = await globalThis.axe.run();
        return result.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
      });
      assert.deepEqual(violations, [], `${state}, ${colorScheme}, ${width}`);
      const overflows = await page.evaluate(
        () => document.documentElement.scrollWidth > innerWidth,
      );
      assert.equal(overflows, false, `${state} is wider than ${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize({ width: 1100, height: 900 });
}

/** Gives the page a file and waits until it was read. */
export async function pick(page, name, content) {
  await page.setInputFiles("#file", { name, mimeType: "text/csv", buffer: Buffer.from(content) });
  await page.waitForSelector("#survey:not([hidden]), #customers-error:not([hidden])");
}

/** Fills in steps 2 and 3 for a run through the site. */
export async function fillForSite(page, { promotion, context = "page test", token }) {
  await page.fill("#promotion", promotion);
  await page.fill("#context", context);
  await page.check("input[value=site]");
  await page.fill("#token", token);
}

/** Fills in steps 2 and 3 for a run from the browser. */
export async function fillForDirect(page, { promotion, context = "page test", name, password }) {
  await page.fill("#promotion", promotion);
  await page.fill("#context", context);
  await page.check("input[value=direct]");
  await page.fill("#name", name);
  await page.fill("#secret", password);
}

/** Reviews, types the count that is asked for, and sends. */
export async function confirmAndSend(page) {
  await page.click("#review");
  await page.waitForSelector("#confirm[open]");
  const label = await page.locator("#typed-label").textContent();
  await page.fill("#typed", label.match(/\d+/)[0]);
  await page.click("#send");
}

/** Waits for the end of a run; what became of every customer, from the CSV the page offers. */
export async function outcomes(page) {
  await page.waitForSelector("#results:not([hidden]), #error:not([hidden])", { timeout: 60_000 });
  assert.equal(await page.locator("#error").textContent(), "");
  return rowsOf(await downloaded(page));
}

/** The text of the CSV that the page offers. */
export async function downloaded(page) {
  await page.waitForSelector("#download[href]");
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  return readFile(await download.path(), "utf8");
}

/** The rows of the CSV; its quoted cells hold no line break in these tests. */
export function rowsOf(csv) {
  const [header, ...lines] = csv.replace(/^\uFEFF/, "").trimEnd().split("\r\n");
  const names = cells(header);
  return lines.map((line) => {
    const values = cells(line);
    assert.equal(values.length, names.length, line);
    return Object.fromEntries(names.map((name, at) => [name, values[at]]));
  });
}

function cells(line) {
  const found = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g);
  return [...found].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain);
}
