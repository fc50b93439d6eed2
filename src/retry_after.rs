//! `Retry-After`: delay-seconds or an HTTP-date in its three forms (RFC 9110, 10.2.3 and 5.6.7).

use crate::decimal;
use crate::time::UnixTime;
use core::time::Duration;

/// The wait that the value asks for; `None` if it is unreadable.
///
/// A date is measured against the answer's own `Date` when it has one: the service's clock and
/// ours may differ by hours (faults.md 60). A date in the past is a wait of zero. An answer with
/// several `Retry-After` headers gives their values joined by commas: the longest wait counts.
pub fn parse(value: &str, date: Option<&str>, wall_clock: UnixTime) -> Option<Duration> {
    let now = date.and_then(http_date).unwrap_or(wall_clock);
    let mut longest = None;
    let mut rest = value;
    while !rest.is_empty() {
        let (one, after) = first_value(rest);
        longest = longest.max(wait(one.trim_ascii(), now));
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
fn wait(value: &str, now: UnixTime) -> Option<Duration> {
    let digits = value.as_bytes();
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        return Some(Duration::from_secs(decimal::read(digits).unwrap_or(u64::MAX)));
    }
    http_date(value).map(|until| until.since(now))
}

/// A date in one of the three forms: `Sun, 06 Nov 1994 08:49:37 GMT`,
/// `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
pub fn http_date(text: &str) -> Option<UnixTime> {
    let time = httpdate::parse_http_date(text).ok()?;
    let epoch = httpdate::parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT").ok()?;
    let seconds = time.duration_since(epoch).ok()?.as_secs();
    let time = UnixTime::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
    // The crate reads 30 Feb as a day in March. The first digits of each form are the day.
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let mut numbers = text.as_bytes().split(|byte| !is_digit(byte)).filter(|it| !it.is_empty());
    let day = numbers.next().and_then(decimal::read)?;
    (time.day_of_month() == i64::try_from(day).ok()?).then_some(time)
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
            assert_eq!(http_date(sample), Some(UnixTime::from_seconds(784_111_777)));
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
            http_date("Sunday, 06-Nov-94 08:49:37 GMT").unwrap().as_millis(),
            784_111_777_000
        );
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
            assert_eq!(http_date(&date).is_some(), exists, "{date}");
        }
        for other in ["Saturday, 29-Feb-25 09:00:00 GMT", "Sat Feb 29 09:00:00 2025"] {
            assert_eq!(http_date(other), None, "{other}");
        }
    }

    #[test]
    fn no_text_that_is_nearly_a_date_is_the_end_of_the_core() {
        for sample in SAMPLES {
            for at in 0..sample.len() {
                http_date(&sample[..at]);
                for other in ["", " ", "9", "0", "é", "\0", "Feb", "99999"] {
                    http_date(&[&sample[..at], other, &sample[at + 1..]].concat());
                }
            }
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
