// Chromium and its driver: where they are, how they are started, how a Debian machine gets them.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { capture } from "./capture.mjs";
import { ROOT } from "./project.mjs";
import { run } from "./run.mjs";

const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Where macOS keeps it. */
const BUNDLES = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

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
  const chromium = process.env.CHROMIUM ?? firstOf(BROWSERS) ?? BUNDLES.find(existsSync) ?? null;
  const chromedriver = process.env.CHROMEDRIVER ?? firstOf(["chromedriver"]);
  return { chromium, chromedriver };
}

/**
 * @param {string[]} names
 * @returns {string | null}
 */
function firstOf(names) {
  for (const name of names) {
    const path = capture("sh", ["-c", `command -v ${name}`]);
    if (path !== null && path !== "") return path;
  }
  return null;
}

/**
 * Install what is missing where that is possible: on Debian and its kin, as root.
 *
 * @param {string} log
 * @throws {Error} that names what is missing, elsewhere
 */
export async function installBrowser(log) {
  if (missing().length === 0) return;
  if (!isDebian() || process.getuid?.() !== 0) {
    throw new Error(`${missing().join(" and ")} missing: install Chromium with its chromedriver`);
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env, log });
  const packages = ["chromium", "chromium-driver"];
  await run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], { env, log });
  if (missing().length > 0) throw new Error(`${missing().join(" and ")} missing after apt-get`);
}

function missing() {
  return Object.entries(findBrowser()).filter(([, path]) => path === null).map(([name]) => name);
}

function isDebian() {
  return existsSync("/etc/debian_version") && capture("sh", ["-c", "command -v apt-get"]) !== null;
}

/**
 * The environment in which `wasm-bindgen-test-runner` runs its tests in headless Chromium.
 *
 * @returns {Record<string, string>}
 * @throws {Error} when the browser or the driver is missing
 */
export function browserEnvironment() {
  const { chromium, chromedriver } = findBrowser();
  if (chromium === null || chromedriver === null) throw new Error(`missing: ${missing()}`);
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
