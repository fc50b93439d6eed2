//! Time as an argument: the core never asks what time it is.
//!
//! Two clocks that must not be mixed have two types. [`Instant`] is monotonic and only good for
//! differences; [`UnixTime`] is the wall clock, needed where the service speaks in dates.

use crate::decimal;
use alloc::vec::Vec;
use core::time::Duration;

/// A point on the driver's monotonic clock, in milliseconds since an arbitrary start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The start of the driver's clock.
    pub const START: Self = Self(0);
    /// A point that no run reaches.
    pub const NEVER: Self = Self(u64::MAX);

    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// `self + duration`, at the latest [`Instant::NEVER`].
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z, the unit of the service's `eventTime`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(i64);

impl UnixTime {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }

    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// `self + duration`, saturating.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(millis(duration)).unwrap_or(i64::MAX)))
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        let millis = self.0.saturating_sub(earlier.0);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

impl UnixTime {
    /// The day of its month, from 1 to 31.
    pub fn day_of_month(self) -> i64 {
        civil(self.0.div_euclid(DAY_MS)).2
    }

    /// Appends `2025-05-31T18:29:59.999Z` (RFC 3339); years outside 0 to 9999 as milliseconds.
    pub fn write(self, out: &mut Vec<u8>) {
        let (days, of_day) = (self.0.div_euclid(DAY_MS), self.0.rem_euclid(DAY_MS));
        let (year, month, day) = civil(days);
        if !(0..=9_999).contains(&year) {
            decimal::write(self.0, out);
            return;
        }
        let seconds = of_day / 1_000;
        let parts = [
            (year, 4, b'-'),
            (month, 2, b'-'),
            (day, 2, b'T'),
            (seconds / 3_600, 2, b':'),
            (seconds / 60 % 60, 2, b':'),
            (seconds % 60, 2, b'.'),
            (of_day % 1_000, 3, b'Z'),
        ];
        for (value, width, end) in parts {
            write_padded(value, width, out);
            out.push(end);
        }
    }
}

const DAY_MS: i64 = 86_400_000;

/// Year, month and day of a day since 1970-01-01; the year starts in March so that the leap day
/// is its last (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days.wrapping_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let leap_days =
        (day_of_era / 36_524).wrapping_sub(day_of_era / 1_460).wrapping_sub(day_of_era / 146_096);
    let year_of_era = day_of_era.wrapping_add(leap_days) / 365;
    let before_year =
        year_of_era.wrapping_mul(365).wrapping_add(year_of_era / 4).wrapping_sub(year_of_era / 100);
    let day_of_year = day_of_era.wrapping_sub(before_year);
    let from_march = day_of_year.wrapping_mul(5).wrapping_add(2) / 153;
    let before_month = from_march.wrapping_mul(153).wrapping_add(2) / 5;
    let day = day_of_year.wrapping_sub(before_month).wrapping_add(1);
    let month =
        if from_march < 10 { from_march.wrapping_add(3) } else { from_march.wrapping_sub(9) };
    let year = era.wrapping_mul(400).wrapping_add(year_of_era);
    (if month <= 2 { year.wrapping_add(1) } else { year }, month, day)
}

/// The last `width` digits of a number, at most four.
fn write_padded(value: i64, width: usize, out: &mut Vec<u8>) {
    let digits = [value / 1_000, value / 100, value / 10, value];
    for digit in digits.iter().skip(digits.len().saturating_sub(width)) {
        out.push(b'0'.wrapping_add(u8::try_from(digit % 10).unwrap_or(0)));
    }
}

/// Whole milliseconds of a duration, saturating instead of wrapping.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_saturate_at_both_ends() {
        let start = Instant::from_millis(5);
        assert_eq!(start.after(Duration::MAX), Instant::NEVER);
        assert_eq!(start.since(Instant::from_millis(9)), Duration::ZERO);
        assert_eq!(start.after(Duration::from_millis(7)).since(start).as_millis(), 7);
    }

    #[test]
    fn times_are_written_as_rfc_3339() {
        let cases = [
            (1_748_716_199_999, "2025-05-31T18:29:59.999Z"),
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_735_603_200_000, "2024-12-31T00:00:00.000Z"),
            (i64::MAX, "9223372036854775807"),
            (i64::MIN, "-9223372036854775808"),
        ];
        for (millis, text) in cases {
            let mut out = Vec::new();
            UnixTime::from_millis(millis).write(&mut out);
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn unix_times_saturate_at_both_ends() {
        let late = UnixTime::from_seconds(i64::MAX);
        assert_eq!(late.as_millis(), i64::MAX);
        assert_eq!(UnixTime::from_millis(i64::MIN).since(late), Duration::ZERO);
        assert_eq!(UnixTime::from_seconds(2).since(UnixTime::from_millis(500)).as_millis(), 1_500);
    }
}
