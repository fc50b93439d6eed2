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

impl ClockOffset {
    /// From the first `eventTime` of a run's issuances and our clock at its start, if the first
    /// came at most `within` after the start.
    pub fn of_first_event(first: UnixTime, started: UnixTime, within: Duration) -> Self {
        let most = first.as_millis().saturating_sub(started.as_millis());
        Self { least: most.saturating_sub_unsigned(millis(within)), most }
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
    fn the_first_event_of_a_run_bounds_the_offset() {
        let day = 86_400_000;
        // The run's clock was 30 days ahead of the service's.
        let found = ClockOffset::of_first_event(at(5_000), at(30 * day), Duration::from_secs(60));
        assert_eq!(found, offset(-30 * day - 55_000, -30 * day + 5_000));
        assert_eq!(found.of_ours(at(30 * day)), (at(-55_000), at(5_000)));
    }

    #[test]
    fn bounds_saturate() {
        let within = Duration::from_secs(60);
        let found = ClockOffset::of_first_event(at(i64::MAX), at(i64::MIN), within);
        assert_eq!(found, offset(i64::MAX - 60_000, i64::MAX));
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
