/** A journal in IndexedDB, in a real Chromium: a page that dies, and another that goes on. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { startBrowser } from "./support/browser.mjs";

/** The service within the page: it answers so many calls, and none after them. */
const SCRIPT = `
  const answer = (init) => {
    const ids = JSON.parse(new TextDecoder().decode(init.body));
    const entry = (id) => [id, {
      id: "67dd4237ef21a64211227e06", customerId: id, promotionId: "67dd4210ef21a64211227e04",
      earnedFromId: "c", eventTime: 1742553655678, validTill: 1746046799999,
    }];
    return Response.json({ data: Object.fromEntries(ids.map(entry)) });
  };
  globalThis.sent = [];
  globalThis.serving = (calls) => async (url, init) => {
    sent.push(...JSON.parse(new TextDecoder().decode(init.body)));
    calls -= 1;
    return calls < 0 ? new Promise(() => {}) : answer(init);
  };
  globalThis.ids = Array.from({ length: 100 }, (_, at) => at + 1);
  globalThis.request = {
    promotionId: "67dd4210ef21a64211227e04", contextId: "c", customerIds: ids,
  };
  globalThis.options = (calls) => ({ host: "service.example", batchSize: 10, concurrency: 1,
    transport: serving(calls) });
  globalThis.codeOf = (promise) => promise.then(() => null, (error) => error.code);
`;

/** @type {import("node:http").Server} */
let server;
/** @type {import("playwright-core").Browser} */
let browser;
let origin = "";

before(async () => {
  const script = await readFile(new URL("../../pkg/dist/main.global.js", import.meta.url));
  server = createServer((request, response) => {
    const isScript = request.url === "/script.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? script : '<!doctype html><script src="/script.js"></script>');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${server.address().port}`;
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

/** @param {import("playwright-core").BrowserContext} context */
async function openPage(context) {
  const page = await context.newPage();
  await page.goto(origin);
  await page.evaluate(SCRIPT);
  return page;
}

test("a page that dies in the middle of a run is gone on with by another", async () => {
  const context = await browser.newContext();
  const first = await openPage(context);
  await first.evaluate(async () => {
    const journal = IssueBulk.indexedDbJournal("summer");
    const job = IssueBulk.startIssueBulk(request, { ...options(3), journal });
    for await (const { issued, inFlight } of job.progress) {
      if (issued === 30 && inFlight > 0) return;
    }
  });
  const second = await openPage(context);
  const refused = await second.evaluate(() => {
    const journal = IssueBulk.indexedDbJournal("summer");
    return codeOf(IssueBulk.resumeIssueBulk(journal, options(99)));
  });
  assert.equal(refused, "journal-locked");
  await first.close({ runBeforeUnload: false });
  const resumed = await second.evaluate(async () => {
    const journal = IssueBulk.indexedDbJournal("summer");
    // The lock of a page that is gone is let go of soon after.
    while ((await codeOf(IssueBulk.readJournal(journal))) === "journal-locked");
    const again = await codeOf(IssueBulk.issueBulk(request, { ...options(99), journal }));
    const report = await IssueBulk.resumeIssueBulk(journal, { ...options(99), request });
    const unknown = [...report.unknown()].map(({ customerId, reason }) => [customerId, reason]);
    const read = await IssueBulk.readJournal(IssueBulk.indexedDbJournal("summer"));
    return { again, counts: report.counts, unknown, sent, same: read.counts.issued };
  });
  assert.equal(resumed.again, "journal-not-empty");
  const { issued, unknown } = resumed.counts;
  assert.deepEqual([issued, unknown, resumed.same], [90, 10, 90]);
  const interrupted = Array.from({ length: 10 }, (_, at) => [String(31 + at), "interrupted"]);
  assert.deepEqual(resumed.unknown, interrupted);
  assert.deepEqual(resumed.sent, Array.from({ length: 60 }, (_, at) => 41 + at));
  await context.close();
});

test("a journal is cut at any byte, and deleted when it is over", async () => {
  const context = await browser.newContext();
  const page = await openPage(context);
  const found = await page.evaluate(async () => {
    const journal = IssueBulk.indexedDbJournal("pieces");
    const all = async () => {
      const bytes = [];
      for await (const piece of journal.read()) bytes.push(...piece);
      return bytes;
    };
    for (const piece of [[1, 2, 3], [4, 5], [6]]) await journal.append(new Uint8Array(piece));
    const cuts = [await all()];
    for (const length of [6, 4, 3, 1, 0]) {
      await journal.truncate(length);
      cuts.push(await all());
    }
    await journal.append(new Uint8Array([7]));
    cuts.push(await all());
    await journal.close();
    const names = async () => (await indexedDB.databases()).map(({ name }) => name);
    const before = await names();
    await journal.delete();
    return { cuts, before, after: await names() };
  });
  const six = [1, 2, 3, 4, 5, 6];
  assert.deepEqual(found.cuts, [six, six, [1, 2, 3, 4], [1, 2, 3], [1], [], [7]]);
  assert.deepEqual([found.before, found.after], [["issue-bulk:pieces"], []]);
  await context.close();
});

test("a journal that is not there is not made by looking for it, and nobody knows", async () => {
  const context = await browser.newContext();
  const page = await openPage(context);
  const found = await page.evaluate(async () => {
    const { indexedDbJournal, readJournal, resumeIssueBulk } = IssueBulk;
    const codes = [
      await codeOf(resumeIssueBulk(indexedDbJournal("sumer"), options(99))),
      await codeOf(readJournal(indexedDbJournal("sumer"))),
    ];
    return { codes, names: (await indexedDB.databases()).map(({ name }) => name) };
  });
  assert.deepEqual(found, { codes: ["journal-missing", "journal-missing"], names: [] });
  await context.close();
});

test("a journal that the browser drops during a run ends it, and nobody knows later", async () => {
  const context = await browser.newContext();
  const page = await openPage(context);
  await page.evaluate(() => {
    globalThis.isDropped = new Promise((resolve) => (globalThis.drop = resolve));
    const serve = serving(99);
    const transport = async (url, init) => {
      if (sent.length === 30) {
        globalThis.isReached = true;
        await isDropped;
      }
      return serve(url, init);
    };
    const journal = IssueBulk.indexedDbJournal("summer");
    globalThis.ended = IssueBulk.issueBulk(request, { ...options(99), transport, journal });
  });
  await page.waitForFunction(() => globalThis.isReached);
  const session = await context.newCDPSession(page);
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
  const found = await page.evaluate(async () => {
    drop();
    const { counts, stopped } = await ended;
    const { indexedDbJournal, resumeIssueBulk } = IssueBulk;
    const code = await codeOf(resumeIssueBulk(indexedDbJournal("summer"), options(99)));
    return { unsent: counts.unsent, stopped: stopped.code, sent: sent.length, code };
  });
  const expected = { unsent: 60, stopped: "journal-failed", sent: 40, code: "journal-missing" };
  assert.deepEqual(found, expected);
  await context.close();
});
