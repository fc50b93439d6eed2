// Group E of the catalogue where it takes a server that breaks the rules of HTTP.

import assert from "node:assert/strict";
import { test } from "node:test";
import { issueBulk } from "issue-bulk";
import { PROMOTION } from "../../pkg/test/gateway.mjs";
import { ids, what } from "../../pkg/test/runs.mjs";
import { answerTo, startScripted } from "./support/scripted.mjs";

/**
 * A run over 30 ids in three calls; the report, and how often each id arrived.
 *
 * @param {(call: import("./support/scripted.mjs").Call) => unknown} script
 * @param {object} [options]
 */
async function run(script, options) {
  /** @type {Map<string, number>} */
  const arrivals = new Map();
  const server = await startScripted((call) => {
    for (const id of call.ids) arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
    return script(call);
  });
  try {
    const where = { host: server.host, batchSize: 10, concurrency: 1, ...options };
    const report = await issueBulk(what(ids(30)), where);
    return { report, arrivals };
  } finally {
    await server.stop();
  }
}

/** @param {import("./support/scripted.mjs").Call} call */
const answer = ({ socket, ids: given }) => socket.write(answerTo(given, PROMOTION));

test("54 a kept connection that is closed while idle: none lost, none twice", async () => {
  const { report, arrivals } = await run(({ socket, ids: given }) => {
    socket.end(answerTo(given, PROMOTION));
  });
  const { issued, unknown, unsent } = report.counts;
  assert.equal(issued + unknown + unsent, 30);
  assert.equal(unsent, 0);
  for (const [id, count] of arrivals) assert.equal(count, 1, id);
  for (const { customerId } of report.issued()) assert.equal(arrivals.get(customerId), 1);
});

test("54 a used connection that ends instead of answering: once, and unknown", async () => {
  const { report, arrivals } = await run((call) => {
    if (call.number === 2) call.socket.destroy();
    else answer(call);
  });
  assert.deepEqual([report.counts.issued, report.counts.unknown], [20, 10]);
  assert.equal(arrivals.size, 30);
  for (const [id, count] of arrivals) assert.equal(count, 1, id);
});

test("57 an answer that comes twice is taken once, and never for another batch", async () => {
  const { report, arrivals } = await run((call) => {
    answer(call);
    if (call.number === 2) answer(call);
  });
  const { issued, unknown } = report.counts;
  assert.equal(issued + unknown, 30, JSON.stringify(report));
  for (const [id, count] of arrivals) assert.equal(count, 1, id);
  for (const { customerId } of report.issued()) assert.ok(arrivals.has(customerId));
});

test("57 an answer to another batch proves nothing for this one", async () => {
  const { report } = await run(({ number, ids: given, socket }) => {
    socket.write(answerTo(number === 2 ? ids(10) : given, PROMOTION));
  });
  assert.equal(report.stopped?.code, "protocol-violation");
  const { issued, unknown, unsent } = report.counts;
  assert.deepEqual([issued, unknown, unsent], [10, 10, 10]);
});

test("37 a body cut at every byte is never taken for an answer", async () => {
  const [customerId = ""] = ids(1);
  const whole = answerTo([customerId], PROMOTION);
  const start = whole.indexOf("\r\n\r\n") + 4;
  for (let end = start; end < whole.length; end += 1) {
    const body = whole.slice(start, end);
    const transport = async () => new Response(body);
    const report = await issueBulk(what([customerId]), { host: "service.example", transport });
    assert.equal(report.counts.unknown, 1, body);
  }
  const transport = async () => new Response(whole.slice(start));
  const report = await issueBulk(what([customerId]), { host: "service.example", transport });
  assert.equal(report.counts.issued, 1);
});

test("62 timers beyond 2^31 milliseconds do not fire at once", async () => {
  const month = 31 * 86_400_000;
  const { report } = await run(answer, { timeoutMs: month, deadlineMs: month });
  assert.deepEqual([report.counts.issued, report.stopped], [30, null]);
});

test("65 no more calls are in flight than allowed, also right after a resume", async () => {
  const { startIssueBulk } = await import("issue-bulk");
  let [inFlight, most] = [0, 0];
  const transport = async (/** @type {string} */ _, /** @type {RequestInit} */ init) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
    const body = typeof init.body === "string" ? init.body : new TextDecoder().decode(bytes(init));
    return new Response(answerTo(body.match(/\d+/g) ?? [], PROMOTION).split("\r\n\r\n")[1]);
  };
  const where = { host: "service.example", batchSize: 1, concurrency: 4, transport };
  const job = startIssueBulk(what(ids(2_000)), where);
  for await (const { issued } of job.progress) {
    job.pause();
    if (issued % 3 === 0) job.pause();
    job.resume();
  }
  const report = await job.done;
  assert.equal(report.counts.issued, 2_000);
  assert.equal(most, 4);
});

/** @param {RequestInit} init */
const bytes = (init) => /** @type {Uint8Array} */ (init.body);
