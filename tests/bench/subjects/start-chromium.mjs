// Cold start in Chromium, by the page's clock, in milliseconds: from the import of the bundled
// default entry to the first plan, in a browser started for it.

import { build } from "esbuild";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { browserArguments, findBrowser } from "../../../scripts/browser.mjs";
import { print } from "./subject.mjs";

const { outputFiles } = await build({
  stdin: {
    contents: 'export { planIssueBulk } from "issue-bulk";',
    resolveDir: import.meta.dirname,
  },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
});
const script = outputFiles[0]?.contents ?? new Uint8Array();

const server = createServer((request, response) => {
  const isScript = request.url === "/bundle.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? script : "<!doctype html><title>start</title>");
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

const { chromium: executablePath } = findBrowser();
if (executablePath === null) throw new Error("Chromium is missing: npm test installs it");
const browser = await chromium.launch({ executablePath, args: browserArguments() });
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
  const value = await page.evaluate(async () => {
    const begin = performance.now();
    const path = "/bundle.js";
    /** @type {Pick<typeof import("issue-bulk"), "planIssueBulk">} */
    const { planIssueBulk } = await import(path);
    const request = { promotionId: "67dd4210ef21a64211227e04", contextId: "973" };
    const where = { host: "127.0.0.1", auth: { token: "none" } };
    const plan = await planIssueBulk({ ...request, customerIds: [555_567_088n] }, where);
    if (plan.requests !== 1) throw new Error(JSON.stringify(plan));
    return performance.now() - begin;
  });
  print({ value });
} finally {
  await browser.close();
  server.close();
}
