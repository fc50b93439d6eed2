//! Reads lines and CSV whose layout is settled: the id of each record goes to the collector.

use super::assemble::{Assembler, Record};
use super::cells::{Grammar, break_length, cells, plain_record};
use super::collector::Collector;
use super::digits;
use super::error::IntakeError;
use super::problem::ProblemReason;
use super::text::trimmed;
use crate::limits::LINE_BYTES_MAX;
use core::cmp::Ordering;

/// What every record looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub grammar: Grammar,
    /// Which field is the id, from 0.
    pub column: usize,
    /// Fields of the first record. One with another number is refused whole: a delimiter missing
    /// or too many may have put anything into the id's place.
    pub fields: usize,
    /// Whether the first record that is not blank is a header.
    pub header: bool,
}

/// Reads records from pieces of any size.
#[derive(Debug)]
pub struct RecordReader {
    shape: Shape,
    header_due: bool,
    assembler: Assembler,
}

impl RecordReader {
    pub fn new(shape: Shape) -> Self {
        Self { shape, header_due: shape.header, assembler: Assembler::new(shape.grammar) }
    }

    pub fn feed(&mut self, piece: &[u8], out: &mut Collector) -> Result<(), IntakeError> {
        let Self { shape, header_due, assembler } = self;
        let mut rest = assembler.begin(piece);
        while !rest.is_empty() {
            if assembler.is_between_records() && !*header_due {
                rest = plain(shape, assembler, rest, out)?;
            }
            let (record, after) = assembler.take(rest);
            if let Some(record) = record {
                general(shape, header_due, record, out)?;
            }
            rest = after;
        }
        Ok(())
    }

    pub fn finish(&mut self, out: &mut Collector) -> Result<(), IntakeError> {
        let Self { shape, header_due, assembler } = self;
        match assembler.last()? {
            Some(record) => general(shape, header_due, record, out),
            None => Ok(()),
        }
    }
}

/// Reads records of the usual form as long as they come; gives back what is left.
fn plain<'a>(
    shape: &Shape,
    lines: &mut Assembler,
    bytes: &'a [u8],
    out: &mut Collector,
) -> Result<&'a [u8], IntakeError> {
    match shape.grammar.delimiter {
        _ if shape.fields == 1 => plain_lines(lines, bytes, out),
        Some(delimiter) => plain_records(shape, delimiter, lines, bytes, out),
        None => Ok(bytes),
    }
}

/// An id a line, bare or in quotes.
fn plain_lines<'a>(
    lines: &mut Assembler,
    bytes: &'a [u8],
    out: &mut Collector,
) -> Result<&'a [u8], IntakeError> {
    let mut rest = bytes;
    loop {
        let (quoted, from_digits) = match rest {
            [b'"', tail @ ..] => (true, tail),
            _ => (false, rest),
        };
        let Some((id, length)) = digits::leading(from_digits) else { return Ok(rest) };
        let tail = from_digits.get(length..).unwrap_or_default();
        let tail = match (quoted, tail) {
            (true, [b'"', tail @ ..]) | (false, tail) => tail,
            _ => return Ok(rest),
        };
        let Some(end) = break_length(tail) else { return Ok(rest) };
        out.id(id, lines.next_line())?;
        rest = tail.get(end..).unwrap_or_default();
    }
}

/// The id as a plain field among others. Anything but bare digits goes the general way, so that
/// there is one rule for it.
fn plain_records<'a>(
    shape: &Shape,
    delimiter: u8,
    lines: &mut Assembler,
    bytes: &'a [u8],
    out: &mut Collector,
) -> Result<&'a [u8], IntakeError> {
    let mut rest = bytes;
    while let Some(record) = plain_record(rest, delimiter, shape.column, shape.fields) {
        let from_id = rest.get(record.id_start..).unwrap_or_default();
        let Some((id, length)) = digits::leading(from_id) else { break };
        if record.id_start.wrapping_add(length) != record.id_end || record.used > LINE_BYTES_MAX {
            break;
        }
        out.id(id, lines.next_line())?;
        rest = rest.get(record.used..).unwrap_or_default();
    }
    Ok(rest)
}

fn general(
    shape: &Shape,
    header_due: &mut bool,
    record: Record<'_>,
    out: &mut Collector,
) -> Result<(), IntakeError> {
    let Record { bytes, line, too_long } = record;
    if too_long {
        out.problem(ProblemReason::TooLong, bytes, line);
        return Ok(());
    }
    if is_blank(bytes, shape.grammar.delimiter) {
        out.blank();
        return Ok(());
    }
    if core::mem::take(header_due) {
        return Ok(());
    }
    let (mut fields, mut id, mut malformed) = (0_usize, &b""[..], false);
    for cell in cells(bytes, shape.grammar) {
        if fields == shape.column {
            id = cell.text;
        }
        malformed |= cell.malformed;
        fields = fields.saturating_add(1);
    }
    let reason = match fields.cmp(&shape.fields) {
        _ if malformed => ProblemReason::BadQuote,
        Ordering::Less => ProblemReason::TooFewFields,
        Ordering::Greater => ProblemReason::TooManyFields,
        Ordering::Equal if shape.grammar.quotes => return out.text(id, line),
        Ordering::Equal => return out.text(unquoted(id), line),
    };
    out.problem(reason, bytes, line);
    Ok(())
}

/// Nothing but blanks and delimiters: spreadsheets write `,,,` for rows without content.
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
