//! Bytes or single values in, exact and distinct customer ids out, with a place for every problem.
//!
//! It reads one id a line, CSV (RFC 4180), NDJSON, a JSON array, and JavaScript's numbers, bigints,
//! strings and `BigInt64Array`. Pieces of bytes may end anywhere; the result is the same.
//!
//! An id is plain ASCII digits of a positive Long without leading zeros ([`crate::id`]). Blanks,
//! tabs and line breaks around it are dropped, and it may stand in quotes; everything else (`5.0`,
//! `1e9`, `+5`, `1,234`, blanks within, other scripts' digits) is counted as invalid with its line.
//! Numbers in JSON are read digit for digit. Nothing is guessed where a guess could name another
//! customer: values never decide which column holds the ids, only a usual name or the caller does;
//! a record with another number of fields than the first is refused, two equally good columns are
//! an error, and a quote that never closes is one too.
//!
//! Memory: ids are packed ([`IdList`]), those of nine digits in 4 bytes each, and the exact
//! comparison takes 12 bytes for at most 16 million of them at a time. Beside that one record and
//! the kept problems.

mod assemble;
mod cells;
mod collector;
mod distinct;
mod error;
mod ids;
mod json;
mod layout;
mod ndjson;
mod object;
mod places;
mod problem;
mod records;
#[cfg(test)]
mod tests;
mod text;
mod utf8;
mod values;

use alloc::boxed::Box;
use alloc::vec::Vec;
pub use error::{Encoding, IntakeError};
pub use problem::{Findings, Problem, ProblemReason};

use crate::id::IdList;
use crate::limits::INTAKE_SAMPLE_BYTES;
use collector::Collector;
use json::JsonReader;
use layout::Sample;
use ndjson::NdjsonReader;
use records::RecordReader;
use utf8::Utf8Gate;

/// The format of the bytes, which are UTF-8 with or without a byte order mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// By the first byte that is not blank: `[` is JSON, `{` is NDJSON, whose field is the column
    /// by its name, anything else CSV.
    Auto(CsvOptions),
    /// One id a line. The first line is a header if it has a usual name.
    Lines,
    Csv(CsvOptions),
    /// An id a line, or an object with the id in `field`: exactly that name, or, by default, the
    /// field with a usual name, by the rules of [`Column::Auto`].
    Ndjson {
        field: Option<Box<str>>,
    },
    /// One array of numbers and strings.
    Json,
}

impl Default for Format {
    fn default() -> Self {
        Self::Auto(CsvOptions::default())
    }
}

/// The caller's options for CSV; by default none is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    pub column: Column,
    pub delimiter: Delimiter,
}

/// Which column holds the ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Column {
    /// The one with the best usual name: `customer_id`, then `user_id`, then `id`, whatever the
    /// case and separators. The last two only where no other name could be the customer's. A single
    /// column without a title needs no name. Anything else is an error: values decide nothing.
    #[default]
    Auto,
    /// By its header: exactly, or else but for case, `_`, `-` and blanks.
    Name(Box<str>),
    /// Counted from 1. The first record is a header if its field there is a title.
    Number(u32),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delimiter {
    /// The most frequent of comma, semicolon, tab and `|` in the first record; none where it has
    /// none of them, and then a comma further down is part of the value.
    #[default]
    Auto,
    Byte(u8),
}

/// The treatment of an id that occurs twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dedupe {
    /// It is sent once, the others are counted as duplicates.
    #[default]
    Exact,
    /// The caller knows that none does, and saves the comparison.
    TrustInput,
}

/// The layout in which the input was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub kind: Kind,
    pub delimiter: Option<u8>,
    /// The titles of the first record; empty where it is not a header.
    pub header: Vec<Box<str>>,
    /// The column of the ids, from 1.
    pub column: Option<u32>,
    /// The title of that column, or the field of NDJSON's objects.
    pub name: Option<Box<str>>,
}

/// The result of reading an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Single values, no bytes.
    #[default]
    Values,
    /// One field a line.
    Lines,
    Csv,
    Ndjson,
    Json,
}

impl Kind {
    /// The stable name of the kind.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::Lines => "lines",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
        }
    }
}

/// All that was given: `given` is `ids.len() + invalid + duplicate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Valid and, unless trusted to be, distinct, in the order they came. May be empty where all
    /// that was given is invalid.
    pub ids: IdList,
    pub given: u64,
    pub invalid: u64,
    pub duplicate: u64,
    /// Lines without content, which are not part of `given`.
    pub blank: u64,
    /// The first [`PROBLEMS_KEPT`](crate::limits::PROBLEMS_KEPT), in order.
    pub problems: Vec<Problem>,
    pub layout: Layout,
}

/// Reads one input, in pieces.
///
/// The first error is final: every later call returns it again.
#[derive(Debug)]
pub struct Intake {
    format: Format,
    gate: Utf8Gate,
    reader: Reader,
    out: Collector,
    /// Single values so far.
    position: u64,
    failed: Option<IntakeError>,
}

#[derive(Debug)]
enum Reader {
    /// The first bytes, until there are enough to settle the format.
    Undecided(Vec<u8>),
    Records(RecordReader, Layout),
    Ndjson(NdjsonReader),
    Json(JsonReader),
}

impl Intake {
    pub fn new(format: Format, dedupe: Dedupe) -> Self {
        Self {
            format,
            gate: Utf8Gate::default(),
            reader: Reader::Undecided(Vec::new()),
            out: Collector::new(dedupe),
            position: 0,
            failed: None,
        }
    }

    /// The next bytes of a file or stream.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        self.guarded(|intake| {
            let passed = intake.gate.pass(bytes);
            intake.feed(&passed.completed)?;
            intake.feed(passed.rest)?;
            passed.error.map_or(Ok(()), Err)
        })
    }

    /// One JavaScript string or bigint: one id, whose place is its position among the values.
    pub fn push_text(&mut self, text: &[u8]) -> Result<(), IntakeError> {
        self.guarded(|intake| {
            let position = intake.next_position();
            intake.out.text(text, position)
        })
    }

    /// One JavaScript number: one id if it is certainly the integer that was meant.
    pub fn push_number(&mut self, number: f64) -> Result<(), IntakeError> {
        self.guarded(|intake| {
            let position = intake.next_position();
            values::number(number, position, &mut intake.out)
        })
    }

    /// A `BigInt64Array`: one id each.
    pub fn push_longs(&mut self, longs: &[i64]) -> Result<(), IntakeError> {
        self.guarded(|intake| {
            let mut rest = longs;
            loop {
                let taken = intake.out.ids.take_longs(rest, intake.position.wrapping_add(1));
                intake.position = intake.position.wrapping_add(taken as u64);
                let Some((long, after)) = rest.get(taken..).unwrap_or_default().split_first()
                else {
                    return Ok(());
                };
                let position = intake.next_position();
                values::long(*long, position, &mut intake.out)?;
                rest = after;
            }
        })
    }

    /// The end of the input. Fails with [`IntakeError::NoIds`] where nothing was given; where all
    /// of it is invalid, the ids are empty and the problems say why.
    pub fn finish(mut self) -> Result<Input, IntakeError> {
        self.guarded(|intake| {
            intake.gate.finish()?;
            intake.decide(true)?;
            match &mut intake.reader {
                Reader::Undecided(_) => Ok(()),
                Reader::Records(reader, _) => reader.finish(&mut intake.out),
                Reader::Ndjson(reader) => reader.finish(&mut intake.out),
                Reader::Json(reader) => reader.finish(),
            }
        })?;
        let layout = match self.reader {
            Reader::Undecided(_) => Layout::default(),
            Reader::Records(_, layout) => layout,
            Reader::Ndjson(reader) => reader.layout(),
            Reader::Json(reader) => reader.layout(),
        };
        self.out.finish(layout)
    }

    fn next_position(&mut self) -> u64 {
        self.position = self.position.wrapping_add(1);
        self.position
    }

    fn guarded(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<(), IntakeError>,
    ) -> Result<(), IntakeError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = step(self);
        self.failed = result.as_ref().err().cloned();
        result
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        let mut bytes = bytes;
        if let Reader::Undecided(sample) = &mut self.reader {
            // Always the same number of bytes, so that pieces make no difference.
            let missing = INTAKE_SAMPLE_BYTES.saturating_sub(sample.len());
            let (head, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            sample.extend_from_slice(head);
            if sample.len() < INTAKE_SAMPLE_BYTES {
                return Ok(());
            }
            self.decide(false)?;
            bytes = rest;
        }
        match &mut self.reader {
            Reader::Undecided(_) => Ok(()),
            Reader::Records(reader, _) => reader.feed(bytes, &mut self.out),
            Reader::Ndjson(reader) => reader.feed(bytes, &mut self.out),
            Reader::Json(reader) => reader.feed(bytes, &mut self.out),
        }
    }

    /// Chooses the reader by the sample and gives it the sample.
    fn decide(&mut self, whole: bool) -> Result<(), IntakeError> {
        let Reader::Undecided(sample) = &mut self.reader else { return Ok(()) };
        if sample.is_empty() {
            return Ok(());
        }
        let held = core::mem::take(sample);
        if let Some(at) = held.iter().position(|byte| *byte == 0) {
            let offset = u64::try_from(at).unwrap_or(u64::MAX);
            return Err(IntakeError::NotUtf8 { hint: Encoding::Utf16, offset });
        }
        let (bytes, skipped) = match held.strip_prefix("\u{feff}".as_bytes()) {
            Some(bytes) => (bytes, 3),
            None => (held.as_slice(), 0),
        };
        self.reader = reader_for(&self.format, Sample { bytes, whole }, skipped)?;
        if let Reader::Records(_, Layout { column: Some(column), .. }) = &self.reader {
            self.out.set_column(*column);
        }
        self.feed(bytes)
    }
}

fn reader_for(format: &Format, sample: Sample<'_>, offset: u64) -> Result<Reader, IntakeError> {
    let records = |(shape, layout)| Reader::Records(RecordReader::new(shape), layout);
    match format {
        Format::Lines => layout::of_lines(sample).map(records),
        Format::Csv(options) => layout::of_csv(sample, options).map(records),
        Format::Ndjson { field } => Ok(Reader::Ndjson(NdjsonReader::new(field.clone()))),
        Format::Json => Ok(Reader::Json(JsonReader::new(offset))),
        Format::Auto(options) => match text::trimmed(sample.bytes).first() {
            Some(b'[') => Ok(Reader::Json(JsonReader::new(offset))),
            Some(b'{') => {
                let field = match &options.column {
                    Column::Auto => None,
                    Column::Name(name) => Some(name.clone()),
                    Column::Number(number) => return Err(layout::no_such_column(*number, &[])),
                };
                Ok(Reader::Ndjson(NdjsonReader::new(field)))
            }
            _ => layout::of_csv(sample, options).map(records),
        },
    }
}
