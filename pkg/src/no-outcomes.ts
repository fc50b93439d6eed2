/**
 * The rows of a run that was cancelled while its input was still arriving: none. It stands in
 * for the core's rows, which take an input with at least one id.
 */
import type { Outcomes } from "./report.js";

/** As the core writes it; a test compares the two. */
const CSV_HEADER =
  "customer_id,outcome,issuance_id,event_time,valid_till,earned_from_id,reason,service_code," +
  "http_status,message,request_id,verified_by\r\n";

export class NoOutcomes implements Outcomes {
  length = 0;

  counts() {
    return {
      given: 0,
      invalid: 0,
      duplicate: 0,
      blank: 0,
      issued: 0,
      rejected: 0,
      unsent: 0,
      unknown: 0,
      attempts: 0,
      retries: 0,
      bytesSent: 0,
      bytesReceived: 0,
      elapsedMs: 0,
    };
  }

  stopped() {
    return {
      code: "cancelled" as const,
      reason:
        "The run was cancelled while customerIds was still arriving; nothing was sent, and what " +
        "had arrived is not listed, since it may end in half an id.",
    };
  }

  notes() {
    return [];
  }

  readBack() {
    return null;
  }

  problems() {
    return [];
  }

  find() {
    return -1;
  }

  at(): never {
    throw new RangeError("there are no rows");
  }

  next() {
    return -1;
  }

  page() {
    return new Uint8Array();
  }

  ids() {
    return new BigInt64Array();
  }

  states() {
    return new Uint8Array();
  }

  eventTimes() {
    return new BigInt64Array();
  }

  validTills() {
    return new BigInt64Array();
  }

  issuanceIds() {
    return new Uint8Array();
  }

  causes() {
    return new Uint16Array();
  }

  causeTable() {
    return [];
  }

  csv() {
    return new TextEncoder().encode(CSV_HEADER);
  }

  ndjson() {
    return new Uint8Array();
  }

  free() {}
}
