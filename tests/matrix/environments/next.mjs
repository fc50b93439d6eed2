// One Next app that plays the program in four places.

import { NODE } from "../../../scripts/project.mjs";
import { withPackage } from "../shipped.mjs";

/** @typedef {import("../environments.mjs").Environment} Environment */
/** @typedef {import("../project.mjs").Project} Project */

const IMPORTS = `import { issueBulk, version } from "issue-bulk";
import { play } from "../../program.js";
import { where } from "../../where.js";
`;

const ROUTE = `${IMPORTS}
export const dynamic = "force-dynamic";

export async function GET() {
  await play({ issueBulk, version }, where);
  return new Response("played");
}
`;

/** @type {Record<string, string>} */
const FILES = {
  "app/layout.js": `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`,
  "app/route/route.js": ROUTE,
  "app/edge/route.js": `${ROUTE}\nexport const runtime = "edge";\n`,
  "app/server/page.js": `${IMPORTS}
export const dynamic = "force-dynamic";

export default async function Page() {
  await play({ issueBulk, version }, where);
  return <p>played</p>;
}
`,
  "app/client/page.js": `"use client";
import { useEffect } from "react";
${IMPORTS}
export default function Page() {
  useEffect(() => void play({ issueBulk, version }, where), []);
  return <p>playing</p>;
}
`,
};

/** @param {Project} project */
const next = (project) => project.tool("next/dist/bin/next");

/** @param {Project} project */
async function prepare(project) {
  for (const [name, text] of Object.entries(FILES)) project.write(name, text);
  // The tools are installed in the folder above.
  const root = JSON.stringify(project.path(".."));
  project.write("next.config.mjs", `export default { turbopack: { root: ${root} } };\n`);
  await project.exec(NODE, [next(project), "build"]);
}

/** @param {Project} project */
async function start(project) {
  const flags = ["start", "--hostname", "127.0.0.1", "--port", "0"];
  const ready = /Local:\s+(http:\/\/[\w.:]+)/;
  return project.start(NODE, [next(project), ...flags], { ready });
}

/**
 * @param {string} name
 * @param {string} path of the app
 * @param {RegExp} place of its scripts in what Next built
 * @returns {Environment}
 */
function served(name, path, place) {
  return {
    name,
    group: "next",
    prepare,
    run: async (project) => project.request(`${await start(project)}${path}`),
    shipped: (project) => withPackage(project.path(".next"), place),
  };
}

/** @type {Environment[]} */
export const NEXT = [
  served("Next, route", "/route", /^server\/chunks\/[^/]*$/),
  served("Next, edge route", "/edge", /^server\/edge\//),
  served("Next, server component", "/server", /^server\/chunks\/ssr\/.*server_page/),
  {
    name: "Next, client component",
    group: "next",
    prepare,
    run: async (project) => project.browse("chromium", `${await start(project)}/client`),
    shipped: (project) => withPackage(project.path(".next"), /^static\//),
  },
];
