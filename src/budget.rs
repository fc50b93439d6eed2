//! Two budgets: the rate of requests, and the share of them that may be retries.

use crate::limits::{RATE_PER_MINUTE_MAX, RETRY_BUDGET_DEPOSITS_PER_TOKEN, RETRY_BUDGET_MIN};
use crate::time::Instant;

/// Evenly spaced requests: one every `60 s / per_minute`, without bursts, so that no window of any
/// length holds more than its share. Halves on a 429 and recovers additively. Without a rate in the
/// options there is none until the first 429; from then on the run learns the rate that the service
/// accepts.
#[derive(Clone, Debug)]
pub struct RateBudget {
    per_minute_max: u32,
    per_minute: Option<u32>,
    /// The rate at the last 429; the recovery is a share of it.
    refused: u32,
    next_micros: u64,
    /// Successful calls since the rate was last lowered, or since the first request.
    passed: u32,
    since: Option<Instant>,
}

const MICROS_PER_MILLI: u64 = 1_000;
const MICROS_PER_MINUTE: u64 = 60_000_000;
const MILLIS_PER_MINUTE: u64 = 60_000;

/// Successful calls in which half a refused rate grows back to the whole: at most every twentieth
/// call of a run is then refused, a quarter of what the retry budget allows.
const RECOVERY_CALLS: u32 = 20;

impl RateBudget {
    /// `None` asks for no rate.
    pub fn new(per_minute: Option<u32>) -> Self {
        let per_minute = per_minute.map(|rate| rate.max(1));
        let per_minute_max = per_minute.unwrap_or(RATE_PER_MINUTE_MAX);
        Self {
            per_minute_max,
            per_minute,
            refused: per_minute_max,
            next_micros: 0,
            passed: 0,
            since: None,
        }
    }

    /// The instant at which the next request may be sent, after `ahead` others.
    pub fn ready_at(&self, ahead: u32) -> Instant {
        let others = self.interval_micros().saturating_mul(ahead.into());
        let micros = self.next_micros.saturating_add(others);
        Instant::from_millis(micros.div_ceil(MICROS_PER_MILLI))
    }

    /// Counts one request that is sent at `now`; ask [`RateBudget::ready_at`] before.
    pub fn take(&mut self, now: Instant) {
        self.since = self.since.or(Some(now));
        if self.per_minute.is_some() {
            // Unused time is not saved up. The fraction of a millisecond that the clock cannot show
            // is kept, or the rate would drift.
            let now_micros = now.as_millis().saturating_mul(MICROS_PER_MILLI);
            let grain_ago = now_micros.saturating_sub(MICROS_PER_MILLI);
            self.next_micros =
                self.next_micros.max(grain_ago).saturating_add(self.interval_micros());
        }
    }

    fn interval_micros(&self) -> u64 {
        self.per_minute.map_or(0, |rate| {
            MICROS_PER_MINUTE.checked_div(rate.into()).unwrap_or(MICROS_PER_MINUTE)
        })
    }

    /// A 429: halves the rate, or takes the measured rate since it was last lowered, waits
    /// included, if that is less. If every call is refused there is nothing to measure, and the
    /// gate alone holds the run back.
    pub fn throttled(&mut self, now: Instant) {
        if self.passed == 0 {
            return;
        }
        let measured = self.measured(now);
        self.refused = self.per_minute.unwrap_or(measured);
        self.per_minute = Some((self.refused / 2).min(measured).max(1));
        (self.passed, self.since) = (0, Some(now));
    }

    /// Successful calls a minute since the rate was last lowered.
    fn measured(&self, now: Instant) -> u32 {
        let since = self.since.unwrap_or(now).as_millis();
        let millis = now.as_millis().saturating_sub(since).max(1);
        let rate = u64::from(self.passed).saturating_mul(MILLIS_PER_MINUTE).checked_div(millis);
        let rate = rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or(u32::MAX);
        rate.clamp(1, self.per_minute_max)
    }

    /// A successful call: the rate grows by a share of the refused one, in time beyond it.
    pub fn succeeded(&mut self) {
        self.passed = self.passed.saturating_add(1);
        let Some(rate) = self.per_minute else { return };
        let step = (self.refused.max(rate) / 2 / RECOVERY_CALLS).max(1);
        self.per_minute = Some(rate.saturating_add(step).min(self.per_minute_max));
    }
}

/// Lets retries be a fifth of the first attempts, plus a few for short runs.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    /// The balance in deposits; a retry costs several.
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

    /// Pays for one retry. False, and nothing paid, if the balance is too low.
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
        budget.succeeded();
        budget.throttled(Instant::from_millis(1_000));
        budget.take(Instant::from_millis(1_000));
        assert_eq!(budget.ready_at(0).as_millis(), 1_199);
        for _ in 0..20 {
            budget.succeeded();
        }
        budget.take(Instant::from_millis(10_000));
        assert_eq!(budget.ready_at(0).as_millis(), 10_099);
    }

    /// Plays 300 requests against a limiter of `per_minute` with a burst of three, and counts its
    /// refusals. The wait after a refusal doubles until a call succeeds.
    fn refusals(asked: Option<u32>, per_minute: u64) -> u32 {
        let interval = 60_000 / per_minute;
        let (mut budget, mut retries) = (RateBudget::new(asked), RetryBudget::default());
        let (mut now, mut bucket, mut refused, mut passed) = (0_u64, 0_u64, 0, 0);
        let mut in_row = 0;
        while passed < 300 {
            now = now.max(budget.ready_at(0).as_millis()) + 3;
            budget.take(Instant::from_millis(now));
            bucket = bucket.max(now);
            if bucket > now + 2 * interval {
                refused += 1;
                assert!(retries.withdraw(), "{asked:?} against {per_minute}/min, after {passed}");
                budget.throttled(Instant::from_millis(now));
                now += 500 << in_row;
                in_row += 1;
            } else {
                in_row = 0;
                passed += 1;
                retries.deposit();
                bucket += interval;
                budget.succeeded();
            }
        }
        refused
    }

    #[test]
    fn a_rate_is_found_within_the_retry_budget() {
        for per_minute in [10, 100, 1_200, 6_000] {
            for asked in [None, Some(7_000), Some(60_000)] {
                let refused = refusals(asked, per_minute);
                assert!(refused <= 50, "{asked:?} against {per_minute}/min: {refused}");
            }
        }
    }

    #[test]
    fn retries_are_a_fifth_of_first_attempts_plus_ten() {
        let mut budget = RetryBudget::default();
        (0..100).for_each(|_| budget.deposit());
        let retries = core::iter::from_fn(|| budget.withdraw().then_some(())).take(1_000).count();
        assert_eq!(retries, 30);
    }
}
