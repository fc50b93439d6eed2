//! Two token accounts: how fast requests may leave, and how many of them may be retries.

use crate::limits::{RETRY_BUDGET_DEPOSITS_PER_TOKEN, RETRY_BUDGET_MIN};
use crate::time::Instant;

/// Evenly spaced requests: one every `60 s / per_minute`, without bursts, so that no window of
/// any length holds more than its share. Halves on a 429 and recovers additively.
#[derive(Clone, Debug)]
pub struct RateBudget {
    per_minute_max: Option<u32>,
    per_minute: u32,
    next_micros: u64,
}

const MICROS_PER_MILLI: u64 = 1_000;
const MICROS_PER_MINUTE: u64 = 60_000_000;

impl RateBudget {
    /// `None` sets no rate.
    pub fn new(per_minute: Option<u32>) -> Self {
        let per_minute = per_minute.map(|rate| rate.max(1));
        Self { per_minute_max: per_minute, per_minute: per_minute.unwrap_or(1), next_micros: 0 }
    }

    /// When the next request may leave, once `ahead` others have.
    pub fn ready_at(&self, ahead: u32) -> Instant {
        let others = match self.per_minute_max {
            Some(_) => self.interval_micros().saturating_mul(ahead.into()),
            None => 0,
        };
        let micros = self.next_micros.saturating_add(others);
        Instant::from_millis(micros.div_ceil(MICROS_PER_MILLI))
    }

    /// Books one request that leaves at `now`; ask [`RateBudget::ready_at`] before.
    pub fn take(&mut self, now: Instant) {
        if self.per_minute_max.is_some() {
            // Time that passed unused is not saved up, but the part of a millisecond that the
            // clock cannot show is kept, or the rate would drift.
            let now_micros = now.as_millis().saturating_mul(MICROS_PER_MILLI);
            let grain_ago = now_micros.saturating_sub(MICROS_PER_MILLI);
            self.next_micros =
                self.next_micros.max(grain_ago).saturating_add(self.interval_micros());
        }
    }

    fn interval_micros(&self) -> u64 {
        MICROS_PER_MINUTE.checked_div(self.per_minute.into()).unwrap_or(MICROS_PER_MINUTE)
    }

    /// The service said 429: half the rate from here.
    pub fn throttled(&mut self) {
        self.per_minute = (self.per_minute / 2).max(1);
    }

    /// A call went through: a twentieth of the asked rate comes back.
    pub fn succeeded(&mut self) {
        if let Some(max) = self.per_minute_max {
            self.per_minute = self.per_minute.saturating_add((max / 20).max(1)).min(max);
        }
    }
}

/// Lets retries be a fifth of the first attempts, plus a few for short runs.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    /// In deposits: a retry costs several.
    deposits: u64,
}

impl Default for RetryBudget {
    fn default() -> Self {
        let start = RETRY_BUDGET_MIN.saturating_mul(RETRY_BUDGET_DEPOSITS_PER_TOKEN);
        Self { deposits: u64::from(start) }
    }
}

impl RetryBudget {
    /// A first attempt was made.
    pub fn deposit(&mut self) {
        self.deposits = self.deposits.saturating_add(1);
    }

    /// Takes the price of one retry; `false` leaves the account as it is.
    #[must_use]
    pub fn withdraw(&mut self) -> bool {
        let price = u64::from(RETRY_BUDGET_DEPOSITS_PER_TOKEN);
        match self.deposits.checked_sub(price) {
            Some(rest) => {
                self.deposits = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn departures(rate: Option<u32>, until_ms: u64) -> Vec<u64> {
        let mut budget = RateBudget::new(rate);
        let mut times = Vec::new();
        for millis in 0..until_ms {
            let now = Instant::from_millis(millis);
            if budget.ready_at(0) <= now {
                budget.take(now);
                times.push(millis);
            }
        }
        times
    }

    #[test]
    fn no_minute_holds_more_than_the_rate() {
        for rate in [1, 7, 100, 1_000, 7_000] {
            let times = departures(Some(rate), 180_000);
            let expected = u64::from(rate) * 3;
            let count = times.len() as u64;
            assert!(count.abs_diff(expected) <= 3, "{rate}/min: {count} in three minutes");
            for (index, start) in times.iter().enumerate() {
                let window = times.iter().skip(index).take_while(|t| **t < start + 60_000);
                assert!(window.count() as u64 <= u64::from(rate) + 1, "{rate}/min from {start}");
            }
        }
    }

    #[test]
    fn without_a_rate_every_moment_is_free() {
        assert_eq!(departures(None, 50).len(), 50);
    }

    #[test]
    fn those_that_wait_ahead_take_their_share() {
        let mut budget = RateBudget::new(Some(60));
        budget.take(Instant::from_millis(5_001));
        assert_eq!(budget.ready_at(0).as_millis(), 6_000);
        assert_eq!(budget.ready_at(3).as_millis(), 9_000);
        assert_eq!(RateBudget::new(None).ready_at(3), Instant::START);
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let mut budget = RateBudget::new(Some(60));
        let late = Instant::from_millis(600_000);
        budget.take(late);
        assert!(budget.ready_at(0) >= Instant::from_millis(600_999));
    }

    #[test]
    fn a_429_halves_the_rate_and_successes_bring_it_back() {
        let mut budget = RateBudget::new(Some(600));
        budget.throttled();
        budget.take(Instant::from_millis(1_000));
        assert_eq!(budget.ready_at(0).as_millis(), 1_199);
        for _ in 0..20 {
            budget.succeeded();
        }
        budget.take(Instant::from_millis(10_000));
        assert_eq!(budget.ready_at(0).as_millis(), 10_099);
    }

    #[test]
    fn retries_are_a_fifth_of_first_attempts_plus_ten() {
        let mut budget = RetryBudget::default();
        (0..100).for_each(|_| budget.deposit());
        let retries = core::iter::from_fn(|| budget.withdraw().then_some(())).take(1_000).count();
        assert_eq!(retries, 30);
    }
}
