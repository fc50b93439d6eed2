//! When the next request may leave: requests in flight, rate, and the gate that a 429 closes for
//! the whole run.

use crate::budget::RateBudget;
use crate::limits::CONCURRENCY_START;
use crate::time::Instant;

/// Finds the level of concurrency that the service bears: starts small, grows by one with every
/// call that goes through, halves when the service refuses the rate. So does the rate.
#[derive(Debug)]
pub(super) struct Pace {
    rate: RateBudget,
    gate: Instant,
    concurrency: u32,
    concurrency_max: u32,
    throttles_in_row: u32,
}

impl Pace {
    pub(super) fn new(rate_per_minute: Option<u32>, concurrency_max: u32) -> Self {
        Self {
            rate: RateBudget::new(rate_per_minute),
            gate: Instant::START,
            concurrency: CONCURRENCY_START.min(concurrency_max),
            concurrency_max,
            throttles_in_row: 0,
        }
    }

    /// When one more request may leave once `ahead` others have, or `None` while too many are in
    /// flight or ahead.
    pub(super) fn ready_at(&self, in_flight: usize, ahead: usize) -> Option<Instant> {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let allowed = count(in_flight.saturating_add(ahead)) < self.concurrency;
        allowed.then(|| self.gate.max(self.rate.ready_at(count(ahead))))
    }

    /// Whether a 429 keeps everything back at `now`.
    pub(super) fn is_closed(&self, now: Instant) -> bool {
        self.gate > now
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.rate.take(now);
    }

    pub(super) fn succeeded(&mut self) {
        self.throttles_in_row = 0;
        self.rate.succeeded();
        self.concurrency = self.concurrency.saturating_add(1).min(self.concurrency_max);
    }

    /// Refusals of the rate since the last call that went through, before this one.
    pub(super) const fn throttles_in_row(&self) -> u32 {
        self.throttles_in_row
    }

    /// A 429: nothing leaves before `until`, and then more slowly. Answers to requests that left
    /// before the gate closed tell nothing new, so they do not slow the run again.
    pub(super) fn throttled(&mut self, now: Instant, sent_at: Instant, until: Instant) {
        let news = self.gate <= sent_at;
        self.gate = self.gate.max(until);
        if news {
            self.throttles_in_row = self.throttles_in_row.saturating_add(1);
            self.rate.throttled(now);
            self.concurrency = (self.concurrency / 2).max(1);
        }
    }
}
