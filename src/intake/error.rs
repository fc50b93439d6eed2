//! The errors of an input as a whole, none of whose ids is sent.

use super::text::visible;
use crate::text::push_number;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes of a name and number of names that a message quotes.
const NAME_BYTES_SHOWN: usize = 64;
const NAMES_SHOWN: usize = 20;

/// Advice before the names that were read.
const SET_COLUMN: &str = "set column to one of these, or in a CSV to its number from 1: ";

/// Why an input cannot be used. Offsets are bytes from the start of the input, lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntakeError {
    /// No ids: empty, blank, or a header alone.
    NoIds,
    /// The column or field that was asked for is not there, or none could be asked for.
    NoSuchColumn { wanted: Box<str>, header: Vec<Box<str>> },
    /// Several columns or fields could hold the ids. `header` is the first record.
    AmbiguousColumn { header: Vec<Box<str>> },
    /// No column or field has a usual name of a customer's id. `header` is the first record.
    ColumnNotFound { header: Vec<Box<str>> },
    /// Not UTF-8 at this offset.
    NotUtf8 { hint: Encoding, offset: u64 },
    /// More than [`IDS_MAX`](crate::limits::IDS_MAX) ids; with repeats among them the refusal may
    /// come up to 2 % earlier.
    TooManyIds,
    /// A JSON array that breaks off or breaks the syntax.
    BadJson { offset: u64 },
    /// An object or array inside a JSON array, which holds plain ids only.
    NestedJson { offset: u64 },
    /// A quote that never closes, which may contain any number of customers.
    UnclosedQuote { line: u64 },
    /// No record ends within [`INTAKE_SAMPLE_BYTES`](crate::limits::INTAKE_SAMPLE_BYTES).
    HeaderTooLong,
    /// A delimiter that is a quote, a line break, a digit or not ASCII.
    BadDelimiter,
}

/// The likely encoding of an input that is not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Zero bytes, or a UTF-16 byte order mark.
    Utf16,
    /// Latin-1, Windows-1252 or another encoding of one byte a character.
    Latin1,
}

impl IntakeError {
    /// The stable code of the error.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoIds => "no-ids",
            Self::NoSuchColumn { .. } => "no-such-column",
            Self::AmbiguousColumn { .. } => "ambiguous-column",
            Self::ColumnNotFound { .. } => "column-not-found",
            Self::NotUtf8 { .. } => "not-utf8",
            Self::TooManyIds => "too-many-ids",
            Self::BadJson { .. } => "bad-json",
            Self::NestedJson { .. } => "nested-json",
            Self::UnclosedQuote { .. } => "unclosed-quote",
            Self::HeaderTooLong => "header-too-long",
            Self::BadDelimiter => "bad-delimiter",
        }
    }

    /// The first record's cells where a column must be named: what a page offers to choose from.
    pub fn header(&self) -> &[Box<str>] {
        match self {
            Self::NoSuchColumn { header, .. }
            | Self::AmbiguousColumn { header }
            | Self::ColumnNotFound { header } => header,
            _ => &[],
        }
    }

    /// A sentence that says what is wrong and what to do about it.
    pub fn message(&self) -> String {
        let mut out = String::new();
        match self {
            Self::NoIds => out.push_str("The input has no ids: give at least one customer id."),
            Self::NoSuchColumn { wanted, header } => {
                out.push_str("The input has no column \"");
                out.push_str(&visible(wanted.as_bytes(), NAME_BYTES_SHOWN));
                out.push_str("\": ");
                out.push_str(SET_COLUMN);
                push_names(&mut out, header);
            }
            Self::AmbiguousColumn { header } => {
                out.push_str("More than one name may be that of the customer ids: ");
                out.push_str(SET_COLUMN);
                push_names(&mut out, header);
            }
            Self::ColumnNotFound { header } => {
                out.push_str("No name is a usual one of customer ids, such as customer_id: ");
                out.push_str(SET_COLUMN);
                push_names(&mut out, header);
            }
            Self::NotUtf8 { hint, offset } => {
                out.push_str("The input is not UTF-8 at byte ");
                push_number(*offset, &mut out);
                out.push_str(hint.advice());
            }
            Self::TooManyIds => {
                out.push_str("The input has more ids than one run holds (100,000,000): split it.");
            }
            Self::BadJson { offset } => {
                push_offset(&mut out, "The JSON array is broken at byte ", *offset);
                out.push_str(": give [id, id, ...] with nothing after it.");
            }
            Self::NestedJson { offset } => {
                push_offset(&mut out, "The JSON array has an object or array at byte ", *offset);
                out.push_str(": give plain ids, or one object a line (NDJSON) and its field.");
            }
            Self::UnclosedQuote { line } => {
                push_offset(&mut out, "A quote opened in the record of line ", *line);
                out.push_str(" never closes: close it, or double it where it belongs to the text.");
            }
            Self::HeaderTooLong => {
                out.push_str("No first line ends within 64 KiB: give text with one record a line.");
            }
            Self::BadDelimiter => {
                out.push_str(
                    "The delimiter cannot separate ids: use a comma, semicolon, tab or |.",
                );
            }
        }
        out
    }
}

impl Encoding {
    const fn advice(self) -> &'static str {
        match self {
            Self::Utf16 => ", it looks like UTF-16: save it as UTF-8 (\"CSV UTF-8\" in Excel).",
            Self::Latin1 => ", it looks like Latin-1: save it as UTF-8 (\"CSV UTF-8\" in Excel).",
        }
    }
}

fn push_offset(out: &mut String, before: &str, number: u64) {
    out.push_str(before);
    push_number(number, out);
}

fn push_names(out: &mut String, names: &[Box<str>]) {
    if names.is_empty() {
        out.push_str("a name.");
        return;
    }
    for (index, name) in names.iter().take(NAMES_SHOWN).enumerate() {
        out.push_str(if index == 0 { "\"" } else { ", \"" });
        out.push_str(&visible(name.as_bytes(), NAME_BYTES_SHOWN));
        out.push('"');
    }
    out.push_str(if names.len() > NAMES_SHOWN { ", ..." } else { "." });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_fix_and_stay_short() {
        let header: Vec<Box<str>> = (0..50).map(|_| "ä".repeat(500).into()).collect();
        let error = IntakeError::AmbiguousColumn { header };
        assert_eq!(error.code(), "ambiguous-column");
        assert!(error.message().len() < 2_000);
        assert!(error.message().ends_with(", ..."));

        let header: Vec<Box<str>> = vec!["a".into(), "b".into()];
        let error = IntakeError::NoSuchColumn { wanted: "c".into(), header };
        assert_eq!(
            error.message(),
            "The input has no column \"c\": set column to one of these, or in a CSV to its number \
             from 1: \"a\", \"b\"."
        );
        let error = IntakeError::NotUtf8 { hint: Encoding::Utf16, offset: 12 };
        assert!(
            error.message().starts_with("The input is not UTF-8 at byte 12, it looks like UTF")
        );
    }
}
