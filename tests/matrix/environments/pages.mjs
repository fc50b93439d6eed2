// Pages without a bundler.

import { loaded } from "../shipped.mjs";
import { ESM } from "./runtimes.mjs";

/** @typedef {import("../environments.mjs").Environment} Environment */
/** @typedef {import("../project.mjs").Project} Project */

const IMPORT_MAP = '{ "imports": { "issue-bulk": "/node_modules/issue-bulk/dist/main.js" } }';

/** The program by the package's name, as an import map gives it. */
const MODULE_PAGE = page(
  `<script type="importmap">${IMPORT_MAP}</script>\n<script type="module" src="/main.js"></script>`,
);

/**
 * A page that tells the collector of errors, which nobody else would see.
 *
 * @param {string} scripts
 */
export function page(scripts) {
  const head = '<meta charset="utf-8"><title>matrix</title><script src="/errors.js"></script>';
  return `<!doctype html>\n<html lang="en">${head}\n${scripts}\n</html>\n`;
}

/**
 * The script of `page`.
 *
 * @param {Project} project
 */
export function errors({ where }) {
  return `const tell = (text) =>
  fetch(${JSON.stringify(`${where.collector}/failed`)}, { method: "POST", body: String(text) });
addEventListener("error", ({ message }) => tell(message), true);
addEventListener("unhandledrejection", ({ reason }) => tell(reason));
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  tell(violatedDirective + " refuses " + blockedURI));
`;
}

/**
 * @param {string} name
 * @param {import("../browsers.mjs").BrowserName} browser
 * @returns {Environment}
 */
function modulePage(name, browser) {
  return {
    name: `${name}, module page`,
    core: browser === "chromium",
    webkit: browser === "webkit",
    prepare: (project) => {
      project.write("main.js", ESM);
      project.write("errors.js", errors(project));
      project.write("index.html", MODULE_PAGE);
    },
    run: async (project) => project.browse(browser, await project.serve()),
    shipped: loaded,
  };
}

/** @type {Environment} */
const SCRIPT_TAG = {
  name: "script tag",
  prepare: (project) => {
    const scripts = ["/node_modules/issue-bulk/dist/main.global.js", "/main.js"];
    const tags = scripts.map((src) => `<script src="${src}"></script>`);
    const where = JSON.stringify(project.where);
    project.write(
      "main.js",
      `import("/program.js").then(({ play }) => play(IssueBulk, ${where}));\n`,
    );
    project.write("errors.js", errors(project));
    project.write("index.html", page(tags.join("\n")));
  },
  run: async (project) => project.browse("chromium", await project.serve()),
  shipped: (project) => [project.path("node_modules/issue-bulk/dist/main.global.js")],
};

/** What the package's documentation says a policy must have. */
const POLICY = { "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'" };

/** @type {Environment} */
const POLICY_PAGE = {
  name: "page with a CSP",
  core: true,
  prepare: (project) => {
    // An import map would be an inline script, which the policy refuses.
    const path = "/node_modules/issue-bulk/dist/main.js";
    project.write("main.js", ESM.replace('"issue-bulk"', JSON.stringify(path)));
    project.write("errors.js", errors(project));
    project.write("index.html", page('<script type="module" src="/main.js"></script>'));
  },
  run: async (project) => project.browse("chromium", await project.serve(".", POLICY)),
  shipped: loaded,
};

/** @type {Environment} */
const MODULE_WORKER = {
  name: "Chromium, module worker",
  prepare: (project) => {
    const path = "/node_modules/issue-bulk/dist/main.js";
    project.write("worker.js", ESM.replace('"issue-bulk"', JSON.stringify(path)));
    project.write("main.js", 'new Worker("/worker.js", { type: "module" });\n');
    project.write("errors.js", errors(project));
    project.write("index.html", page('<script type="module" src="/main.js"></script>'));
  },
  run: async (project) => project.browse("chromium", await project.serve()),
  shipped: loaded,
};

/** The entry without the wasm, which the page fetches as a file. */
const SLIM = `import { init, issueBulk, version } from "/node_modules/issue-bulk/dist/slim.js";
import { play } from "./program.js";
import { where } from "./where.js";

init("/node_modules/issue-bulk/dist/core_bg.wasm").then(() => play({ issueBulk, version }, where));
`;

/** @type {Environment} */
const SLIM_PAGE = {
  name: "page with slim and the wasm file",
  prepare: (project) => {
    project.write("main.js", SLIM);
    project.write("errors.js", errors(project));
    project.write("index.html", page('<script type="module" src="/main.js"></script>'));
  },
  run: async (project) => project.browse("chromium", await project.serve()),
  shipped: async (project) => [
    ...(await loaded(project, "import", "issue-bulk/slim")),
    project.path("node_modules/issue-bulk/dist/core_bg.wasm"),
  ],
};

/** @type {Environment[]} */
export const PAGES = [
  modulePage("Chromium", "chromium"),
  modulePage("Firefox", "firefox"),
  modulePage("WebKitGTK", "webkit"),
  MODULE_WORKER,
  SCRIPT_TAG,
  POLICY_PAGE,
  SLIM_PAGE,
];
