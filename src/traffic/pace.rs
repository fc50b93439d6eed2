//! The time of the next request: by concurrency, rate, and the gate that a 429 closes for the whole
//! run.

use crate::budget::RateBudget;
use crate::limits::CONCURRENCY_START;
use crate::time::Instant;

/// Finds the concurrency that the service accepts: starts small, grows by one with each successful
/// call, halves at a 429. The rate adapts in the same way.
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

    /// The instant at which one more request may be sent, after `ahead` others; `None` while too
    /// many are in flight or ahead.
    pub(super) fn ready_at(&self, in_flight: usize, ahead: usize) -> Option<Instant> {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let allowed = count(in_flight.saturating_add(ahead)) < self.concurrency;
        allowed.then(|| self.gate.max(self.rate.ready_at(count(ahead))))
    }

    /// True while a 429 holds all requests back.
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

    /// 429s since the last successful call, before this one.
    pub(super) const fn throttles_in_row(&self) -> u32 {
        self.throttles_in_row
    }

    /// A 429: nothing is sent before `until`, and then more slowly. A 429 to a request from before
    /// the gate closed is no new evidence, so it does not slow the run again.
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
