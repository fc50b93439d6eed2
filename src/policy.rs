//! The choices of a run, as opposed to its hard bounds in `limits`.

use crate::limits;
use core::time::Duration;

/// Attempts, timeouts and deadline of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Sendings of one batch, the first included; a 429 uses none.
    pub attempts_max: u32,
    /// One attempt, from the first byte sent to the last byte read.
    pub timeout: Duration,
    /// The whole run: nothing is sent after it; what is in flight is still awaited.
    pub deadline: Option<Duration>,
    pub stop: StopRules,
    pub ambiguous: Ambiguous,
    /// A [`Job`](crate::job::Job) that a person watches pauses where a plain run stops: refused
    /// credentials, a Retry-After that is too long.
    pub on_obstacle: OnObstacle,
}

/// The failures at which a run stops by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopRules {
    /// Ambiguous exchanges in a row.
    pub ambiguous_in_row: u32,
    /// Percent of all exchanges that failed ...
    pub failure_percent: u32,
    /// ... once there were this many.
    pub failure_calls_min: u32,
}

/// The treatment of a batch whose exchange proves nothing (architecture.md, "Ambiguity").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ambiguous {
    /// Its ids are unknown, and this run never resends them.
    #[default]
    Hold,
    /// The same, and once the run has ended, a read-back decides about them.
    Reconcile,
    /// It is resent within attempts and retry budget: for promotions whose `maxIssuancePerCustomer`
    /// of 1 makes the service refuse a second issuance. Its ids end as issued or unknown, whatever
    /// later attempts say.
    Retry,
}

/// The effect of an obstacle that a person could remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnObstacle {
    Stop,
    Pause,
}

impl Default for StopRules {
    fn default() -> Self {
        Self {
            ambiguous_in_row: limits::STOP_AMBIGUOUS_IN_ROW,
            failure_percent: limits::STOP_FAILURE_PERCENT,
            failure_calls_min: limits::STOP_FAILURE_CALLS_MIN,
        }
    }
}

impl StopRules {
    /// Rules that never stop a run, for a dry run and for tests of everything else.
    pub const NEVER: Self = Self {
        ambiguous_in_row: u32::MAX,
        failure_percent: limits::STOP_FAILURE_PERCENT_NEVER,
        failure_calls_min: u32::MAX,
    };
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts_max: limits::ATTEMPTS_DEFAULT,
            timeout: limits::TIMEOUT_DEFAULT,
            deadline: None,
            stop: StopRules::default(),
            ambiguous: Ambiguous::Hold,
            on_obstacle: OnObstacle::Stop,
        }
    }
}
