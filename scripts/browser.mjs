// Chromium and its driver: how they are started.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { findProgram } from "./programs.mjs";
import { ROOT } from "./project.mjs";

/** No window, no first-run page, and nothing that would talk to the outside. */
const ARGUMENTS = [
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * The arguments Chromium is started with. Its sandbox refuses to run as root.
 *
 * @returns {string[]}
 */
export function browserArguments() {
  return process.getuid?.() === 0 ? [...ARGUMENTS, "--no-sandbox"] : ARGUMENTS;
}

/**
 * The installed browser and driver; the variables `CHROMIUM` and `CHROMEDRIVER` win.
 *
 * @returns {{ chromium: string | null, chromedriver: string | null }}
 */
export function findBrowser() {
  return { chromium: findProgram("chromium"), chromedriver: findProgram("chromedriver") };
}

/**
 * The environment in which `wasm-bindgen-test-runner` runs its tests in headless Chromium.
 *
 * @returns {Record<string, string>}
 * @throws {Error} when the browser or the driver is missing
 */
export function browserEnvironment() {
  const { chromium, chromedriver } = findBrowser();
  if (chromium === null || chromedriver === null) {
    throw new Error("Chromium or its chromedriver is missing: set CHROMIUM and CHROMEDRIVER");
  }
  const file = join(ROOT, "target", "webdriver.json");
  const options = { args: browserArguments(), binary: chromium };
  mkdirSync(join(ROOT, "target"), { recursive: true });
  const text = `${JSON.stringify({ "goog:chromeOptions": options }, null, 2)}\n`;
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
  return {
    CHROMEDRIVER: chromedriver,
    WASM_BINDGEN_TEST_WEBDRIVER_JSON: file,
    WASM_BINDGEN_USE_BROWSER: "1",
  };
}
