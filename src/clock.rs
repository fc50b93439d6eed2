//! The service's clock and ours: bounds on their difference, from the times that the service sent.
//!
//! Our own clock may be wrong by days, so it proves nothing alone (faults.md 60). A time that the
//! service gives for a known moment bounds the difference. The bounds are kept as they are: a value
//! between them would be a guess.

use crate::time::{Instant, UnixTime, millis};
use core::time::Duration;

/// Bounds on the service's clock minus ours, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockOffset {
    least: i64,
    most: i64,
}

/// The precision of a `Date`: whole seconds.
const DATE_GRAIN_MS: i64 = 999;

impl ClockOffset {
    /// From the `Date` of an answer to a call that left at `sent` and was answered at `received`,
    /// both by our clock: the service wrote the date between the two.
    pub const fn of_date(date: UnixTime, sent: UnixTime, received: UnixTime) -> Self {
        let date = date.as_millis();
        Self {
            least: date.saturating_sub(received.as_millis()),
            most: date.saturating_add(DATE_GRAIN_MS).saturating_sub(sent.as_millis()),
        }
    }

    /// From the first `eventTime` of a run's issuances and our clock at its start, if the first
    /// came at most `within` after the start.
    pub fn of_first_event(first: UnixTime, started: UnixTime, within: Duration) -> Self {
        let most = first.as_millis().saturating_sub(started.as_millis());
        Self { least: most.saturating_sub_unsigned(millis(within)), most }
    }

    /// Combines two bounds: the range that both allow. If they contradict each other, a clock was
    /// set in between, and everything from one to the other is possible.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let both = Self { least: self.least.max(other.least), most: self.most.min(other.most) };
        if both.least <= both.most {
            return both;
        }
        Self { least: self.least.min(other.least), most: self.most.max(other.most) }
    }

    /// The earliest and the latest time of the service at a moment of our clock.
    pub const fn of_ours(self, ours: UnixTime) -> (UnixTime, UnixTime) {
        let ours = ours.as_millis();
        let earliest = UnixTime::from_millis(ours.saturating_add(self.least));
        (earliest, UnixTime::from_millis(ours.saturating_add(self.most)))
    }
}

/// The service's clock against the driver's monotonic one, which nobody can set.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceClock {
    /// Time of the service at the start of the driver's clock, in milliseconds: at least this.
    at_start: Option<i64>,
}

impl ServiceClock {
    /// Takes the `Date` of an answer. The latest counts: a cached answer has an older one.
    pub fn learn(&mut self, date: UnixTime, received: Instant) {
        let at_start = date.as_millis().saturating_sub_unsigned(received.as_millis());
        self.at_start = self.at_start.max(Some(at_start));
    }

    /// The earliest time of the service at this instant, if an answer had a `Date`.
    pub fn at(&self, instant: Instant) -> Option<UnixTime> {
        let at_start = self.at_start?;
        Some(UnixTime::from_millis(at_start.saturating_add_unsigned(instant.as_millis())))
    }
}

/// The time at which a call was sent, by two independent clocks. To prove that an issuance is older
/// than its call takes both: this machine's clock may be wrong, and so may a proxy's `Date`.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// By the service's clock, from the `Date` headers of this run.
    pub by_service: UnixTime,
    /// By our own.
    pub by_own: UnixTime,
}

/// The age of an issuance against the call whose answer held it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// No clock contradicts that this call made it.
    OfTheCall,
    /// Older than the call by our clock alone: our clock is wrong, or a cache answered the first
    /// call of the run.
    OlderByOwnClock,
    /// Older than the call by both clocks: a cache or proxy repeated an answer, or the service
    /// returned an earlier issuance. It is unknown if this call issued anything.
    Older,
}

impl Sent {
    /// Compares an issuance's `eventTime` with the call, if clocks may differ by `tolerance`.
    pub fn age_of(&self, event_time: UnixTime, tolerance: Duration) -> Age {
        let is_before = |sent: UnixTime| event_time.after(tolerance) < sent;
        match (is_before(self.by_own), is_before(self.by_service)) {
            (true, true) => Age::Older,
            (true, false) => Age::OlderByOwnClock,
            (false, _) => Age::OfTheCall,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(least: i64, most: i64) -> ClockOffset {
        ClockOffset { least, most }
    }

    const fn at(millis: i64) -> UnixTime {
        UnixTime::from_millis(millis)
    }

    #[test]
    fn a_date_bounds_the_offset_by_the_time_of_its_call() {
        for (date, sent, received, expected) in [
            (10_000, 10_000, 10_000, offset(0, 999)),
            (10_000, 9_500, 10_300, offset(-300, 1_499)),
            (100_000, 9_500, 10_300, offset(89_700, 91_499)),
            (10_000, 100_000, 100_500, offset(-90_500, -89_001)),
        ] {
            let found = ClockOffset::of_date(at(date), at(sent), at(received));
            assert_eq!(found, expected, "{date} {sent} {received}");
            // The moment itself is within what the bounds say of it.
            let (earliest, _) = found.of_ours(at(received));
            let (_, latest) = found.of_ours(at(sent));
            assert!(earliest <= at(date) && at(date) <= latest);
        }
    }

    #[test]
    fn the_first_event_of_a_run_bounds_the_offset() {
        let day = 86_400_000;
        // The run's clock was 30 days ahead of the service's.
        let found = ClockOffset::of_first_event(at(5_000), at(30 * day), Duration::from_secs(60));
        assert_eq!(found, offset(-30 * day - 55_000, -30 * day + 5_000));
        assert_eq!(found.of_ours(at(30 * day)), (at(-55_000), at(5_000)));
    }

    #[test]
    fn evidence_narrows_and_contradictions_widen() {
        for (one, other, expected) in [
            (offset(-500, 900), offset(-100, 2_000), offset(-100, 900)),
            (offset(0, 10), offset(10, 20), offset(10, 10)),
            (offset(0, 10), offset(11, 20), offset(0, 20)),
            (offset(i64::MIN, i64::MAX), offset(3, 4), offset(3, 4)),
        ] {
            assert_eq!(one.and(other), expected);
            assert_eq!(other.and(one), expected);
        }
    }

    #[test]
    fn bounds_saturate() {
        let found = ClockOffset::of_date(at(i64::MAX), at(i64::MIN), at(i64::MIN));
        assert_eq!(found.of_ours(at(i64::MAX)), (at(i64::MAX), at(i64::MAX)));
    }

    #[test]
    fn the_latest_date_of_a_run_counts() {
        let mut clock = ServiceClock::default();
        assert_eq!(clock.at(Instant::START), None);
        clock.learn(at(1_000_000), Instant::from_millis(5_000));
        // Repeated by a cache a minute later.
        clock.learn(at(1_000_000), Instant::from_millis(65_000));
        assert_eq!(clock.at(Instant::from_millis(65_000)), Some(at(1_060_000)));
        clock.learn(at(1_100_000), Instant::from_millis(65_000));
        assert_eq!(clock.at(Instant::from_millis(60_000)), Some(at(1_095_000)));
    }

    #[test]
    fn an_issuance_is_older_than_its_call_when_two_clocks_say_so() {
        let tolerance = Duration::from_secs(300);
        let hour = 3_600_000;
        for (by_service, by_own, event, expected) in [
            (hour, hour, hour, Age::OfTheCall),
            (hour, hour, hour - 300_000, Age::OfTheCall),
            (hour, hour, hour - 300_001, Age::Older),
            (hour, hour, 2 * hour, Age::OfTheCall),
            // Our clock is a month ahead, or one behind.
            (hour, 700 * hour, hour, Age::OlderByOwnClock),
            (700 * hour, hour, hour, Age::OfTheCall),
            (700 * hour, 700 * hour, 0, Age::Older),
        ] {
            let sent = Sent { by_service: at(by_service), by_own: at(by_own) };
            let age = sent.age_of(at(event), tolerance);
            assert_eq!(age, expected, "{by_service} {by_own} {event}");
        }
    }
}
