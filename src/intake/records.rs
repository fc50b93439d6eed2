//! Reads lines and CSV whose layout is settled: the id of each record goes to the collector.

use super::assemble::{Assembler, InputRecord};
use super::cells::{Grammar, cells};
use super::collector::Collector;
use super::error::IntakeError;
use super::ids::End;
use super::problem::ProblemReason;
use super::text::trimmed;
use crate::limits::LINE_BYTES_MAX;
use crate::scan::records;
use core::cmp::Ordering;

/// The form of every record of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordForm {
    pub grammar: Grammar,
    /// Which field is the id, from 0.
    pub column: usize,
    /// Fields of the first record. One with another number is refused whole: a delimiter missing
    /// or too many may have put anything into the id's place. Empty fields at the end of a record
    /// move nothing and do not count.
    pub fields: usize,
    /// Records at the start that hold no id: a header, a line that names the delimiter. Blank ones
    /// do not count.
    pub heading: u8,
}

/// Reads records from pieces of any size.
#[derive(Debug)]
pub struct RecordReader {
    shape: RecordForm,
    heading_due: u8,
    assembler: Assembler,
}

impl RecordReader {
    pub fn new(shape: RecordForm) -> Self {
        Self { shape, heading_due: shape.heading, assembler: Assembler::new(shape.grammar) }
    }

    pub fn feed(&mut self, piece: &[u8], out: &mut Collector) -> Result<(), IntakeError> {
        let Self { shape, heading_due, assembler } = self;
        let mut rest = assembler.begin(piece);
        while !rest.is_empty() {
            if assembler.is_between_records() && *heading_due == 0 {
                rest = plain(shape, assembler, rest, out);
            }
            let (record, after) = assembler.take(rest);
            if let Some(record) = record {
                general(shape, heading_due, record, out)?;
            }
            rest = after;
        }
        Ok(())
    }

    pub fn finish(&mut self, out: &mut Collector) -> Result<(), IntakeError> {
        let Self { shape, heading_due, assembler } = self;
        match assembler.last()? {
            Some(record) => general(shape, heading_due, record, out),
            None => Ok(()),
        }
    }
}

/// Reads records of the usual form as long as they come; gives back what is left.
fn plain<'a>(
    shape: &RecordForm,
    lines: &mut Assembler,
    bytes: &'a [u8],
    out: &mut Collector,
) -> &'a [u8] {
    let used = match shape.grammar.delimiter {
        _ if shape.fields == 1 => out.ids.take_alone(bytes, End::Line, &mut lines.line),
        Some(delimiter) => {
            let shape = records::Shape {
                delimiter,
                quotes: shape.grammar.quotes,
                column: shape.column,
                fields: shape.fields,
                record_bytes_max: LINE_BYTES_MAX,
            };
            out.ids.take_records(bytes, &shape, &mut lines.line)
        }
        None => 0,
    };
    bytes.get(used..).unwrap_or_default()
}

fn general(
    shape: &RecordForm,
    heading_due: &mut u8,
    record: InputRecord<'_>,
    out: &mut Collector,
) -> Result<(), IntakeError> {
    let InputRecord { bytes, line, too_long } = record;
    if too_long {
        out.problem(ProblemReason::TooLong, bytes, line);
        return Ok(());
    }
    if is_blank(bytes, shape.grammar.delimiter) {
        out.blank();
        return Ok(());
    }
    if let Some(left) = heading_due.checked_sub(1) {
        *heading_due = left;
        return Ok(());
    }
    let (mut fields, mut id, mut malformed, mut surplus) = (0_usize, &b""[..], false, false);
    for cell in cells(bytes, shape.grammar) {
        if fields == shape.column {
            id = cell.text;
        }
        malformed |= cell.malformed;
        surplus |= fields >= shape.fields && !trimmed(cell.text).is_empty();
        fields = fields.saturating_add(1);
    }
    let reason = match fields.cmp(&shape.fields) {
        _ if malformed => ProblemReason::BadQuote,
        Ordering::Less => ProblemReason::TooFewFields,
        Ordering::Greater if surplus => ProblemReason::TooManyFields,
        _ if shape.grammar.quotes => return out.text(id, line),
        _ => return out.text(unquoted(id), line),
    };
    out.problem(reason, bytes, line);
    Ok(())
}

/// True if there are only blanks and delimiters: spreadsheets write `,,,` for empty rows.
pub fn is_blank(record: &[u8], delimiter: Option<u8>) -> bool {
    record.iter().all(|byte| matches!(byte, b' ' | b'\t') || Some(*byte) == delimiter)
}

/// A line in a pair of quotes without them.
pub fn unquoted(line: &[u8]) -> &[u8] {
    match trimmed(line) {
        [b'"', inner @ .., b'"'] => inner,
        bare => bare,
    }
}
