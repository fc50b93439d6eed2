// The programs that tests need and npm does not bring: where they are, and how a Debian machine
// gets them.

import { existsSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { capture } from "./capture.mjs";
import { run } from "./run.mjs";

/**
 * @typedef {object} Program
 * @property {string} variable that names its path and wins
 * @property {string[]} names on the path
 * @property {string[]} [bundles] where macOS keeps it
 * @property {string} debian the package that brings it
 */

/** @typedef {"chromium" | "chromedriver" | "firefox" | "nginx"} Tested */
/** @typedef {Tested | "valgrind" | "webkit" | "xvfb"} Name */

/** Where distributions keep WebKitGTK's own small browser, which is not on the path. */
const WEBKIT_FOLDERS = [
  "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1",
  "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1",
  "/usr/libexec/webkit2gtk-4.1",
];

/** @type {Record<Name, Program>} */
const PROGRAMS = {
  chromium: {
    variable: "CHROMIUM",
    names: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    bundles: [
      "/Applications/Chromium.app/Contents/MacOS/Chromium",
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ],
    debian: "chromium",
  },
  chromedriver: { variable: "CHROMEDRIVER", names: ["chromedriver"], debian: "chromium-driver" },
  firefox: {
    variable: "FIREFOX",
    names: ["firefox-esr", "firefox"],
    bundles: ["/Applications/Firefox.app/Contents/MacOS/firefox"],
    debian: "firefox-esr",
  },
  nginx: { variable: "NGINX", names: ["nginx", "/usr/sbin/nginx"], debian: "nginx-light" },
  webkit: {
    variable: "MINIBROWSER",
    names: WEBKIT_FOLDERS.map((folder) => `${folder}/MiniBrowser`),
    debian: "webkit2gtk-driver",
  },
  valgrind: { variable: "VALGRIND", names: ["valgrind"], debian: "valgrind" },
  xvfb: { variable: "XVFB", names: ["Xvfb"], debian: "xvfb" },
};

/**
 * What `npm test` needs.
 *
 * @type {Name[]}
 */
const TESTED = ["chromium", "chromedriver", "firefox", "nginx"];

/** Debian asks this script before a package starts its service; 101 forbids it. */
const POLICY = "/usr/sbin/policy-rc.d";

/**
 * @param {Name} name
 * @returns {string | null} its path
 */
export function findProgram(name) {
  const { variable, names, bundles = [] } = PROGRAMS[name];
  const given = process.env[variable];
  if (given !== undefined) return given;
  for (const command of names) {
    const path = capture("sh", ["-c", `command -v ${command}`]);
    if (path !== null && path !== "") return path;
  }
  return bundles.find(existsSync) ?? null;
}

/**
 * Install what is missing where that is possible: on Debian and its kin, as root.
 *
 * @param {string} log
 * @param {Name[]} [names] default: what `npm test` needs
 * @throws {Error} that names what is missing, elsewhere
 */
export async function installPrograms(log, names = TESTED) {
  const wanted = missing(names);
  if (wanted.length === 0) return;
  const list = wanted.join(" and ");
  if (!isDebian() || process.getuid?.() !== 0) {
    throw new Error(`${list} missing: install ${wanted.length > 1 ? "them" : "it"} first`);
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update"], { env, log });
  const packages = wanted.map((name) => PROGRAMS[name].debian);
  await withoutServices(() =>
    run("apt-get", ["install", "-y", "--no-install-recommends", ...packages], { env, log }),
  );
  const left = missing(names);
  if (left.length > 0) throw new Error(`${left.join(" and ")} missing after apt-get`);
}

/** The tests start their own nginx; a machine that had none gets no server on its port 80. */
async function withoutServices(/** @type {() => Promise<void>} */ work) {
  if (existsSync(POLICY)) return work();
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await work();
  } finally {
    rmSync(POLICY);
  }
}

/** @param {Name[]} names */
function missing(names) {
  return names.filter((name) => findProgram(name) === null);
}

function isDebian() {
  return existsSync("/etc/debian_version") && capture("sh", ["-c", "command -v apt-get"]) !== null;
}
