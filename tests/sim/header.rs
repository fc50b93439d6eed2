//! `Retry-After` as services write it, and what each form really asks for (RFC 9110, 10.2.3).

use crate::chance::Chance;

/// The header of a 429, with the `Date` of the same answer.
#[derive(Clone, Debug, Default)]
pub struct RetryAfter {
    pub value: Option<String>,
    pub date: Option<String>,
    /// What it asks for; `None` where it says nothing that can be understood.
    pub wait_ms: Option<u64>,
    /// The date that it names, in milliseconds since 1970, where there is no `Date` to measure it
    /// by: then only the client's own clock says how long to wait.
    pub until_ms: Option<u64>,
}

const GARBAGE: [&str; 6] =
    ["", "soon", "-5", "1.5", "Sun, 06 Nov", "Sun, 99 Foo 2026 00:00:00 GMT"];

/// `service_ms` is the service's wall clock, in milliseconds since 1970.
pub fn draw(chance: &mut Chance, service_ms: u64) -> RetryAfter {
    let seconds = match chance.between(0, 99) {
        0..=9 => 0,
        10..=79 => chance.between(1, 5),
        80..=95 => chance.between(6, 120),
        _ => chance.pick(&[121, 86_400, u64::MAX]),
    };
    match chance.between(0, 9) {
        0..=3 => RetryAfter::default(),
        4 => RetryAfter { value: Some(chance.pick(&GARBAGE).into()), ..RetryAfter::default() },
        5..=7 => RetryAfter {
            value: Some(seconds.to_string()),
            wait_ms: Some(seconds.saturating_mul(1_000)),
            ..RetryAfter::default()
        },
        _ => dated(chance, seconds.min(86_400), service_ms),
    }
}

/// A date is measured by the clock of its answer; without one there is only the client's own.
fn dated(chance: &mut Chance, seconds: u64, service_ms: u64) -> RetryAfter {
    let now = service_ms / 1_000;
    // A date in the past asks for nothing.
    let late = chance.percent(10);
    let until = if late { now - seconds.min(now) } else { now + seconds };
    let form = chance.pick(&[imf as fn(u64) -> String, rfc_850, asctime]);
    let dated = chance.percent(85);
    RetryAfter {
        value: Some(form(until)),
        date: dated.then(|| imf(now)),
        wait_ms: dated.then(|| until.saturating_sub(now) * 1_000),
        until_ms: (!dated).then_some(until * 1_000),
    }
}

const DAYS: [&str; 7] =
    ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

struct Civil {
    weekday: &'static str,
    year: u64,
    month: &'static str,
    day: u64,
    time: String,
}

/// Seconds since 1970, by counting years and months: slow and plain, and not the core's way.
fn civil(seconds: u64) -> Civil {
    let (mut days, of_day) = (seconds / 86_400, seconds % 86_400);
    let weekday = DAYS[(days % 7) as usize];
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    let (hour, minute) = (of_day / 3_600, of_day / 60 % 60);
    let time = format!("{hour:02}:{minute:02}:{:02}", of_day % 60);
    Civil { weekday, year, month: MONTHS[month], day: days + 1, time }
}

fn imf(seconds: u64) -> String {
    let Civil { weekday, year, month, day, time } = civil(seconds);
    format!("{}, {day:02} {month} {year} {time} GMT", &weekday[..3])
}

fn rfc_850(seconds: u64) -> String {
    let Civil { weekday, year, month, day, time } = civil(seconds);
    format!("{weekday}, {day:02}-{month}-{:02} {time} GMT", year % 100)
}

fn asctime(seconds: u64) -> String {
    let Civil { weekday, year, month, day, time } = civil(seconds);
    format!("{} {month} {day:2} {time} {year}", &weekday[..3])
}

#[test]
fn dates_are_written_in_their_three_forms() {
    // The sample date of RFC 9110, 5.6.7.
    let sample = 784_111_777;
    assert_eq!(imf(sample), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(rfc_850(sample), "Sunday, 06-Nov-94 08:49:37 GMT");
    assert_eq!(asctime(sample), "Sun Nov  6 08:49:37 1994");
}
