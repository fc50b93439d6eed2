// Where each case of the fault catalogue is shown. Names of tests in this folder begin with the
// number of their case; those below are shown by a test elsewhere.

/**
 * Cases that a client without upload, shards and alarms can meet. Not among them: 15 (upload), 63,
 * 64, 66, 76 and 78 (shards, alarms and storage of a Durable Object), 79 (operators).
 */
export const CASES = Object.freeze([
  ...range(1, 14), ...range(16, 18), // A. input
  ...range(19, 24), // B. authentication
  ...range(25, 36), // C. HTTP status
  ...range(37, 48), // D. body
  ...range(49, 58), // E. network
  ...range(59, 62), // F. time
  65, // G. concurrency
  ...range(67, 72), // H. cancellation
  ...range(73, 75), 77, // I. resume and durability
  ...range(80, 84), // J. memory and scale
]);

/** File, and the name of the test in it, by case. @type {Record<number, [string, string]>} */
export const ELSEWHERE = {
  56: ["www/test/failures.test.mjs", "offline in the middle of a direct run is said, and settles"],
  59: ["src/budget.rs", "fn idle_time_is_not_saved_up"],
  67: ["pkg/test/job.test.mjs", "a signal that is aborted already sends nothing, and every id is"],
  69: ["pkg/test/job.test.mjs", "an abort while the input arrives sends nothing and waits for"],
  70: ["pkg/test/job.test.mjs", "a storm of pauses sends nothing twice"],
  71: ["pkg/test/job.test.mjs", "an onProgress that throws or rejects does not disturb the run"],
  73: ["tests/journal/damage.rs", "fn every_flipped_bit_is_refused_at_the_offset_of_its_record"],
  74: ["tests/job/journal.rs", "fn a_journal_that_fails_stops_the_run_and_what_is_in_flight_is"],
  75: ["tests/job/journal.rs", "fn another_run_cannot_go_on_with_a_journal"],
  77: ["tests/journal/damage.rs", "fn records_that_do_not_fit_those_before_them_are_refused"],
  80: ["tests/job/journal.rs", "fn millions_of_ids_are_stored_in_pieces_before_anything_leaves"],
  81: ["pkg/test/crash.test.mjs", "after a crash every call throws the same, and nothing is sent"],
  82: ["pkg/test/run.test.mjs", "a long CSV is made in pieces, as it is read"],
  83: ["www/test/page.test.mjs", "a hundred thousand outcomes stay responsive"],
};

/**
 * @param {number} first
 * @param {number} last included
 */
function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
