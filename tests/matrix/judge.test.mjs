// The judge of the matrix finds every kind of difference between a report and the account.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { compare } from "./judge.mjs";
import { CUSTOMERS } from "./program.js";

const ids = Array.from({ length: CUSTOMERS }, (_, at) => String(500_000_000 + at));

/** What the account says; each test may change it. */
const account = { ids: "", issuances: "" };

const server = createServer((request, answer) => {
  answer.end(request.url === "/account/ids" ? account.ids : account.issuances);
});
/** @type {any} */
const gateway = {};

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  gateway.control = `127.0.0.1:${port}`;
});

after(() => {
  server.close();
  server.closeAllConnections();
});

/** @param {object[]} rows */
const ndjson = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/**
 * A report and an account that agree, one row of each replaced.
 *
 * @param {{ row?: object, issued?: number, issuance?: string, told?: object }} [change]
 */
async function judged({ row = {}, issued = 1, issuance = "a-0", told = {} } = {}) {
  const rows = ids.map((customerId, at) => ({ customerId, outcome: "issued", id: `a-${at}` }));
  account.ids = ndjson(ids.map((id, at) => ({ id, arrivals: 1, issued: at === 0 ? issued : 1 })));
  account.issuances = ndjson(
    ids.map((customerId, at) => ({ customerId, id: at === 0 ? issuance : `a-${at}` })),
  );
  rows[0] = { .../** @type {any} */ (rows[0]), ...row };
  const counts = /** @type {any} */ ({ issued: CUSTOMERS });
  await compare({ counts, stopped: null, rows: ndjson(rows), ...told }, gateway);
}

test("a report that is what the gateway did is equal", () => judged());

test("an issuance of another name is a difference", () =>
  assert.rejects(judged({ issuance: "b-0" }), /500000000 has a-0, the gateway gave b-0/));

test("an id issued twice, or never, is a difference", async () => {
  await assert.rejects(judged({ issued: 2 }), /500000000 is issued, issued 2 times/);
  await assert.rejects(judged({ issued: 0 }), /500000000 is issued, issued 0 times/);
});

test("another outcome is a difference", () =>
  assert.rejects(judged({ row: { outcome: "unknown" } }), /500000000 has unknown/));

test("an id that lost its last digit is a difference", () =>
  assert.rejects(judged({ row: { customerId: "500000001" } }), /500000001 is issued, issued 0/));

test("a run that stopped, other counts and missing rows are differences", async () => {
  await assert.rejects(judged({ told: { stopped: { reason: "oops" } } }), /stopped: oops/);
  await assert.rejects(judged({ told: { counts: { issued: 999 } } }), /999 issued/);
  await assert.rejects(judged({ told: { rows: '{"customerId":"1"}\n' } }), /1 rows/);
});
