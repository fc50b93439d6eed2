/** A list that is saved anew on the disk between the look and the sending: the first is sent. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { planIssueBulk } from "issue-bulk";
import puppeteer from "puppeteer-core";
import { browserArguments, findBrowser } from "../../scripts/browser.mjs";
import { findProgram } from "../../scripts/programs.mjs";
import { PROMOTION, USER, startGateway } from "./support/gateway.mjs";
import { TOKEN, startSite } from "./support/site.mjs";

const CONFIRMED = ["566881001", "566881002", "566881003"];
const SAVED_SINCE = ["5668810011", "5668810022", "5668810033", "5668810044"];

const BROWSERS = {
  chromium: { executablePath: findBrowser().chromium, args: browserArguments() },
  firefox: { executablePath: findProgram("firefox"), browser: /** @type {const} */ ("firefox") },
};

/** The fields of each way, and what is typed there. */
const WAYS = {
  site: { token: TOKEN },
  direct: { name: USER.name, secret: USER.password },
};

let gateway;
let site;
let folder;

before(async () => {
  gateway = await startGateway();
  site = await startSite(gateway);
  folder = await mkdtemp(join(tmpdir(), "issue-bulk-changed-"));
});
after(async () => {
  await site?.stop();
  await gateway?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("the Worker refuses customers that are not those that were confirmed", async () => {
  await gateway.reset(site.origin);
  const plan = await planIssueBulk(
    { promotionId: PROMOTION, contextId: "changed", customerIds: CONFIRMED },
    { host: "localhost" },
  );
  const send = async (ids, { distinct, digest }) => {
    const what = { promotionId: PROMOTION, contextId: "changed", customers: distinct, digest };
    const response = await fetch(`${site.origin}/api/issue?${new URLSearchParams(what)}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${TOKEN}`,
        origin: site.origin,
        "content-type": "text/csv",
      },
      body: listOf(ids),
    });
    return { status: response.status, text: await response.text() };
  };
  const others = [SAVED_SINCE, CONFIRMED.toReversed(), [...CONFIRMED, "1"]];
  for (const ids of others) {
    const { status, text } = await send(ids, plan);
    assert.equal(status, 400);
    assert.equal(JSON.parse(text).code, "customers-changed");
  }
  assert.equal((await send(CONFIRMED, { ...plan, digest: "0".repeat(32) })).status, 400);
  assert.equal((await gateway.summary()).calls, 0);
  assert.equal((await send(CONFIRMED, plan)).status, 200);
  assert.equal((await gateway.summary()).issued, CONFIRMED.length);
});

const listOf = (ids) => ["customer_id", ...ids, ""].join("\n");

for (const [name, how] of Object.entries(BROWSERS)) {
  for (const [way, fields] of Object.entries(WAYS)) {
    test(`${name}, ${way}: what was confirmed is sent, not what was saved since`, async () => {
      await gateway.reset(site.origin);
      const path = join(folder, `${name}-${way}.csv`);
      await writeFile(path, listOf(CONFIRMED));
      const browser = await puppeteer.launch({ headless: true, ...how });
      try {
        const page = await browser.newPage();
        await page.goto(site.origin);
        const file = await page.$("#file");
        await file.uploadFile(path);
        await page.waitForSelector("#survey:not([hidden])");
        await writeFile(path, listOf(SAVED_SINCE));
        await page.type("#promotion", PROMOTION);
        await page.type("#context", "changed");
        await page.click(`input[value=${way}]`);
        for (const [id, text] of Object.entries(fields)) await page.type(`#${id}`, text);
        await page.click("#review");
        await page.waitForSelector("#confirm[open]");
        await page.type("#typed", String(CONFIRMED.length));
        await page.click("#send");
        await page.waitForSelector("#results:not([hidden])");
      } finally {
        await browser.close();
      }
      assert.deepEqual([...(await gateway.ids()).keys()].sort(), CONFIRMED);
    });
  }
}
