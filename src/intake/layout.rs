//! Settles how lines or CSV are to be read, from the first bytes of an input.

use super::cells::{Cell, Cells, Grammar, RecordScan, cells, title};
use super::error::IntakeError;
use super::records::{Shape, is_blank, unquoted};
use super::text::{self, Pick, trimmed};
use super::{Column, CsvOptions, Delimiter, Kind, Layout};
use crate::id::CustomerId;
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
    /// Whether that is all of it.
    pub whole: bool,
}

/// One id a line: the only question is whether the first line is a header.
pub fn of_lines(sample: Sample<'_>) -> (Shape, Layout) {
    let grammar = Grammar { delimiter: None, quotes: false };
    let first = records(sample, grammar).next().map_or(&b""[..], |record| record.bytes);
    let name = title(Cell { text: unquoted(first), quoted: false, malformed: false });
    let header = text::is_title(name.as_bytes());
    let shape = Shape { grammar, column: 0, fields: 1, header };
    (shape, layout_of(&shape, vec![name]))
}

/// CSV: delimiter, column, and whether there is a header.
pub fn of_csv(sample: Sample<'_>, options: &CsvOptions) -> Result<(Shape, Layout), IntakeError> {
    let delimiter = match options.delimiter {
        Delimiter::Auto => guessed_delimiter(sample),
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
    let titles: Vec<Box<str>> = cells(first.bytes, grammar).map(title).collect();
    let (column, header) = column_of(&titles, first.cells, records, &options.column)?;
    let shape = Shape { grammar, column, fields: titles.len(), header };
    Ok((shape, layout_of(&shape, titles)))
}

fn layout_of(shape: &Shape, titles: Vec<Box<str>>) -> Layout {
    let delimiter = shape.grammar.delimiter;
    Layout {
        kind: if delimiter.is_some() { Kind::Csv } else { Kind::Lines },
        delimiter,
        column: u32::try_from(shape.column.saturating_add(1)).ok(),
        name: titles.get(shape.column).filter(|_| shape.header).cloned(),
        header: if shape.header { titles } else { Vec::new() },
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
fn column_of(
    titles: &[Box<str>],
    first: Cells<'_>,
    rest: Records<'_>,
    wanted: &Column,
) -> Result<(usize, bool), IntakeError> {
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
        Column::Auto if titles.len() == 1 => Ok((0, is_title_at(0))),
        Column::Auto => match text::known_name(names()) {
            Pick::One(column) => Ok((column, true)),
            Pick::Several => Err(ambiguous(titles)),
            Pick::None => {
                let column =
                    column_by_values(titles, first, rest).ok_or_else(|| ambiguous(titles))?;
                Ok((column, is_title_at(column)))
            }
        },
    }
}

fn no_such_column(number: u32, titles: &[Box<str>]) -> IntakeError {
    let mut wanted = String::new();
    crate::text::push_number(number.into(), &mut wanted);
    IntakeError::NoSuchColumn { wanted: wanted.into(), header: titles.to_vec() }
}

fn ambiguous(titles: &[Box<str>]) -> IntakeError {
    IntakeError::AmbiguousColumn { header: titles.to_vec() }
}

/// The only column in which at least half of the values are ids.
///
/// None where more than half of the records have another number of fields: then `1,234` may well
/// be one number.
fn column_by_values(titles: &[Box<str>], first: Cells<'_>, rest: Records<'_>) -> Option<usize> {
    let mut tallies = vec![Tally::default(); titles.len()];
    let (mut even, mut ragged) = (0_usize, 0_usize);
    let has_ids = first.clone().any(|cell| is_id(cell.text));
    let first = has_ids.then_some(first);
    for cells in first.into_iter().chain(rest.map(|record| record.cells)) {
        if cells.clone().count() != titles.len() {
            ragged = ragged.saturating_add(1);
            continue;
        }
        even = even.saturating_add(1);
        for (tally, cell) in tallies.iter_mut().zip(cells) {
            tally.count(cell.text);
        }
    }
    if ragged > even.saturating_sub(usize::from(has_ids)) {
        return None;
    }
    let mut columns = tallies.iter().enumerate().filter(|(_, tally)| tally.is_of_ids());
    let (column, _) = columns.next()?;
    columns.next().is_none().then_some(column)
}

#[derive(Clone, Default)]
struct Tally {
    ids: usize,
    others: usize,
}

impl Tally {
    fn count(&mut self, value: &[u8]) {
        if is_id(value) {
            self.ids = self.ids.saturating_add(1);
        } else if !trimmed(value).is_empty() {
            self.others = self.others.saturating_add(1);
        }
    }

    fn is_of_ids(&self) -> bool {
        self.ids > 0 && self.ids >= self.others
    }
}

fn is_id(value: &[u8]) -> bool {
    CustomerId::parse(trimmed(value)).is_ok()
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

struct Record<'a> {
    bytes: &'a [u8],
    cells: Cells<'a>,
}

fn records(sample: Sample<'_>, grammar: Grammar) -> Records<'_> {
    Records { rest: sample.bytes, whole: sample.whole, grammar, line: 1, open: None }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
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
                return Some(Record { bytes, cells: cells(bytes, self.grammar) });
            }
        }
        None
    }
}
