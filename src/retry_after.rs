//! `Retry-After`: delay-seconds or an HTTP-date in its three forms (RFC 9110, 10.2.3 and 5.6.7).

use crate::time::UnixTime;
use core::time::Duration;

/// How long to wait, or `None` where the value says nothing that can be understood.
///
/// A date is measured against the answer's own `Date` when it has one: the service's clock and
/// ours may differ by hours (faults.md 60). A date in the past is a wait of zero.
pub fn parse(value: &str, date: Option<&str>, wall_clock: UnixTime) -> Option<Duration> {
    let value = value.trim_ascii();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let until = http_date(value, wall_clock)?;
    let now = date.and_then(|text| http_date(text.trim_ascii(), wall_clock)).unwrap_or(wall_clock);
    Some(until.since(now))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
fn http_date(text: &str, wall_clock: UnixTime) -> Option<UnixTime> {
    let mut words = text.split_ascii_whitespace();
    let first = words.next()?;
    if first.ends_with(',') {
        let rest: [&str; 4] = take(&mut words)?;
        return match rest {
            [day, month, year, time] if words.next() == Some("GMT") => {
                moment(full_year(year)?, month_number(month)?, number(day, 2)?, time)
            }
            [date, time, "GMT", ""] => rfc_850(date, time, wall_clock),
            _ => None,
        };
    }
    let [month, day, time, year] = take(&mut words)?;
    moment(full_year(year)?, month_number(month)?, number(day, 2)?, time)
}

/// The next four words, missing ones empty.
fn take<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<[&'a str; 4]> {
    let first = words.next()?;
    let mut next = || words.next().unwrap_or("");
    Some([first, next(), next(), next()])
}

/// The obsolete form has two digits for the year: the century that is at most 50 years ahead.
fn rfc_850(date: &str, time: &str, wall_clock: UnixTime) -> Option<UnixTime> {
    let mut parts = date.split('-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let in_century = if year.len() == 2 { number(year, 2)? } else { return None };
    let at = |century: i64| {
        moment(century.saturating_add(in_century), month_number(month)?, number(day, 2)?, time)
    };
    let fifty_years = Duration::from_secs(50 * 366 * 24 * 3_600);
    let this_century = at(2_000)?;
    if this_century.since(wall_clock) > fifty_years { at(1_900) } else { Some(this_century) }
}

fn moment(year: i64, month: i64, day: i64, time: &str) -> Option<UnixTime> {
    let mut parts = time.split(':');
    let [hour, minute, second, ""] = take(&mut parts)? else { return None };
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let in_range = (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !in_range {
        return None;
    }
    let days = days_since_epoch(year, month, day);
    let hours = days.checked_mul(24)?.checked_add(hour)?;
    let minutes = hours.checked_mul(60)?.checked_add(minute)?;
    Some(UnixTime::from_seconds(minutes.checked_mul(60)?.checked_add(second)?))
}

/// Days from 1970-01-01 in the Gregorian calendar; the year starts in March so that the leap day
/// is its last (Hinnant, "chrono-Compatible Low-Level Date Algorithms"). Years are 0 to 9999.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let march_based = month.wrapping_add(9) % 12;
    let year = if month <= 2 { year.wrapping_sub(1) } else { year };
    let leap_days = year.div_euclid(4).wrapping_sub(year.div_euclid(100));
    let leap_days = leap_days.wrapping_add(year.div_euclid(400));
    let day_of_year = march_based.wrapping_mul(153).wrapping_add(2).div_euclid(5);
    year.wrapping_mul(365)
        .wrapping_add(leap_days)
        .wrapping_add(day_of_year)
        .wrapping_add(day)
        .wrapping_sub(719_469)
}

fn month_number(name: &str) -> Option<i64> {
    const NAMES: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let place = NAMES.find(name).filter(|place| name.len() == 3 && place % 3 == 0)?;
    i64::try_from(place / 3).ok()?.checked_add(1)
}

fn full_year(text: &str) -> Option<i64> {
    if text.len() == 4 { number(text, 4) } else { None }
}

fn number(text: &str, digits_max: usize) -> Option<i64> {
    let plain = text.len() <= digits_max && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample date of RFC 9110, 5.6.7, in its three forms.
    const SAMPLES: [&str; 3] = [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ];

    #[test]
    fn the_three_forms_of_a_date_are_one_moment() {
        let clock = UnixTime::from_seconds(784_111_700);
        for sample in SAMPLES {
            assert_eq!(http_date(sample, clock), Some(UnixTime::from_seconds(784_111_777)));
            assert_eq!(parse(sample, None, clock), Some(Duration::from_secs(77)), "{sample}");
        }
    }

    #[test]
    fn seconds_of_any_size_are_read() {
        let clock = UnixTime::default();
        let cases = [("0", 0), ("120", 120), (" 7 ", 7), ("86400", 86_400)];
        for (text, seconds) in cases {
            assert_eq!(parse(text, None, clock), Some(Duration::from_secs(seconds)), "{text}");
        }
        let huge = parse("99999999999999999999999", None, clock).unwrap();
        assert_eq!(huge, Duration::from_secs(u64::MAX));
    }

    #[test]
    fn a_date_is_measured_by_the_clock_of_its_answer() {
        let wrong_clock = UnixTime::from_seconds(2_000_000_000);
        let date = Some("Sun, 06 Nov 1994 08:49:07 GMT");
        assert_eq!(parse(SAMPLES[0], date, wrong_clock), Some(Duration::from_secs(30)));
        assert_eq!(parse(SAMPLES[0], None, wrong_clock), Some(Duration::ZERO));
    }

    #[test]
    fn a_two_digit_year_is_near_today() {
        let clock = UnixTime::from_seconds(1_763_800_000); // November 2025
        let wait = parse("Saturday, 22-Nov-25 09:00:00 GMT", None, clock).unwrap();
        assert!(wait < Duration::from_secs(86_400), "{wait:?}");
        assert_eq!(
            http_date("Sunday, 06-Nov-94 08:49:37 GMT", clock).unwrap().as_millis(),
            784_111_777_000
        );
    }

    #[test]
    fn known_days_are_counted_right() {
        let cases = [(1970, 1, 1, 0), (2000, 2, 29, 11_016), (2000, 3, 1, 11_017)];
        for (year, month, day, days) in cases {
            assert_eq!(days_since_epoch(year, month, day), days);
        }
    }

    #[test]
    fn garbage_says_nothing() {
        let garbage = [
            "",
            "soon",
            "-5",
            "1.5",
            "1e3",
            "Sun, 06 Nov 1994",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 PST",
            "Sun, 06 Nov 1994 25:49:37 GMT",
            "06 Nov 1994",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 46 Nov 1994 08:49:37 GMT",
            "Sun, aN 06 1994",
            "Sun, 06 Nov 1994 08:49:37:11 GMT",
        ];
        for text in garbage {
            assert_eq!(parse(text, None, UnixTime::default()), None, "{text}");
        }
    }
}
