// The hooks of issue-bulk as OpenTelemetry spans: one for the run, one within it for each call.
// Copy it; all it needs is a tracer of @opentelemetry/api.

import { SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";

/**
 * @param {import("@opentelemetry/api").Tracer} tracer
 * @returns {import("issue-bulk").Hooks} for `options.hooks`
 */
export function spanHooks(tracer) {
  /** @type {import("@opentelemetry/api").Span | undefined} */
  let run;
  /** @type {Map<string, import("@opentelemetry/api").Span>} */
  const calls = new Map();
  const parent = () =>
    run === undefined ? context.active() : trace.setSpan(context.active(), run);

  return {
    onRunStart({ epochMs, ids, settled }) {
      const attributes = { "issue_bulk.ids": ids, "issue_bulk.settled": settled };
      run = tracer.startSpan("issueBulk", { startTime: epochMs, attributes });
    },

    onAttemptStart({ epochMs, batch, attempt, ids, bytesSent }) {
      const attributes = {
        "http.request.method": "POST",
        "http.request.body.size": bytesSent,
        "http.request.resend_count": attempt - 1,
        "issue_bulk.batch": batch,
        "issue_bulk.ids": ids,
      };
      const options = { kind: SpanKind.CLIENT, startTime: epochMs, attributes };
      calls.set(`${batch}.${attempt}`, tracer.startSpan("POST issueBulk", options, parent()));
    },

    onAttemptEnd({ epochMs, durationMs, batch, attempt, status, requestId, verdict, reason }) {
      const span = calls.get(`${batch}.${attempt}`);
      calls.delete(`${batch}.${attempt}`);
      if (status !== null) span?.setAttribute("http.response.status_code", status);
      if (requestId !== null) span?.setAttribute("issue_bulk.request_id", requestId);
      span?.setAttribute("issue_bulk.verdict", verdict);
      if (reason !== null) {
        span?.setAttribute("error.type", reason);
        span?.setStatus({ code: SpanStatusCode.ERROR, message: reason });
      }
      span?.end(epochMs + durationMs);
    },

    onRunEnd({ epochMs, durationMs, counts, stopped }) {
      const { issued, rejected, unsent, unknown } = counts;
      for (const [name, count] of Object.entries({ issued, rejected, unsent, unknown })) {
        run?.setAttribute(`issue_bulk.${name}`, count);
      }
      if (stopped !== null) run?.setStatus({ code: SpanStatusCode.ERROR, message: stopped.code });
      run?.end(epochMs + durationMs);
    },
  };
}
