// Group A of the catalogue: what is no id is counted with its place, and nothing else is sent.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { issueBulk, planIssueBulk } from "issue-bulk";
import { what, withGateway } from "../../pkg/test/runs.mjs";

const service = withGateway();
const MIB = 1 << 20;

/** @param {string} text */
const utf16 = (text) => new Uint8Array(Buffer.from(`\uFEFF${text}`, "utf16le"));

/** @param {string} text */
const latin1 = (text) => new Uint8Array(Buffer.from(text, "latin1"));

/** Inputs that are refused as a whole. @type {[string, string | Uint8Array, string][]} */
const REFUSED = [
  ["1 an empty file", "", "no-ids"],
  ["1 a file of blank lines", "\n\r\n\n", "no-ids"],
  ["2 a header alone", "customer_id\n", "no-ids"],
  ["3 a file in UTF-16", utf16("customer_id\n11\n"), "not-utf8"],
  ["3 a file in Latin-1", latin1("customer_id,name\n11,Jos\u00e9\n"), "not-utf8"],
  ["13 a text without any line end", "1".repeat(MIB), "header-too-long"],
  ["6 a quote that never closes", 'customer_id,name\n11,"a\n12,b\n', "unclosed-quote"],
];

for (const [name, input, code] of REFUSED) {
  test(`${name} is refused (${code}), and nothing is sent`, async () => {
    const mistake = { name: "IssueBulkError", code };
    await assert.rejects(issueBulk(what(input), service.where()), mistake);
    assert.equal((await service.gateway.summary()).calls, 0);
  });
}

/**
 * Inputs with what arrives of them: ids, then the lines of the problems with their reasons.
 *
 * @type {[string, any, string[], string][]}
 */
const READ = [
  ["4 line ends of three kinds", "11\r\n12\r13\n14", ["11", "12", "13", "14"], ""],
  ["5 blank lines", "11\n\n \n12\n", ["11", "12"], ""],
  ["6 quoted ids", 'customer_id,name\n"11",a\n"12",b\n', ["11", "12"], ""],
  ["6 a line break inside quotes", 'id,name\n11,"a\nb"\n12,c\n', ["11", "12"], ""],
  ["7 an id twice in one batch", "11\n12\n11\n", ["11", "12"], "3 duplicate"],
  ["8 an id twice, in two pieces", pieces("11\n1", "2\n11\n"), ["11", "12"], "3 duplicate"],
  ["9 zero and less", "11\n0\n-5\n12\n", ["11", "12"], "2 not-positive, 3 not-positive"],
  ["10 an id above 2^53", "9007199254740993\n", ["9007199254740993"], ""],
  [
    "11 other ways to write a number",
    "11\n5.66E+08\n+5\n5.0\n0x1F\n007\n",
    ["11"],
    "2 not-digits, 3 not-digits, 4 not-digits, 5 not-digits, 6 leading-zero",
  ],
  ["11 a number with a comma, quoted", 'id,x\n"1,234",a\n11,b\n', ["11"], "2 not-digits"],
  [
    "12 digits of other scripts and blanks one cannot see",
    "11\n\uff11\uff12\n\u0661\u0662\n1\u00a02\n1\u200b2\n12\n",
    ["11", "12"],
    "2 not-digits, 3 not-digits, 4 not-digits, 5 not-digits",
  ],
  ["18 __proto__ as an id", "11\n__proto__\n12\n", ["11", "12"], "2 not-digits"],
  ["18 __proto__ as a column", "__proto__,customer_id\nx,11\n", ["11"], ""],
  ["18 __proto__ in NDJSON", '{"customerId":11,"__proto__":{"a":1}}\n', ["11"], ""],
];

/** @param {string[]} texts */
function pieces(...texts) {
  return new Blob(texts).stream().pipeThrough(
    new TransformStream({
      transform: (bytes, out) => bytes.forEach((/** @type {number} */ byte) =>
        out.enqueue(Uint8Array.of(byte))),
    }),
  );
}

for (const [name, input, expected, expectedProblems] of READ) {
  test(`${name}: what is an id arrives, the rest is counted with its line`, async () => {
    const report = await issueBulk(what(input), service.where());
    const found = report.problems.map(({ line, reason }) => `${line} ${reason}`).join(", ");
    assert.equal(found, expectedProblems);
    assert.deepEqual([...(await service.gateway.ids()).keys()], expected);
    assert.equal(report.counts.issued, expected.length);
    assert.equal(/** @type {any} */ ({}).a, undefined);
  });
}

for (const contextId of ["a b", "100%", "a&b", "a#b", "a+b", "%20", "\u{1F6D2} cart"]) {
  test(`17 the context ${contextId} is encoded once and comes back unchanged`, async () => {
    const report = await issueBulk(what(["11"], { contextId }), service.where());
    const [issued] = report.issued();
    assert.equal(issued?.earnedFromId, contextId);
    const [issuance] = await service.gateway.issuances();
    assert.equal(issuance.earnedFromId, contextId);
    assert.deepEqual(report.notes, []);
  });
}

test("16 ids that the service does not know are found, all others are issued", async () => {
  await service.gateway.faults([
    { when: { contains: ["13", "27"] }, fault: { kind: "status", status: 400, code: 1006 } },
  ]);
  const ids = Array.from({ length: 30 }, (_, at) => String(at + 1));
  const report = await issueBulk(what(ids), service.where());
  assert.deepEqual([...report.rejected()].map(({ customerId }) => customerId), ["13", "27"]);
  assert.equal(report.counts.issued, 28);
});

/**
 * A plan in a process of its own, for the memory of the core.
 *
 * @param {{ unit: string, units: number, times: number }} input so many units are a piece of the
 *   input, which comes so many times
 */
async function planned(input) {
  const script = fileURLToPath(new URL("support/plan-memory.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(input)]);
  return JSON.parse(stdout);
}

test("13 a line of 100 MB is one problem, in bounded memory", async () => {
  const plan = await planned({ unit: "1", units: MIB, times: 100 });
  assert.deepEqual([plan.given, plan.reason], [2, "too-long"]);
  assert.ok(plan.coreBytes < 16 * MIB, `the core took ${plan.coreBytes} bytes`);
});

test("14 the memory of the core does not grow with the lines", async () => {
  const units = 10_000;
  const many = await planned({ unit: "500000001\n", units, times: 2_000 });
  const more = await planned({ unit: "500000001\n", units, times: 3_000 });
  assert.deepEqual([more.given, more.distinct], [30_000_001, 2]);
  assert.ok(more.coreBytes <= many.coreBytes, `${many.coreBytes}, then ${more.coreBytes}`);
});

test("7 a plan says the same and sends nothing", async () => {
  const plan = await planIssueBulk(what("11\n12\n11\n"), service.where());
  assert.deepEqual([plan.distinct, plan.duplicate, plan.problems[0]?.firstLine], [2, 1, 1]);
  assert.equal((await service.gateway.summary()).calls, 0);
});
