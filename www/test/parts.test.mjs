/** The parts that decide something on their own, without a browser or a Worker around them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { csvBlob, isoTime } from "../src/page/csv.js";
import { readHeader } from "../src/page/header.js";
import { lines } from "../src/page/lines.js";
import { ArrivedRows } from "../src/page/rows.js";
import { callsAtMost } from "../src/worker/budget.js";
import { allowedOrigin, directOrigins } from "../src/worker/hosts.js";

test("hosts: an exact list, https, its default port, nothing beside the host", () => {
  for (const [text, origin] of [
    ["eu.api.capillarytech.com", "https://eu.api.capillarytech.com"],
    ["https://EU.api.capillarytech.com/", "https://eu.api.capillarytech.com"],
    ["own.example", "https://own.example"],
    ["127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://localhost:1", "http://localhost:1"],
    ["[::1]:9", "http://[::1]:9"],
    ["http://eu.api.capillarytech.com", null],
    ["eu.api.capillarytech.com:8443", null],
    ["eu.api.capillarytech.com.evil.example", null],
    ["evil-eu.api.capillarytech.com", null],
    ["x.eu.api.capillarytech.com", null],
    ["eu.api.capillarytech.com@evil.example", null],
    ["user:password@eu.api.capillarytech.com", null],
    ["eu.api.capillarytech.com/path", null],
    ["eu.api.capillarytech.com?x", null],
    ["eu.api.capillarytech.com#x", null],
    ["ftp://eu.api.capillarytech.com", null],
    ["127.0.0.1.evil.example", null],
    ["10.0.0.1", null],
    ["eu.api.capillarytech.com 'unsafe-inline'", null],
    ["", null],
  ]) {
    assert.equal(allowedOrigin(text, ["own.example"]), origin, text);
  }
  const env = { DIRECT_HOSTS: "own.example, evil.example,eu.api.capillarytech.com" };
  assert.deepEqual(directOrigins(env), ["https://eu.api.capillarytech.com"]);
  assert.deepEqual(directOrigins({}), []);
});

test("the header of a CSV: quoted names, delimiters, and texts that have none", async () => {
  const read = (text) => readHeader(new Blob([text]));
  assert.deepEqual(await read('id,"a ""b"", c",d\r\n1,2,3'), {
    delimiter: ",",
    names: ["id", 'a "b", c', "d"],
  });
  assert.deepEqual((await read("a;b,c;d;e\n"))?.names, ["a", "b,c", "d", "e"]);
  assert.deepEqual((await read('a\t"x\ny"\r1\t2'))?.names, ["a", "x\ny"]);
  assert.equal(await read("1\n2\n"), null);
  assert.equal(await read("[1,2,3]"), null);
  assert.equal(await read(' {"a":1,"b":2}'), null);
  assert.equal(await read(""), null);
});

test("lines: however they are cut in pieces; the unfinished last one is left out", async () => {
  const bytes = new TextEncoder().encode("é1\n\n22\nrest");
  for (let size = 1; size <= bytes.length; size += 1) {
    const pieces = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
    const found = [];
    for await (const line of lines(ReadableStream.from(pieces))) found.push(line);
    assert.deepEqual(found, ["é1", "", "22"], String(size));
  }
});

test("CSV: every cell that a spreadsheet would run is defused and quoted", async () => {
  const rows = ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", 'say "no"', "plain"];
  const blob = csvBlob(rows.length, (at) => ({
    customerId: String(at),
    outcome: "rejected",
    reason: "entry-error",
    message: rows[at],
  }));
  const text = await blob.text();
  for (const message of rows.slice(0, 7)) assert.ok(text.includes(`,"'${message}",`), message);
  assert.ok(text.includes(',"say ""no""",'));
  assert.ok(text.includes(',"plain",'));
  assert.equal(isoTime(1742553655678), "2025-03-21T10:40:55.678Z");
  assert.equal(isoTime(null), "");
  assert.equal(isoTime(Number.MAX_SAFE_INTEGER), "");
});

test("rows that arrived are completed with what the answer did not tell", () => {
  const rows = new ArrivedRows();
  const row = { outcome: "issued", customerId: "5", id: "x" };
  rows.add(JSON.stringify(row), row);
  rows.complete(["5", "6"]);
  assert.equal(rows.length, 2);
  assert.deepEqual(rows.at(0), row);
  assert.deepEqual(rows.at(1), { outcome: "unknown", customerId: "6", reason: "answer-cut" });
  assert.deepEqual([rows.stateAt(0), rows.stateAt(1)], [0, 3]);
  assert.throws(() => rows.add("{}", { outcome: "fine", customerId: "7" }));
});

test("the calls that a run may need, at the edge of the free plan", () => {
  assert.equal(callsAtMost(28, false), 50);
  assert.equal(callsAtMost(29, false), 51);
  assert.equal(callsAtMost(1, true), 20);
});
