//! The choices of a read-back, checked.

use crate::limits;
use crate::plan::Whole;
use crate::request::RequestError;
use const_format::formatcp;
use core::time::Duration;

/// The caller's options, unchecked. Absent values take their default from `limits`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RulesGiven {
    pub quiet_ms: Option<f64>,
    pub apart_ms: Option<f64>,
    pub limit: Option<f64>,
    pub rate_per_minute: Option<f64>,
}

/// The choices of a read-back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Time from the end of the run to the first reading.
    pub quiet: Duration,
    /// Time between two readings of one customer.
    pub interval: Duration,
    /// Rows asked for of one customer.
    pub rows_max: u32,
    pub rate_per_minute: u32,
}

impl Rules {
    pub fn new(given: &RulesGiven) -> Result<Self, &'static RequestError> {
        Ok(Self {
            quiet: duration(given.quiet_ms, limits::QUIET_DEFAULT)?,
            interval: duration(given.apart_ms, limits::READ_INTERVAL_DEFAULT)?,
            rows_max: ROWS.read(given.limit)?,
            rate_per_minute: RATE.read(given.rate_per_minute)?,
        })
    }
}

const INVALID_RECONCILE: &RequestError = &RequestError {
    code: "invalid-reconcile",
    message: formatcp!(
        "reconcile.quietMs and reconcile.apartMs must be milliseconds from 0 to {} ({} days), \
         reconcile.limit a whole number of rows from {} to {}, reconcile.rate.perMinute one of \
         readings from 1 to {}.",
        limits::DURATION_MAX.as_millis(),
        limits::DURATION_DAYS_MAX,
        limits::READ_ROWS_UNASKED,
        limits::READ_ROWS_MAX,
        limits::RATE_PER_MINUTE_MAX
    ),
};
const ROWS: Whole = Whole {
    min: limits::READ_ROWS_UNASKED,
    max: limits::READ_ROWS_MAX,
    default: limits::READ_ROWS_DEFAULT,
    error: INVALID_RECONCILE,
};
const RATE: Whole = Whole {
    min: 1,
    max: limits::RATE_PER_MINUTE_MAX,
    default: limits::READ_RATE_DEFAULT,
    error: INVALID_RECONCILE,
};

fn duration(given: Option<f64>, default: Duration) -> Result<Duration, &'static RequestError> {
    let Some(millis) = given else { return Ok(default) };
    let max = crate::time::millis(limits::DURATION_MAX) as f64;
    if !(0.0..=max).contains(&millis) {
        return Err(INVALID_RECONCILE);
    }
    // Exact enough: fractions of a millisecond are below the clock's grain.
    Ok(Duration::from_millis(millis as u64))
}
