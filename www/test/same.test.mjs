/** One file, two ways: what becomes of every customer does not depend on the way. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { confirmAndSend, downloaded, fillForDirect, fillForSite } from "./support/browser.mjs";
import { openPage, pick, rowsOf, startBrowser } from "./support/browser.mjs";
import { PROMOTION, USER, startGateway } from "./support/gateway.mjs";
import { TOKEN, startSite } from "./support/site.mjs";

const FILE = new URL("../../tests/data/customers-10k.csv", import.meta.url);

let gateway;
let site;
let browser;

before(async () => {
  gateway = await startGateway();
  site = await startSite(gateway);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await site?.stop();
  await gateway?.stop();
});

/** Ids of the file that the service refuses, whichever call they are in. */
async function refusable() {
  const lines = (await readFile(FILE, "utf8")).split(/\r?\n/).slice(1, -1);
  return lines.map((line) => line.split(",")[0]).filter((_, at) => at % 97 === 3);
}

/** A run on a gateway as new; the CSV of the page and the account of the gateway. */
async function run(fill) {
  const refused = await refusable();
  await gateway.reset(site.origin);
  const message = '=HYPERLINK("evil"), said "no"';
  await gateway.faults({
    name: "refused",
    when: { contains: refused },
    fault: { kind: "perIdError", which: { ids: refused }, message },
  });
  const opened = await openPage(browser, site.origin);
  await pick(opened.page, "customers-10k.csv", await readFile(FILE));
  await fill(opened.page);
  await confirmAndSend(opened.page);
  const csv = await downloaded(opened.page);
  await opened.close();
  return { csv, rows: rowsOf(csv), account: await gateway.ids(), refused };
}

const site10k = (page) => fillForSite(page, { promotion: PROMOTION, token: TOKEN });
const direct10k = (page) => fillForDirect(page, { promotion: PROMOTION, ...USER });

test("the same outcome for every id of the sample file, and the account agrees", async () => {
  const through = await run(site10k);
  const direct = await run(direct10k);
  const told = ({ rows }) =>
    rows.map((row) => [row.customer_id, row.outcome, row.reason, row.service_code, row.message]);
  assert.equal(through.rows.length, 10_000);
  assert.deepEqual(told(through), told(direct));
  for (const { rows, account, refused } of [through, direct]) {
    assert.equal(account.size, 10_000);
    for (const { customer_id: id, outcome, issuance_id: issuance } of rows) {
      const { arrivals, issued } = account.get(id);
      assert.equal(arrivals, 1, id);
      assert.equal(outcome, issued === 1 ? "issued" : "rejected", id);
      assert.equal(issuance !== "", issued === 1, id);
    }
    assert.equal(rows.filter(({ outcome }) => outcome === "rejected").length, refused.length);
  }
});

test("both CSVs are written alike, formulas defused", async () => {
  const [through, direct] = [await run(site10k), await run(direct10k)];
  // What differs from run to run: issuance ids, times and request ids.
  const shape = ({ csv }) =>
    csv
      .replaceAll(/[0-9a-f]{24,32}/g, "ID")
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
      .split("\r\n");
  assert.deepEqual(shape(through), shape(direct));
  assert.ok(through.csv.includes(`"'=HYPERLINK(""evil""), said ""no"""`));
});
