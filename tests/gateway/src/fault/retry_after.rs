//! Every form a Retry-After header takes in the wild.

use serde::{Deserialize, Serialize};

use crate::clock::{Civil, SECOND_MS};

/// The header's value; in JSON `{"form":"seconds","seconds":2}` and so on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[serde(deny_unknown_fields)]
pub(crate) enum RetryAfter {
    /// No header.
    Absent,
    /// Delta-seconds.
    Seconds { seconds: u64 },
    /// An HTTP-date, this many seconds from now (negative: past).
    Date { format: DateFormat, in_seconds: i64 },
    /// Text that is neither.
    Garbage,
    /// Digits beyond any integer type.
    Huge,
    /// 86400.
    Day,
    /// A negative number, which RFC 9110 does not allow.
    Negative,
    /// Any visible text.
    Raw { value: String },
}

/// The three forms of RFC 9110, 5.6.7.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DateFormat {
    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    Imf,
    /// `Sunday, 06-Nov-94 08:49:37 GMT`
    Rfc850,
    /// `Sun Nov  6 08:49:37 1994`
    Asctime,
}

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl RetryAfter {
    /// The header's value at this moment; `None` for no header.
    pub(crate) fn value(&self, now_ms: i64) -> Option<String> {
        match self {
            Self::Absent => None,
            Self::Seconds { seconds } => Some(seconds.to_string()),
            Self::Date { format, in_seconds } => Some(http_date(
                now_ms.saturating_add(in_seconds.saturating_mul(SECOND_MS)),
                *format,
            )),
            Self::Garbage => Some("soon, please".into()),
            Self::Huge => Some("99999999999999999999999999".into()),
            Self::Day => Some("86400".into()),
            Self::Negative => Some("-5".into()),
            Self::Raw { value } => Some(value.clone()),
        }
    }
}

/// A moment as an HTTP-date.
pub(crate) fn http_date(at_ms: i64, format: DateFormat) -> String {
    let c = Civil::at(at_ms, 0);
    let long = DAYS.get(c.weekday).copied().unwrap_or("Sunday");
    let short = long.get(..3).unwrap_or("Sun");
    let month_index = usize::try_from(c.month.saturating_sub(1)).unwrap_or(0);
    let month = MONTHS.get(month_index).copied().unwrap_or("Jan");
    let time = format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second);
    let (day, year) = (c.day, c.year);
    match format {
        DateFormat::Imf => format!("{short}, {day:02} {month} {year:04} {time} GMT"),
        DateFormat::Rfc850 => {
            format!("{long}, {day:02}-{month}-{:02} {time} GMT", year.rem_euclid(100))
        }
        DateFormat::Asctime => format!("{short} {month} {day:2} {time} {year:04}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_date_of_rfc_9110_in_its_three_forms() {
        let at = 784_111_777_000;
        assert_eq!(http_date(at, DateFormat::Imf), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(http_date(at, DateFormat::Rfc850), "Sunday, 06-Nov-94 08:49:37 GMT");
        assert_eq!(http_date(at, DateFormat::Asctime), "Sun Nov  6 08:49:37 1994");
    }

    #[test]
    fn forms_read_from_json() {
        let read = |text: &str| serde_json::from_str::<RetryAfter>(text).unwrap().value(0);
        assert_eq!(read(r#"{"form":"seconds","seconds":2}"#).unwrap(), "2");
        assert_eq!(read(r#"{"form":"absent"}"#), None);
        assert_eq!(
            read(r#"{"form":"date","format":"imf","inSeconds":86400}"#).unwrap(),
            "Fri, 02 Jan 1970 00:00:00 GMT"
        );
    }
}
