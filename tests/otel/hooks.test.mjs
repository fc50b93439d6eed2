// The example with the real SDK of OpenTelemetry: what an exporter gets of a run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SpanStatusCode } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { issueBulk } from "issue-bulk";
import { spanHooks } from "./hooks.mjs";

/** The service: it issues to everybody, but refuses the second call with a 429. */
function service() {
  let calls = 0;
  return async (/** @type {string} */ _url, /** @type {RequestInit} */ init) => {
    calls += 1;
    const headers = { "x-cap-requestid": `r-${calls}`, "retry-after": "0" };
    if (calls === 2) return new Response("", { status: 429, headers });
    const body = new TextDecoder().decode(/** @type {Uint8Array} */ (init.body));
    /** @type {number[]} */
    const ids = JSON.parse(body);
    const entries = ids.map((customerId) => [
      customerId,
      {
        id: "67dd4237ef21a64211227e06",
        customerId,
        promotionId: "67dd4210ef21a64211227e04",
        earnedFromId: "c",
        eventTime: 1,
        validTill: 2,
      },
    ]);
    return Response.json({ data: Object.fromEntries(entries) }, { headers });
  };
}

test("a run is a span, and each of its calls is one within it", async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const report = await issueBulk(
    { promotionId: "67dd4210ef21a64211227e04", contextId: "c", customerIds: [1n, 2n, 3n] },
    {
      host: "service.example",
      auth: { token: "canary" },
      batchSize: 2,
      concurrency: 1,
      transport: service(),
      hooks: spanHooks(provider.getTracer("test")),
    },
  );
  assert.equal(report.counts.issued, 3);
  await provider.forceFlush();
  const spans = exporter.getFinishedSpans();
  const run = spans.find(({ name }) => name === "issueBulk");
  const calls = spans.filter(({ name }) => name === "POST issueBulk");
  assert.ok(run !== undefined && spans.length === 4);
  assert.deepEqual(run.attributes, {
    "issue_bulk.ids": 3,
    "issue_bulk.settled": 0,
    "issue_bulk.issued": 3,
    "issue_bulk.rejected": 0,
    "issue_bulk.unsent": 0,
    "issue_bulk.unknown": 0,
  });
  for (const call of calls) {
    assert.equal(call.parentSpanContext?.spanId, run.spanContext().spanId);
    assert.ok(at(call.startTime) >= at(run.startTime) && at(call.endTime) <= at(run.endTime) + 1);
  }
  const told = calls.map(({ attributes, status }) => [
    attributes["issue_bulk.request_id"],
    attributes["http.response.status_code"],
    attributes["http.request.resend_count"],
    status.code === SpanStatusCode.ERROR ? status.message : null,
  ]);
  assert.deepEqual(told, [
    ["r-1", 200, 0, null],
    ["r-2", 429, 0, "throttled"],
    ["r-3", 200, 1, null],
  ]);
  const all = JSON.stringify(spans.map(({ attributes, name }) => [name, attributes]));
  assert.ok(!all.includes("canary"));
});

/** Milliseconds. @param {import("@opentelemetry/api").HrTime} time */
function at([seconds, nanoseconds]) {
  return seconds * 1_000 + nanoseconds / 1e6;
}
