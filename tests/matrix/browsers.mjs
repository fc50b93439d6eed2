// Browsers that open one page. They need no driver: the page itself tells the collector.

import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { browserArguments } from "../../scripts/browser.mjs";
import { findProgram } from "../../scripts/programs.mjs";
import { launch, stop } from "../../scripts/run.mjs";

/** @typedef {"chromium" | "firefox" | "webkit"} BrowserName */

/** A proxy nobody answers at: nothing leaves this machine; loopback goes past proxies. */
const NOWHERE = { host: "127.0.0.1", port: 9 };

/** What makes a fresh Firefox ask the outside; the proxy above catches what is not named here. */
const FIREFOX_PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.proxy.http": NOWHERE.host,
  "network.proxy.http_port": NOWHERE.port,
  "network.proxy.ssl": NOWHERE.host,
  "network.proxy.ssl_port": NOWHERE.port,
  "network.proxy.type": 1,
  "toolkit.telemetry.enabled": false,
};

/**
 * Opens `url` in a fresh profile.
 *
 * @param {BrowserName} name
 * @param {string} url
 * @param {string} profile a folder for the profile, which is made
 * @param {string} log
 * @returns {Promise<() => Promise<void>>} closes the browser
 */
export async function openBrowser(name, url, profile, log) {
  mkdirSync(profile, { recursive: true });
  if (name === "chromium") {
    return start(program("chromium"), [...chromiumFlags(profile), url], {}, log);
  }
  if (name === "firefox") {
    const flags = ["--headless", "--no-remote", "--profile", profile];
    writeFirefoxPreferences(profile);
    return start(program("firefox"), [...flags, url], { HOME: profile }, log);
  }
  const screen = await startScreen(log);
  const home = { HOME: profile, XDG_RUNTIME_DIR: profile, DISPLAY: `:${screen.display}` };
  const flags = ["--private", "--ignore-tls-errors"];
  const close = start(program("webkit"), [...flags, url], { ...home, ...WEBKIT }, log);
  return async () => {
    await close();
    await screen.close();
  };
}

/** No graphics card, no accessibility bus, no sandbox service: none is on a build machine. */
const WEBKIT = {
  LIBGL_ALWAYS_SOFTWARE: "1",
  WEBKIT_DISABLE_COMPOSITING_MODE: "1",
  NO_AT_BRIDGE: "1",
  GSETTINGS_BACKEND: "memory",
};

/** @param {import("../../scripts/programs.mjs").Name} name */
function program(name) {
  const path = findProgram(name);
  if (path === null) throw new Error(`${name} is missing: npm run test:matrix installs it`);
  return path;
}

/** @param {string} profile */
function chromiumFlags(profile) {
  const proxy = `--proxy-server=${NOWHERE.host}:${NOWHERE.port}`;
  return [...browserArguments(), `--user-data-dir=${profile}`, proxy, "--remote-debugging-port=0"];
}

/** @param {string} profile */
function writeFirefoxPreferences(profile) {
  const lines = Object.entries(FIREFOX_PREFERENCES).map(
    ([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, "user.js"), lines.join(""));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @param {string} log
 */
function start(command, args, env, log) {
  const child = launch(command, args, { env, stdin: "ignore" });
  const out = createWriteStream(log, { flags: "a" });
  child.stdout?.pipe(out, { end: false });
  child.stderr?.pipe(out, { end: false });
  return () => stop(child);
}

/**
 * An X server without a screen, for a browser that has no headless mode.
 *
 * @param {string} log
 * @returns {Promise<{ display: string, close: () => Promise<void> }>}
 */
async function startScreen(log) {
  const flags = ["-displayfd", "1", "-nolisten", "tcp"];
  const child = launch(program("xvfb"), flags, { stdin: "ignore" });
  child.stderr?.pipe(createWriteStream(log, { flags: "a" }), { end: false });
  const lines = createInterface({ input: /** @type {import("stream").Readable} */ (child.stdout) });
  /** @type {string} */
  const display = await new Promise((resolve, reject) => {
    lines.once("line", resolve);
    child.once("error", reject);
    child.once("close", () => reject(new Error(`Xvfb ended; see ${log}`)));
  });
  return { display, close: () => stop(child) };
}
