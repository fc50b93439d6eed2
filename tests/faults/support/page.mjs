// A page with the package in real browsers, on an origin of its own.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";
import { browserArguments } from "../../../scripts/browser.mjs";
import { findProgram } from "../../../scripts/programs.mjs";
import { bundled } from "./bundle.mjs";

/** @typedef {import("./table.mjs").Subject} Subject */

const ENTRY = `
  import { issueBulk } from "issue-bulk";
  import { play } from "./play.mjs";
  import { TRANSPORTS } from "./transports.mjs";
  globalThis.play = ({ transport, ...given }) => play(issueBulk, {
    ...given,
    options: { ...given.options, transport: TRANSPORTS[transport] },
  });
`;

const PAGE = '<!doctype html><title>faults</title><script type="module" src="/entry.js"></script>';

/**
 * Serves the page; the answers close their connections, so that the server can be closed.
 *
 * @returns {Promise<{ origin: string, stop: () => Promise<void> }>}
 */
export async function servePage() {
  const script = await bundled(ENTRY);
  const server = createServer((request, response) => {
    const isScript = request.url === "/entry.js";
    const type = isScript ? "text/javascript" : "text/html";
    response.writeHead(200, { "content-type": `${type}; charset=utf-8`, connection: "close" });
    response.end(isScript ? script : PAGE);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** @returns {Promise<Subject & { page: import("playwright-core").Page }>} in Chromium */
export async function startPage() {
  const site = await servePage();
  const executablePath = findProgram("chromium");
  assert.ok(executablePath, "no Chromium: set CHROMIUM to its path");
  const browser = await chromium.launch({ executablePath, args: browserArguments() });
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(site.origin);
  await page.waitForFunction(() => "play" in globalThis);
  return {
    page,
    play: (given) => page.evaluate((value) => Reflect.get(globalThis, "play")(value), given),
    stop: async () => {
      await browser.close();
      await site.stop();
    },
  };
}

/** @returns {Promise<Subject>} in Firefox, which Playwright drives only in a build of its own */
export async function startFirefox() {
  const site = await servePage();
  const executablePath = findProgram("firefox");
  assert.ok(executablePath, "no Firefox: set FIREFOX to its path");
  const options = { browser: /** @type {const} */ ("firefox"), acceptInsecureCerts: true };
  const browser = await puppeteer.launch({ ...options, executablePath, headless: true });
  const page = await browser.newPage();
  await page.goto(site.origin);
  await page.waitForFunction(() => "play" in globalThis);
  return {
    play: (given) => page.evaluate((value) => Reflect.get(globalThis, "play")(value), given),
    stop: async () => {
      await browser.close();
      await site.stop();
    },
  };
}
