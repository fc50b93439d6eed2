// The exit code of every ending.

import assert from "node:assert/strict";
import { test } from "node:test";
import { IssueBulkError } from "issue-bulk";
import { EXIT, Refusal, exitCodeOf, explain } from "../exit.js";

/**
 * @param {object} counts that are not 0
 * @param {string} [code] of the stop
 */
function ending(counts, code) {
  const none = { issued: 0, rejected: 0, unsent: 0, unknown: 0, invalid: 0, duplicate: 0 };
  const stopped = code === undefined ? null : { code };
  return exitCodeOf(/** @type {any} */ ({ counts: { ...none, ...counts }, stopped }));
}

test("a report", () => {
  assert.equal(ending({ issued: 3, duplicate: 1 }), EXIT.issued);
  for (const some of ["rejected", "unsent", "invalid"]) {
    assert.equal(ending({ issued: 3, [some]: 1 }), EXIT.incomplete, some);
  }
  assert.equal(ending({ issued: 3, rejected: 1, unknown: 1 }), EXIT.unknown);
  assert.equal(ending({ unsent: 3 }, "unauthorised"), EXIT.stopped);
  assert.equal(ending({ unknown: 3 }, "too-many-ambiguous"), EXIT.stopped);
  assert.equal(ending({ unsent: 3 }, "deadline"), EXIT.incomplete);
  assert.equal(ending({ unknown: 3 }, "deadline"), EXIT.unknown);
  assert.equal(ending({ unsent: 3 }, "journal-failed"), EXIT.usage);
  for (const code of ["cancelled", "interrupted"]) {
    assert.equal(ending({ unknown: 1, unsent: 3 }, code), EXIT.interrupted);
  }
});

test("an error", () => {
  const cause = Object.assign(new Error("ENOENT: x"), { code: "ENOENT", path: "a.csv" });
  const failed = new IssueBulkError("journal-failed", "It failed; see the cause.", { cause });
  const message = "It failed: no such file or folder: a.csv.";
  assert.deepEqual(explain(failed), { code: "journal-failed", message, exitCode: EXIT.usage });
  assert.equal(explain(new IssueBulkError("core-crashed", "x")).exitCode, EXIT.unknown);
  assert.equal(explain(new Refusal("no-host", "Which?")).message, "Which?");
  assert.equal(explain(cause).message, "no such file or folder: a.csv");
  assert.equal(explain(new TypeError("odd")).exitCode, EXIT.usage);
});
