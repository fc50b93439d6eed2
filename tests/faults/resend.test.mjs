// Browsers send a POST again by themselves when a connection that was used before closes without an
// answer (reliability.md b), and no page can see it; Deno does so on any connection. This measures
// what the READMEs say about it, in every runtime.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { issueBulk } from "issue-bulk";
import { undiciTransport } from "issue-bulk/node";
import { AUTH, PROMOTION } from "../../pkg/test/gateway.mjs";
import { withGateway } from "../../pkg/test/runs.mjs";
import { bun, deno } from "../../tests/matrix/executables.mjs";
import { IDS, MET } from "./cases/case.mjs";
import { startFirefox, startPage } from "./support/page.mjs";
import { play } from "./support/play.mjs";
import { printTable } from "./support/print.mjs";
import { startProcess } from "./support/process.mjs";
import { startWorkerd } from "./support/workerd.mjs";

/** @typedef {import("./support/table.mjs").Subject} Subject */

const service = withGateway(["--https-port", "0"]);

/** @type {Record<string, () => Promise<Subject>>} */
const STARTS = {
  chromium: startPage,
  firefox: startFirefox,
  workerd: startWorkerd,
  bun: () => startProcess(bun(), []),
  deno: () => {
    // It takes the gateway's certificate, which nobody signed, only where it is told to.
    const flags = ["--allow-net", "--allow-env", "--unsafely-ignore-certificate-errors"];
    return startProcess(deno(), ["run", "--quiet", ...flags]);
  },
  node: async () => ({ play: (given) => play(issueBulk, given), stop: async () => {} }),
  undici: async () => {
    const transport = await undiciTransport();
    return {
      play: (given) => play(issueBulk, { ...given, options: { ...given.options, transport } }),
      stop: async () => {},
    };
  },
};

/** @type {Map<string, Subject>} */
const subjects = new Map();

before(async () => {
  for (const [name, start] of Object.entries(STARTS)) subjects.set(name, await start());
});
after(async () => {
  for (const subject of subjects.values()) await subject.stop();
  printTable(["runtime", "HTTP", "transport", "end", "arrivals", "told"], measured);
});

/** @type {unknown[][]} */
const measured = [];

/**
 * One run whose second batch is issued and loses its answer with the connection, or meets another
 * fault; the connection carried the first batch.
 *
 * @param {string} name of the runtime
 * @param {{ tls?: boolean, transport?: string, end: string, fault?: object }} how
 */
async function lose(name, { tls = false, transport, end, fault = { kind: "actThenDrop", end } }) {
  const { gateway } = service;
  await gateway.faults([{ when: { contains: [IDS[10]], times: 1 }, fault }]);
  const told = await subjects.get(name)?.play({
    host: tls ? gateway.tlsHost : gateway.host,
    promotionId: PROMOTION,
    auth: AUTH,
    ids: IDS,
    options: { batchSize: 10, concurrency: 1 },
    ...(transport === undefined ? {} : { transport }),
  });
  assert.ok(told);
  const account = await gateway.ids();
  const met = MET.map((id) => account.get(id));
  const outcomes = new Set(told.rows.slice(10, 20).map(({ outcome }) => outcome));
  const arrivals = new Set(met.map((one) => one?.arrivals));
  const issued = new Set(met.map((one) => one?.issued));
  assert.deepEqual([outcomes.size, arrivals.size, issued.size], [1, 1, 1], "all ten alike");
  const found = { arrivals: [...arrivals][0], issued: [...issued][0], told: [...outcomes][0] };
  const protocol = tls ? "2" : "1.1";
  for (const { http } of await gateway.calls()) assert.equal(http, protocol);
  measured.push([name, protocol, transport ?? "fetch", end, found.arrivals, found.told]);
  return found;
}

/** The browser sent it again, the service issued it again, and the page saw a normal answer. */
const TWICE_UNSEEN = { arrivals: 2, issued: 2, told: "issued" };

/** One copy arrived, and the client says that it cannot know. */
const ONCE_AND_SAID = { arrivals: 1, issued: 1, told: "unknown" };

for (const end of ["close", "reset"]) {
  for (const name of ["node", "undici", "bun", "deno", "workerd"]) {
    test(`54 ${name} sends a lost POST once (${end})`, async () => {
      assert.deepEqual(await lose(name, { end }), ONCE_AND_SAID);
    });
  }
  test(`54 deno resends a lost POST that is no stream, so that ours is one (${end})`, async () => {
    assert.deepEqual(await lose("deno", { transport: "plain", end }), TWICE_UNSEEN);
  });
  test(`55 deno sends a lost POST over HTTP/2 once (${end})`, async () => {
    assert.deepEqual(await lose("deno", { tls: true, end }), ONCE_AND_SAID);
  });
  for (const name of ["chromium", "firefox"]) {
    for (const transport of [undefined, "noStore", "keepalive"]) {
      test(`54 ${name} resends a lost POST over ${transport ?? "fetch"} (${end})`, async () => {
        assert.deepEqual(await lose(name, { transport, end }), TWICE_UNSEEN);
      });
    }
  }
  test(`55 chromium resends a lost POST over HTTP/2 (${end})`, async () => {
    assert.deepEqual(await lose("chromium", { tls: true, end }), TWICE_UNSEEN);
  });
  test(`55 firefox sends a lost POST over HTTP/2 once (${end})`, async () => {
    assert.deepEqual(await lose("firefox", { tls: true, end }), ONCE_AND_SAID);
  });
  test(`55 chromium sends a streamed POST over HTTP/2 once (${end})`, async () => {
    const how = { tls: true, transport: "streamed", end };
    assert.deepEqual(await lose("chromium", how), ONCE_AND_SAID);
  });
}

/** The other end says that it did nothing, so that a second copy does no harm. */
const TWICE_UNHARMED = { arrivals: 2, issued: 1, told: "issued" };

/** Ends of a stream of HTTP/2; the last two say nothing about what was done before them. */
const ENDS_OF_STREAMS = [
  {
    end: "refusedStream",
    fault: { kind: "streamReset", reason: "refusedStream" },
    chromium: TWICE_UNHARMED,
    firefox: TWICE_UNHARMED,
  },
  { end: "goAway", fault: { kind: "goAway" }, chromium: TWICE_UNHARMED, firefox: TWICE_UNHARMED },
  {
    end: "cancel",
    fault: { kind: "streamReset", reason: "cancel", apply: true },
    chromium: ONCE_AND_SAID,
    firefox: ONCE_AND_SAID,
  },
  {
    end: "internalError",
    fault: { kind: "streamReset", reason: "internalError", apply: true },
    chromium: ONCE_AND_SAID,
    firefox: TWICE_UNSEEN,
  },
];

for (const { end, fault, ...expected } of ENDS_OF_STREAMS) {
  for (const [name, found] of Object.entries(expected)) {
    test(`55 ${name} after ${end} over HTTP/2`, async () => {
      assert.deepEqual(await lose(name, { tls: true, end, fault }), found);
    });
  }
}
