//! Every bound of the core, with its unit and its reason, in one place.

use core::time::Duration;

/// Ids in one request unless the caller says otherwise: the service documents no maximum, a
/// thousand keeps a call under a second and loses little to one ambiguous answer (architecture.md).
pub const BATCH_SIZE_DEFAULT: u32 = 1_000;
/// Most ids in one request that the caller may ask for.
pub const BATCH_SIZE_MAX: u32 = 10_000;
/// Bytes of one request body: common gateways refuse more than 1 MiB unless configured.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Requests in flight at the start, before the service has shown how many it accepts.
pub const CONCURRENCY_START: u32 = 2;
/// Requests in flight unless the caller says otherwise: a browser's limit per host over HTTP/1.1
/// and a Worker's open connections (reliability.md c).
pub const CONCURRENCY_DEFAULT: u32 = 6;
/// Most requests in flight that the caller may ask for.
pub const CONCURRENCY_MAX: u32 = 64;

/// Requests per minute that a rate may ask for; one every millisecond is the clock's grain.
pub const RATE_PER_MINUTE_MAX: u32 = 60_000;

/// Timeout of one attempt, body included.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(60);
/// No attempt, deadline or wait is longer: beyond 2^31 ms a JavaScript timer fires at once, so the
/// driver sleeps in pieces, and a year catches a unit mistaken for another.
pub const DURATION_MAX: Duration = Duration::from_secs(DURATION_DAYS_MAX * 24 * 3_600);
pub const DURATION_DAYS_MAX: u64 = 366;

/// Sendings of one batch, the first included. A 429 uses none of them.
pub const ATTEMPTS_DEFAULT: u32 = 5;
pub const ATTEMPTS_MAX: u32 = 100;
/// First step of the backoff: full jitter of 0 to 500 ms.
pub const BACKOFF_BASE: Duration = Duration::from_millis(500);
/// First step after a 429, which asks for more distance than a lost connection.
pub const BACKOFF_BASE_THROTTLED: Duration = Duration::from_secs(1);
/// No backoff is longer.
pub const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// Retries that every run has, however short it is.
pub const RETRY_BUDGET_MIN: u32 = 10;
/// First attempts that earn one retry: 5 makes 20 %, so retries never multiply an outage.
pub const RETRY_BUDGET_DEPOSITS_PER_TOKEN: u32 = 5;
/// Longest Retry-After that is waited for; beyond it the run stops and says so.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(120);
/// Time that a cancelled run waits for a journal or an `onOutcomes` that does not answer: a slow
/// disk takes a second, and a cancel should end soon.
pub const CANCEL_GRACE: Duration = Duration::from_secs(5);
/// Extra calls to isolate refused ids: 20 refused ids among 10,000 need about 280.
pub const PROBES_MAX: u32 = 1_000;

/// Ambiguous exchanges in a row at which the run stops.
pub const STOP_AMBIGUOUS_IN_ROW: u32 = 5;
/// Share of failed calls, in percent, at which the run stops.
pub const STOP_FAILURE_PERCENT: u32 = 50;
/// A share that no run reaches, for a run that is not to stop by it.
pub const STOP_FAILURE_PERCENT_NEVER: u32 = 101;
/// Calls before that share means anything.
pub const STOP_FAILURE_CALLS_MIN: u32 = 20;

/// Bytes of one answer: 10,000 entries of 183 bytes are 1.8 MB, the rest is room for a talkative
/// service; more than this is not an answer to one batch.
pub const REPLY_BYTES_MAX: u32 = 64 << 20;
/// Least size of an answer that the caller may allow; below it the answer to one id may not fit.
pub const REPLY_BYTES_ASKED_MIN: u32 = 1 << 10;
/// The most bytes of one answer that the caller may allow; they are never held at once.
pub const REPLY_BYTES_ASKED_MAX: u32 = 2 << 30;
/// Nesting of an answer: the documented one has 3 levels.
pub const REPLY_DEPTH_MAX: u32 = 32;
/// Entries of an answer per id that was sent, before it counts as an attack (reliability.md f).
pub const REPLY_KEYS_PER_ID_MAX: u32 = 4;
/// Bytes of one entry or one string of an answer that are held while it arrives.
pub const REPLY_VALUE_BYTES_MAX: usize = 64 << 10;
/// Number of past tokens that are redacted. An older one cannot appear any more: its answer would
/// be hours late.
pub const SECRETS_RENEWED_KEPT: usize = 16;
/// Bytes of a service's message that are kept for the report.
pub const MESSAGE_BYTES_MAX: usize = 512;
/// Characters of a request id in the report; the header could have any length.
pub const REQUEST_ID_MAX: usize = 128;

// Response reader.
/// Keys of an answer besides those per id: envelopes and extra fields.
pub const REPLY_KEYS_BASE: u64 = 256;
/// Least bytes of a value that are held: a documented entry must fit.
pub const REPLY_VALUE_BYTES_MIN: usize = 1 << 10;
/// Errors with different codes kept of one entry. More than there are codes that reject an id, so a
/// dropped error cannot turn an unknown id into a rejected one.
pub const ENTRY_ERRORS_KEPT: usize = 16;
/// Errors kept of one answer, however small its batch; the rest is counted.
pub const REPLY_ERRORS_KEPT: usize = 100;
/// Ids kept of those that an answer names and that were not sent; the rest is counted.
pub const REPLY_EXTRA_KEPT: usize = 8;
/// Bytes of an issuance id that is not 24 hex digits: generous for any kind of id.
pub const ISSUANCE_ID_BYTES_MAX: usize = 256;

// Forecast.
/// Calls that a forecast plays: more would take noticeable time. The slow start of a run takes far
/// fewer.
pub const FORECAST_CALLS_MAX: u32 = 10_000;

// Read-back.
/// Default quiet period between the last call and the read-back: longer than a service may still
/// act on a call that it never answered (reliability.md d).
pub const QUIET_DEFAULT: Duration = Duration::from_secs(15 * 60);
/// Time between two readings of one customer, which must agree.
pub const READ_INTERVAL_DEFAULT: Duration = Duration::from_secs(60);
/// Readings of one customer that keep disagreeing.
pub const READS_MAX: u32 = 4;
/// Rows asked for of one customer: the service gives 10 unless told otherwise, and rows beyond the
/// last one are not seen (api.md 14).
pub const READ_ROWS_DEFAULT: u32 = 100;
pub const READ_ROWS_MAX: u32 = 1_000;
/// Rows that the service gives when no limit is heeded (api.md 14).
pub const READ_ROWS_UNASKED: u32 = 10;
/// Readings per minute unless the caller says otherwise: below the 1,000 that demo clusters allow
/// one key (api.md 9), with room for other traffic.
pub const READ_RATE_DEFAULT: u32 = 600;
/// Bytes of one answer that is read: a thousand rows of 300 bytes, with room.
pub const READ_BYTES_MAX: usize = 4 << 20;
/// Bytes of an answer of the token endpoint: a token is some kilobytes.
pub const TOKEN_BYTES_MAX: usize = 1 << 16;
/// Keys of an answer that is read: a thousand rows of 64.
pub const READ_KEYS_MAX: u32 = 64_000;
/// Time before the run in which an issuance may still be the run's: the usual tolerance between
/// clocks of one system.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// The same tolerance if the service sends no `Date`, or the start is from a journal: the clock may
/// then run in any time zone.
pub const CLOCK_TOLERANCE_UNKNOWN: Duration = Duration::from_secs(26 * 3_600);
/// Precision of the service's clock as known from its `Date`: whole seconds, and the transit time.
pub const CLOCK_GRAIN: Duration = Duration::from_secs(2);

/// Ids of one run: positions are 32-bit, and 100 million already need 4 GB of columns.
pub const IDS_MAX: usize = 100_000_000;
/// Problems of the input kept with their place; the rest is counted.
pub const PROBLEMS_KEPT: usize = 1_000;
/// Bytes of one input field or line; an id has 19 digits, a generous CSV row some kilobytes.
pub const LINE_BYTES_MAX: usize = 1 << 20;
/// Different causes kept of one run (a cause names its exchange, so 50 million ids may have one a
/// call). Of further causes only the reason is kept. Indexes are 16-bit.
pub const CAUSES_MAX: usize = 50_000;

// Intake.
/// First bytes of an input from which its format, column and delimiter are told: some hundred rows,
/// and the bound of a header.
pub const INTAKE_SAMPLE_BYTES: usize = 64 << 10;
/// Bytes of an invalid value that a problem quotes; an id has 19.
pub const PROBLEM_TEXT_BYTES_MAX: usize = 64;
/// Ids that may wait for the exact comparison beside as many as are known to be distinct: repeats
/// take 32 MB at most before they are dropped, and an input below this is compared only once.
pub const INTAKE_UNCOMPARED_IDS_MAX: usize = 4 << 20;

// Journal.
/// Bytes of one record: the outcomes of 10,000 ids with texts of their own are 15 MB.
pub const JOURNAL_RECORD_BYTES_MAX: usize = 64 << 20;
/// Ids in one record: they are stored in pieces, since a run may have millions.
pub const JOURNAL_IDS_PER_RECORD: usize = 4_096;
/// Bytes of ids that are stored at once, so that they are never held a second time as a whole.
pub const JOURNAL_PIECE_BYTES: usize = 1 << 20;

const _: () = {
    assert!(BATCH_SIZE_DEFAULT <= BATCH_SIZE_MAX);
    assert!(CONCURRENCY_START <= CONCURRENCY_DEFAULT && CONCURRENCY_DEFAULT <= CONCURRENCY_MAX);
    assert!(ATTEMPTS_DEFAULT <= ATTEMPTS_MAX);
    assert!(BACKOFF_BASE.as_millis() <= BACKOFF_BASE_THROTTLED.as_millis());
    assert!(BACKOFF_BASE_THROTTLED.as_millis() <= BACKOFF_MAX.as_millis());
    assert!(BACKOFF_MAX.as_millis() <= RETRY_AFTER_MAX.as_millis());
    assert!(TIMEOUT_DEFAULT.as_millis() <= DURATION_MAX.as_millis());
    // A full batch of the longest ids, each with its comma, must fit into one body.
    assert!(BATCH_SIZE_MAX as usize * 20 + 2 <= BODY_BYTES_MAX);
    assert!(REPLY_VALUE_BYTES_MAX <= REPLY_BYTES_MAX as usize);
    assert!(CAUSES_MAX < u16::MAX as usize - 100);
};
