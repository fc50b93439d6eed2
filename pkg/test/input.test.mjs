// Every kind of input: ids arrive digit for digit, and what is no id is counted with its place.

import assert from "node:assert/strict";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { issueBulk, planIssueBulk } from "issue-bulk";
import { balances, what, withGateway } from "./runs.mjs";

const service = withGateway();
const { where } = service;

/** One that no float holds, the largest, one too large; and a plain one. */
const EXACT = ["9007199254740993", "9223372036854775807", "555567088"];
const TOO_LARGE = "9223372036854775808";
const GIVEN = [...EXACT, TOO_LARGE];
const LINES = `${GIVEN.join("\n")}\n`;

const bytes = new TextEncoder().encode(LINES);
const bigints = GIVEN.map((id) => BigInt(id));

/** @param {Iterable<any>} values */
async function* arriving(values) {
  for (const value of values) {
    await null;
    yield value;
  }
}

/** A text in pieces of one byte or unit, so that every boundary is met. @param {any} whole */
function* pieces(whole) {
  for (let at = 0; at < whole.length; at += 1) yield whole.slice(at, at + 1);
}

/** @type {Record<string, () => any>} */
const KINDS = {
  "an array of strings": () => GIVEN,
  "an array of bigints": () => bigints,
  "a mixed array": () => [GIVEN[0], bigints[1], 555567088, TOO_LARGE],
  "a Set": () => new Set(GIVEN),
  "a generator": () => GIVEN.values(),
  "an async generator of strings": () => arriving(GIVEN),
  "an async generator of bigints": () => arriving(bigints),
  "an array of another realm": () => Object.assign(Object.create(null), iterable(GIVEN)),
  "a BigUint64Array": () => BigUint64Array.from(bigints),
  "lines of text": () => LINES,
  "CSV text": () => `customer_id,name\n${GIVEN.map((id) => `${id},x`).join("\r\n")}`,
  "NDJSON text": () => GIVEN.map((id) => `{"name":"x","customerId":${id}}`).join("\n"),
  "JSON text of numbers": () => `[${GIVEN.join(", ")}]`,
  "JSON text of strings": () => JSON.stringify(GIVEN),
  "a Uint8Array": () => bytes,
  "a Buffer": () => Buffer.from(LINES),
  "an ArrayBuffer": () => bytes.slice().buffer,
  "a Blob": () => new Blob([LINES]),
  "a File": () => new File([LINES], "customers.csv"),
  "a Response": () => new Response(LINES),
  "a stream of bytes": () => streamOf(pieces(bytes)),
  "a Node stream": () => Readable.from(pieces(bytes)),
  "an array of bytes": () => [bytes.subarray(0, 5), bytes.subarray(5)],
  "an async generator of bytes": () => arriving(pieces(bytes)),
};

/** @param {Iterable<any>} values */
function streamOf(values) {
  return new ReadableStream({
    start(stream) {
      for (const value of values) stream.enqueue(value);
      stream.close();
    },
  });
}

/** @param {Iterable<any>} values */
function iterable(values) {
  return { [Symbol.iterator]: () => values[Symbol.iterator]() };
}

for (const [name, make] of Object.entries(KINDS)) {
  test(`${name}: exact ids arrive digit for digit, one too large is invalid`, async () => {
    const report = await issueBulk(what(make()), where());
    assert.deepEqual([...report].map((one) => one.customerId), EXACT);
    assert.ok(balances(report.counts));
    assert.deepEqual([report.counts.issued, report.counts.invalid], [3, 1]);
    const [problem] = report.problems;
    assert.deepEqual([problem?.reason, problem?.text], ["too-large", TOO_LARGE]);
    const account = await service.gateway.ids();
    assert.deepEqual([...account.keys()].sort(), [...EXACT].sort());
  });
}

test("a BigInt64Array holds every id but the one too large", async () => {
  const longs = BigInt64Array.from([...EXACT.map(BigInt), 0n, -1n]);
  const report = await issueBulk(what(longs), where());
  assert.deepEqual([...report].map((one) => one.customerId), EXACT);
  assert.deepEqual(report.problems.map(({ line, reason }) => [line, reason]), [
    [4, "not-positive"],
    [5, "not-positive"],
  ]);
});

test("numbers are ids while they are exact", async () => {
  const numbers = [1, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, 1.5, 0, -1, NaN, Infinity, 1e300];
  for (const kind of [numbers, Float64Array.from(numbers)]) {
    const report = await issueBulk(what(kind), where());
    assert.deepEqual([...report].map((one) => one.customerId), ["1", "9007199254740991"]);
    assert.equal(report.counts.invalid, 8);
    assert.deepEqual(
      report.problems.slice(0, 2).map(({ line, reason }) => [line, reason]),
      [[3, "not-exact"], [4, "not-exact"]],
    );
  }
});

test("what is no id is a counted problem with its place", async () => {
  const cases = [
    ["5.0", "not-digits"],
    ["1e9", "not-digits"],
    ["00123", "leading-zero"],
    ["+5", "not-digits"],
    ["-5", "not-digits"],
    ["0", "not-positive"],
    ["1 2", "not-digits"],
    ["\uff11\uff12", "not-digits"],
    ["0x1f", "not-digits"],
    ["__proto__", "not-digits"],
    ["1,234", "not-digits"],
    ["1\n2", "not-digits"],
    ["1".repeat(100_000), "too-large"],
  ];
  const report = await issueBulk(what([...cases.map(([text]) => text), "7"]), where());
  assert.deepEqual([...report].map((one) => one.customerId), ["7"]);
  const found = report.problems.map(({ line, reason }) => [line, reason]);
  for (const [at, [text, reason]] of cases.entries()) {
    const isSo = found[at]?.[0] === at + 1 && [reason, "too-long"].includes(String(found[at]?.[1]));
    assert.ok(isSo || found[at]?.[1] === "not-positive", `${text.slice(0, 20)}: ${found[at]}`);
  }
  assert.equal(report.counts.invalid, cases.length);
});

test("gaps in a list are counted as invalid, other things are refused", async () => {
  const report = await issueBulk(what([1n, null, undefined, "3"]), where());
  assert.deepEqual([report.counts.issued, report.counts.invalid], [2, 2]);
  for (const value of [{ customerId: 1 }, [1], true, Symbol("x"), () => 1]) {
    await assert.rejects(issueBulk(what([1n, 2n, value]), where()), (/** @type {any} */ error) => {
      assert.equal(error.code, "invalid-argument");
      assert.match(error.message, /position 3/);
      return true;
    });
  }
  await assert.rejects(issueBulk(what([1n, bytes]), where()), { code: "invalid-argument" });
  await assert.rejects(issueBulk(what([bytes, 1n]), where()), { code: "invalid-argument" });
  assert.equal((await service.gateway.summary()).distinctArrived, 2);
});

test("duplicates are sent once, with the place of the first", async () => {
  const report = await issueBulk(what([7, "7", 7n, 8]), where());
  assert.deepEqual([report.counts.issued, report.counts.duplicate], [2, 2]);
  assert.deepEqual(report.problems.map(({ line, firstLine }) => [line, firstLine]), [
    [2, 1],
    [3, 1],
  ]);
});

test("a column is chosen by name or number", async () => {
  const csv = "phone;member;name\n100;201;x\n101;202;y\n";
  const header = ["phone", "member", "name"];
  await assert.rejects(issueBulk(what(csv), where()), { code: "column-not-found", header });
  await assert.rejects(issueBulk(what(csv), where({ input: { column: "none" } })), {
    code: "no-such-column",
    header,
  });
  await assert.rejects(issueBulk(what(csv), where({ input: { delimiter: "5" } })), {
    code: "bad-delimiter",
  });
  for (const column of ["member", 2]) {
    const report = await issueBulk(what(csv), where({ input: { column, delimiter: ";" } }));
    assert.deepEqual([...report].map((one) => one.customerId), ["201", "202"]);
  }
});

test("a path is no input, and the error says how to open it", async () => {
  for (const path of ["customers.csv", "./lists/may.txt", "/tmp/ids", "C:\\lists\\ids.csv"]) {
    await assert.rejects(issueBulk(what(path), where()), (/** @type {any} */ error) => {
      assert.equal(error.code, "invalid-argument");
      assert.match(error.message, /fileInput/);
      assert.doesNotMatch(error.message, /customers\.csv|lists/);
      return true;
    });
  }
  assert.equal((await service.gateway.summary()).arrivals, 0);
});

test("a phone number is no customer, whatever the format", async () => {
  for (const text of [
    "email,points\nanna@example.com,120\n",
    "mobile\n9876543210\n",
    "Anna,9876543210\n",
    '{"mobile":9876543210}\n',
  ]) {
    await assert.rejects(issueBulk(what(text), where()), { code: "column-not-found" }, text);
  }
  assert.equal((await service.gateway.summary()).arrivals, 0);
});

test("a generator of pieces of a text is refused: the next may begin within an id", async () => {
  function* pieces() {
    yield "566881001\r566881002\r5668";
    yield "81999\r";
  }
  await assert.rejects(issueBulk(what(pieces()), where()), { code: "invalid-argument" });
  assert.equal((await service.gateway.summary()).arrivals, 0);
});

test("a field of NDJSON is chosen by name", async () => {
  const text = '{"id":1,"member":"201"}\n{"id":2}\n';
  await assert.rejects(issueBulk(what(text), where()), { code: "ambiguous-column" });
  for (const input of [
    { column: "member" },
    { field: "member" },
    { format: "ndjson", column: "member" },
    { format: "ndjson", field: "member" },
  ]) {
    const report = await issueBulk(what(text), where({ input }));
    assert.deepEqual([...report].map((one) => one.customerId), ["201"]);
    assert.equal(report.problems[0]?.reason, "no-field");
  }
});

test("a large file is read from disk, over many slices", async () => {
  const folder = mkdtempSync(join(tmpdir(), "issue-bulk-input-"));
  try {
    const file = join(folder, "customers.txt");
    const count = 300_000;
    writeFileSync(file, Array.from({ length: count }, (_, at) => `${at + 1_000_000}\n`).join(""));
    const kinds = [createReadStream(file), new Blob([Buffer.from(LINES)]), numbers(count)];
    const expected = [count, 3, count];
    for (const [at, kind] of kinds.entries()) {
      const report = await issueBulk(what(kind), where({ batchSize: 10_000 }));
      assert.equal(report.counts.issued, expected[at]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** @param {number} count */
function* numbers(count) {
  for (let at = 1; at <= count; at += 1) yield at;
}

test("an input that breaks off rejects with its cause, and nothing is sent", async () => {
  const cause = new Error("disk gone");
  const broken = {
    generator: (function* () {
      yield 1n;
      throw cause;
    })(),
    "async generator": (async function* () {
      yield 1n;
      throw cause;
    })(),
    stream: new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
      },
      pull(controller) {
        controller.error(cause);
      },
    }),
  };
  for (const [name, input] of Object.entries(broken)) {
    await assert.rejects(issueBulk(what(input), where()), { code: "input-failed", cause }, name);
  }
  assert.equal((await service.gateway.summary()).arrivals, 0);
});

test("an input that is refused on the way is closed", async () => {
  /** @type {string[]} */
  const closed = [];
  function* many() {
    try {
      yield Symbol("no id");
      yield* numbers(1_000_000);
    } finally {
      closed.push("generator");
    }
  }
  async function* slow() {
    try {
      yield Symbol("no id");
    } finally {
      closed.push("async generator");
    }
  }
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(Uint8Array.of(0xff, 0x0a)),
    cancel: () => void closed.push("stream"),
  });
  const node = Readable.from(pieces(Buffer.from("1\n\xff\n".repeat(9), "latin1")));
  for (const input of [many(), slow(), stream, node]) {
    await assert.rejects(issueBulk(what(input), where()), { name: "IssueBulkError" });
  }
  assert.deepEqual(closed, ["generator", "async generator", "stream"]);
  assert.ok(node.destroyed);
});

test("inputs that cannot be read, or should not be, are refused", async () => {
  const stream = new Blob(["1"]).stream();
  stream.getReader();
  const used = new Response("1");
  await used.text();
  const cases = [
    [stream, "input-used"],
    [used, "input-used"],
    [new Response("not found", { status: 404 }), "input-not-ok"],
    [new Response(null), "no-ids"],
    [undefined, "invalid-argument"],
    [null, "invalid-argument"],
    [7, "invalid-argument"],
    [7n, "invalid-argument"],
    [{}, "invalid-argument"],
    [Promise.resolve([1]), "invalid-argument"],
    [() => [1], "invalid-argument"],
    [Readable.from(["1\n2\n"]), "invalid-argument"],
    [streamOf(["123", "456"]), "invalid-argument"],
    [[], "no-ids"],
    ["", "no-ids"],
    ["\n\n", "no-ids"],
    ["customer_id\n", "no-ids"],
    [new Uint8Array(), "no-ids"],
    [Buffer.from("1\n2", "utf16le"), "not-utf8"],
    [Buffer.from("customer_id,name\n1,K\u00f6ln\n", "latin1"), "not-utf8"],
    ["[1,2", "bad-json"],
    ['"1\n2', "unclosed-quote"],
  ];
  for (const [input, code] of cases) {
    await assert.rejects(issueBulk(what(input), where()), { name: "IssueBulkError", code });
  }
  assert.equal((await service.gateway.summary()).arrivals, 0);
});

test("a Node stream that decodes is one text: no piece of it becomes a customer", async () => {
  const folder = mkdtempSync(join(tmpdir(), "issue-bulk-decoded-"));
  const texts = ["\r", "\n", "\r\n"].map((end) => `customer_id${end}100999${end}100998${end}`);
  try {
    for (const text of [...texts, "100999", "\ufeffcustomer_id\r\n100999\r\n"]) {
      const file = join(folder, "list.csv");
      writeFileSync(file, text);
      const wanted = await said(() => createReadStream(file));
      for (const encoding of /** @type {const} */ (["utf8", "latin1"])) {
        for (const highWaterMark of [1, 3, 65_536]) {
          const options = { encoding, highWaterMark };
          if (encoding === "latin1" && text.startsWith("\ufeff")) continue;
          assert.deepEqual(await said(() => createReadStream(file, options)), wanted, text);
        }
      }
      const hex = await said(() => createReadStream(file, "hex"));
      assert.equal(hex.code, "invalid-argument");
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/**
 * What a plan says of an input, or of what is wrong with it.
 *
 * @param {() => any} input
 */
async function said(input) {
  try {
    const { given, distinct, invalid, column } = await planIssueBulk(what(input()), where());
    return { given, distinct, invalid, column };
  } catch (error) {
    return { code: /** @type {any} */ (error).code };
  }
}

test("strings of a stream in object mode, or of a generator, are ids, one each", async () => {
  for (const input of [() => Readable.from(["1", "2"]), () => arriving(["1", "2"])]) {
    assert.equal((await said(input)).distinct, 2);
  }
  for (const lines of ["1\n2", "1\r2", "1\r\n2", "1\n"]) {
    assert.equal((await said(() => arriving([lines]))).code, "invalid-argument");
    assert.equal((await said(() => Readable.from([lines]))).code, "invalid-argument");
  }
});
