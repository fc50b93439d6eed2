//! `Retry-After`: delay-seconds or an HTTP-date in its three forms (RFC 9110, 10.2.3 and 5.6.7).

use crate::decimal;
use crate::time::UnixTime;
use alloc::vec::Vec;
use core::time::Duration;

/// How long to wait, or `None` if the value has no readable form.
///
/// A date is measured against the answer's own `Date` when it has one: the service's clock and
/// ours may differ by hours (faults.md 60). A date in the past is a wait of zero. An answer with
/// several `Retry-After` headers gives their values joined by commas: the longest wait counts.
pub fn parse(value: &str, date: Option<&str>, wall_clock: UnixTime) -> Option<Duration> {
    let now = date.and_then(|text| http_date(text, wall_clock)).unwrap_or(wall_clock);
    let mut longest = None;
    let mut rest = value;
    while !rest.is_empty() {
        let (one, after) = first_value(rest);
        longest = longest.max(wait(one.trim_ascii(), now, wall_clock));
        rest = after;
    }
    longest
}

/// The first of several values joined by commas, and the rest. The comma behind the day's name
/// belongs to a date.
fn first_value(joined: &str) -> (&str, &str) {
    let split = |at: usize| joined.split_at_checked(at).unwrap_or((joined, ""));
    let mut commas = joined.match_indices(',').map(|(at, _)| at);
    let Some(first) = commas.next() else { return (joined, "") };
    let word = split(first).0.trim_ascii();
    let is_day = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let end = if is_day { commas.next() } else { Some(first) };
    let (value, rest) = split(end.unwrap_or(joined.len()));
    (value, rest.strip_prefix(',').unwrap_or(rest))
}

/// The wait that one value asks for.
fn wait(value: &str, now: UnixTime, wall_clock: UnixTime) -> Option<Duration> {
    let digits = value.as_bytes();
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        return Some(Duration::from_secs(decimal::read(digits).unwrap_or(u64::MAX)));
    }
    http_date(value, wall_clock).map(|until| until.since(now))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
///
/// The words and their order tell the forms apart; what separates them is not looked at further.
pub fn http_date(text: &str, wall_clock: UnixTime) -> Option<UnixTime> {
    let separates = |byte: &u8| matches!(byte, b' ' | b',' | b'-' | b':');
    let words = text.as_bytes().split(separates).filter(|word| !word.is_empty());
    let words: Vec<&[u8]> = words.take(WORDS_MAX).collect();
    match words.as_slice() {
        [_, day, month, year, time @ .., b"GMT"] => {
            let year = match (year.len(), text.contains('-')) {
                (4, false) => number(year)?,
                (2, true) => return rfc_850(number(year)?, month, day, time, wall_clock),
                _ => return None,
            };
            moment(year, month, day, time)
        }
        [_, month, day, time @ .., year] if year.len() == 4 => {
            moment(number(year)?, month, day, time)
        }
        _ => None,
    }
}

/// One more than the longest form has.
const WORDS_MAX: usize = 9;

/// The obsolete form has two digits for the year: the century that is at most 50 years ahead.
fn rfc_850(
    in_century: i64,
    month: &[u8],
    day: &[u8],
    time: &[&[u8]],
    wall_clock: UnixTime,
) -> Option<UnixTime> {
    let this_century = moment(in_century.saturating_add(2_000), month, day, time)?;
    let fifty_years = Duration::from_secs(50 * 366 * 24 * 3_600);
    if this_century.since(wall_clock) > fifty_years {
        return moment(in_century.saturating_add(1_900), month, day, time);
    }
    Some(this_century)
}

fn moment(year: i64, month: &[u8], day: &[u8], time: &[&[u8]]) -> Option<UnixTime> {
    let [hour, minute, second] = time else { return None };
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    let (month, day) = (month_number(month)?, number(day)?);
    let exists = (1..=days_in_month(year, month)).contains(&day);
    // 60 is a leap second.
    if !exists || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_since_epoch(year, month, day);
    let hours = days.checked_mul(24)?.checked_add(hour)?;
    let minutes = hours.checked_mul(60)?.checked_add(minute)?;
    Some(UnixTime::from_seconds(minutes.checked_mul(60)?.checked_add(second)?))
}

/// How many days a month has; the month is from 1 to 12.
const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
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

fn month_number(name: &[u8]) -> Option<i64> {
    const NAMES: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    let place = NAMES.chunks(3).position(|known| known == name)?;
    i64::try_from(place).ok()?.checked_add(1)
}

/// At most four digits: no part of a date has more.
fn number(digits: &[u8]) -> Option<i64> {
    let short = digits.len() <= 4;
    decimal::read(digits).filter(|_| short).and_then(|number| i64::try_from(number).ok())
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
    fn the_longest_of_several_values_counts() {
        let clock = UnixTime::from_seconds(784_111_700); // 77 s before the samples
        let [fixed, rfc_850, asctime] = SAMPLES;
        let cases = [
            ("5, 120".into(), Some(120)),
            ("120,5".into(), Some(120)),
            (" 7 ,soon, 3".into(), Some(7)),
            ("soon, later".into(), None),
            (",,".into(), None),
            (format!("5, {fixed}"), Some(77)),
            (format!("{fixed}, 5"), Some(77)),
            (format!("{fixed}, 120"), Some(120)),
            (format!("{rfc_850},{asctime}, 1"), Some(77)),
            (format!("{fixed}, Sun, 06 Nov 1994 08:50:37 GMT"), Some(137)),
            (format!("{asctime}, {fixed}"), Some(77)),
            (format!("Sun, {fixed}"), None),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(&text, None, clock), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_day_that_does_not_exist_is_no_date() {
        let clock = UnixTime::from_seconds(1_700_000_000);
        for (day, exists) in [
            ("Thu, 29 Feb 2024", true),
            ("Fri, 30 Feb 2024", false),
            ("Sat, 29 Feb 2025", false),
            ("Tue, 29 Feb 2000", true),
            ("Mon, 29 Feb 2100", false),
            ("Tue, 30 Apr 2024", true),
            ("Wed, 31 Apr 2024", false),
            ("Sun, 31 Dec 2023", true),
            ("Mon, 00 Jan 2024", false),
            ("Thu, 32 Jan 2026", false),
        ] {
            let date = format!("{day} 09:00:00 GMT");
            assert_eq!(http_date(&date, clock).is_some(), exists, "{date}");
        }
        for other in ["Saturday, 29-Feb-25 09:00:00 GMT", "Sat Feb 29 09:00:00 2025"] {
            assert_eq!(http_date(other, clock), None, "{other}");
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
