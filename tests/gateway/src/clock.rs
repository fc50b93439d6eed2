//! Wall clock in the unit of the service: milliseconds since the epoch.

use std::time::{SystemTime, UNIX_EPOCH};

/// One second, in milliseconds.
pub(crate) const SECOND_MS: i64 = 1_000;
/// One day, in milliseconds.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// Now, in milliseconds since the epoch; 0 if the clock stands before it.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|elapsed| i64::try_from(elapsed.as_millis()).ok())
        .unwrap_or(0)
}

/// The last millisecond of the local day `days` after `at_ms`: what the service's `validTill`
/// looks like (api.md 11).
pub(crate) fn end_of_day(at_ms: i64, days: u32, zone_offset_minutes: i32) -> i64 {
    let offset_ms = i64::from(zone_offset_minutes).saturating_mul(60).saturating_mul(SECOND_MS);
    let local_day = at_ms.saturating_add(offset_ms).div_euclid(DAY_MS);
    local_day
        .saturating_add(i64::from(days))
        .saturating_add(1)
        .saturating_mul(DAY_MS)
        .saturating_sub(1)
        .saturating_sub(offset_ms)
}

/// Year, month, day, hour, minute, second and millisecond of a moment at an offset from UTC.
pub(crate) struct Civil {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    pub ms: i64,
    /// 0 is Sunday.
    pub weekday: usize,
}

impl Civil {
    /// Splits a moment by the Gregorian calendar (the days-to-civil algorithm over 400-year eras).
    pub(crate) fn at(at_ms: i64, zone_offset_minutes: i32) -> Self {
        let local = at_ms.saturating_add(i64::from(zone_offset_minutes).saturating_mul(60_000));
        let days = local.div_euclid(DAY_MS);
        let within = local.rem_euclid(DAY_MS);
        let (year, month, day) = civil_from_days(days);
        let weekday = days.saturating_add(4).rem_euclid(7);
        Self {
            year,
            month,
            day,
            hour: within.div_euclid(3_600_000),
            minute: within.div_euclid(60_000).rem_euclid(60),
            second: within.div_euclid(1_000).rem_euclid(60),
            ms: within.rem_euclid(1_000),
            weekday: usize::try_from(weekday).unwrap_or(0),
        }
    }
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let leaps = of_era
        .saturating_sub(of_era.div_euclid(1_460))
        .saturating_add(of_era.div_euclid(36_524))
        .saturating_sub(of_era.div_euclid(146_096));
    let year_of_era = leaps.div_euclid(365);
    let before_year = year_of_era
        .saturating_mul(365)
        .saturating_add(year_of_era.div_euclid(4))
        .saturating_sub(year_of_era.div_euclid(100));
    let day_of_year = of_era.saturating_sub(before_year);
    let march_month = day_of_year.saturating_mul(5).saturating_add(2).div_euclid(153);
    let month_start = march_month.saturating_mul(153).saturating_add(2).div_euclid(5);
    let day = day_of_year.saturating_sub(month_start).saturating_add(1);
    let month = if march_month < 10 {
        march_month.saturating_add(3)
    } else {
        march_month.saturating_sub(9)
    };
    let year = year_of_era.saturating_add(era.saturating_mul(400));
    (if month <= 2 { year.saturating_add(1) } else { year }, month, day)
}

/// A moment as ISO 8601 with its offset, as the service's `...ISO` twins write it.
pub(crate) fn iso(at_ms: i64, zone_offset_minutes: i32) -> String {
    let c = Civil::at(at_ms, zone_offset_minutes);
    let sign = if zone_offset_minutes < 0 { '-' } else { '+' };
    let offset = zone_offset_minutes.unsigned_abs();
    let (hours, minutes) = (offset.div_euclid(60), offset.rem_euclid(60));
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{sign}{hours:02}:{minutes:02}",
        c.year, c.month, c.day, c.hour, c.minute, c.second, c.ms
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_of_day_matches_both_documented_examples() {
        // api.md 3 and 11: validTill is 23:59:59.999 at +03:00 and at +05:30.
        assert_eq!(end_of_day(1_742_553_655_678, 40, 180), 1_746_046_799_999);
        assert_eq!(end_of_day(1_747_126_842_954, 18, 330), 1_748_716_199_999);
    }

    #[test]
    fn iso_writes_the_documented_end_of_day() {
        assert_eq!(iso(1_748_716_199_999, 330), "2025-05-31T23:59:59.999+05:30");
        assert_eq!(iso(951_782_400_000, 0), "2000-02-29T00:00:00.000+00:00");
        assert_eq!(iso(-1, -60), "1969-12-31T22:59:59.999-01:00");
    }
}
