//! Settles how lines or CSV are to be read, from the first bytes of an input.

use super::cells::{Cell, Grammar, RecordScan, cells, title};
use super::error::IntakeError;
use super::records::{RecordForm, is_blank, unquoted};
use super::text::{self, Pick};
use super::{Column, CsvOptions, Delimiter, Kind, Layout};
use crate::scan::records::break_length;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// In the order in which they win where a first record has as many of each.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// The start of an input.
#[derive(Clone, Copy)]
pub struct Sample<'a> {
    pub bytes: &'a [u8],
    /// True if the sample is the whole input.
    pub whole: bool,
}

/// One id a line: the only question is whether the first line is a header.
pub fn of_lines(sample: Sample<'_>) -> Result<(RecordForm, Layout), IntakeError> {
    let grammar = Grammar { delimiter: None, quotes: false };
    let first = records(sample, grammar).next().unwrap_or_default();
    let titles = vec![title(Cell { text: unquoted(first), quoted: false, malformed: false })];
    let header = single_has_header(&titles)?;
    let shape = RecordForm { grammar, column: 0, fields: 1, heading: header.into() };
    Ok((shape, layout_of(&shape, titles, header)))
}

/// CSV: delimiter, column, and whether there is a header.
pub fn of_csv(
    sample: Sample<'_>,
    options: &CsvOptions,
) -> Result<(RecordForm, Layout), IntakeError> {
    let (sample, told) = behind_delimiter_line(sample);
    let delimiter = match options.delimiter {
        Delimiter::Auto => told.or_else(|| guessed_delimiter(sample)),
        Delimiter::Byte(byte) if can_delimit(byte) => Some(byte),
        Delimiter::Byte(_) => return Err(IntakeError::BadDelimiter),
    };
    let grammar = Grammar { delimiter, quotes: true };
    let mut records = records(sample, grammar);
    let Some(first) = records.next() else {
        return match records.open {
            Some(line) if sample.whole => Err(IntakeError::UnclosedQuote { line }),
            None if sample.whole || records.rest.is_empty() => Err(IntakeError::NoIds),
            _ => Err(IntakeError::HeaderTooLong),
        };
    };
    let all: Vec<Box<str>> = cells(first, grammar).map(title).collect();
    // A header that ends with the delimiter has no title behind it, and no field.
    let mut titles = all.clone();
    let asked_for = match options.column {
        Column::Number(number) => usize::try_from(number).unwrap_or(usize::MAX),
        Column::Auto | Column::Name(_) => 0,
    };
    while titles.len() > asked_for && titles.last().is_some_and(|title| title.is_empty()) {
        titles.pop();
    }
    let (column, header) = column_of(&titles, &options.column)?;
    if !header {
        titles = all;
    }
    let heading = u8::from(told.is_some()).wrapping_add(header.into());
    let shape = RecordForm { grammar, column, fields: titles.len(), heading };
    Ok((shape, layout_of(&shape, titles, header)))
}

/// The sample without a first line that names the delimiter, as `sep=;` does for Excel.
fn behind_delimiter_line(sample: Sample<'_>) -> (Sample<'_>, Option<u8>) {
    let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', byte, rest @ ..] = sample.bytes else {
        return (sample, None);
    };
    let length = break_length(rest).or((rest == b"\r").then_some(1));
    match length.filter(|_| can_delimit(*byte)) {
        Some(length) => {
            let bytes = rest.get(length..).unwrap_or_default();
            (Sample { bytes, ..sample }, Some(*byte))
        }
        None => (sample, None),
    }
}

fn layout_of(shape: &RecordForm, titles: Vec<Box<str>>, header: bool) -> Layout {
    let delimiter = shape.grammar.delimiter;
    Layout {
        kind: if delimiter.is_some() { Kind::Csv } else { Kind::Lines },
        delimiter,
        column: u32::try_from(shape.column.saturating_add(1)).ok(),
        name: titles.get(shape.column).filter(|_| header).cloned(),
        header: if header { titles } else { Vec::new() },
    }
}

fn can_delimit(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b'"' | b'\n' | b'\r' | 0)
}

/// The most frequent delimiter of the first record, outside quotes.
fn guessed_delimiter(sample: Sample<'_>) -> Option<u8> {
    let mut counts = [0_usize; DELIMITERS.len()];
    let (mut quoted, mut at_start, mut content) = (false, true, false);
    for byte in sample.bytes {
        let place = DELIMITERS.iter().position(|delimiter| delimiter == byte);
        let line_break = matches!(byte, b'\n' | b'\r');
        // Whichever it is, a quote after any of them opens a field; one that closes may be doubled.
        let quote = *byte == b'"' && (quoted || at_start);
        quoted ^= quote;
        if line_break && !quoted {
            if content {
                break;
            }
            counts = [0; DELIMITERS.len()];
        }
        if let Some(count) = place.filter(|_| !quoted).and_then(|place| counts.get_mut(place)) {
            *count = count.saturating_add(1);
        }
        at_start = quote || line_break || place.is_some();
        content |= place.is_none() && !line_break && *byte != b' ';
    }
    let most = counts.iter().max().filter(|count| **count > 0)?;
    DELIMITERS.iter().zip(&counts).find(|(_, count)| *count == most).map(|(byte, _)| *byte)
}

/// The id's column and whether the first record is a header.
fn column_of(titles: &[Box<str>], wanted: &Column) -> Result<(usize, bool), IntakeError> {
    let names = || titles.iter().map(|title| title.as_bytes());
    let is_title_at =
        |column: usize| titles.get(column).is_some_and(|t| text::is_title(t.as_bytes()));
    match wanted {
        Column::Number(number) => {
            let column = usize::try_from(*number).unwrap_or(usize::MAX).wrapping_sub(1);
            if column >= titles.len() {
                return Err(no_such_column(*number, titles));
            }
            Ok((column, is_title_at(column)))
        }
        Column::Name(name) => match text::wanted_name(names(), name) {
            Pick::One(column) => Ok((column, true)),
            Pick::Several => Err(ambiguous(titles)),
            Pick::None => {
                Err(IntakeError::NoSuchColumn { wanted: name.clone(), header: titles.to_vec() })
            }
        },
        Column::Auto if titles.len() == 1 => Ok((0, single_has_header(titles)?)),
        Column::Auto => match text::known_name(names()) {
            Pick::One(column) => Ok((column, true)),
            Pick::Several => Err(ambiguous(titles)),
            Pick::None => Err(IntakeError::ColumnNotFound { header: titles.to_vec() }),
        },
    }
}

/// True if the only column has a title. A title that may name something else is an error.
fn single_has_header(titles: &[Box<str>]) -> Result<bool, IntakeError> {
    match titles.first() {
        Some(title) if text::is_known(title.as_bytes()) => Ok(true),
        Some(title) if text::may_be_title(title.as_bytes()) => {
            Err(IntakeError::ColumnNotFound { header: titles.to_vec() })
        }
        _ => Ok(false),
    }
}

pub fn no_such_column(number: u32, titles: &[Box<str>]) -> IntakeError {
    let mut wanted = String::new();
    crate::text::push_number(number.into(), &mut wanted);
    IntakeError::NoSuchColumn { wanted: wanted.into(), header: titles.to_vec() }
}

fn ambiguous(titles: &[Box<str>]) -> IntakeError {
    IntakeError::AmbiguousColumn { header: titles.to_vec() }
}

/// The complete records of a sample that are not blank.
struct Records<'a> {
    rest: &'a [u8],
    whole: bool,
    grammar: Grammar,
    line: u64,
    /// Line of a record whose quote is still open at the end of the sample.
    open: Option<u64>,
}

fn records(sample: Sample<'_>, grammar: Grammar) -> Records<'_> {
    Records { rest: sample.bytes, whole: sample.whole, grammar, line: 1, open: None }
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.rest.is_empty() {
            let mut scan = RecordScan::default();
            let end = match scan.end_in(self.rest, self.grammar) {
                Some(end) => end,
                None if self.whole && !scan.is_open() => self.rest.len(),
                None => {
                    self.open = scan.is_open().then_some(self.line);
                    return None;
                }
            };
            let (bytes, rest) = self.rest.split_at_checked(end)?;
            self.rest = rest.get(break_length(rest).unwrap_or(rest.len())..).unwrap_or_default();
            self.line = self.line.saturating_add(scan.breaks).saturating_add(1);
            if !is_blank(bytes, self.grammar.delimiter) {
                return Some(bytes);
            }
        }
        None
    }
}
