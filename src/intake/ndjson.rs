//! Reads NDJSON: a line is an id, or an object with the id in a field.

use super::assemble::{Assembler, Record};
use super::cells::Grammar;
use super::collector::Collector;
use super::error::IntakeError;
use super::object;
use super::problem::ProblemReason;
use super::text::{self, Pick, trimmed};
use super::{Kind, Layout};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The field that a refusal names where none was asked for and none is known.
const FIELD_DEFAULT: &str = "customerId";

/// Fields of the first object among which a known one is sought.
const NAMES_MAX: usize = 256;

#[derive(Debug)]
pub struct NdjsonReader {
    assembler: Assembler,
    /// The first object settles it where it was not given.
    field: Option<Box<str>>,
}

impl NdjsonReader {
    pub fn new(field: Option<Box<str>>) -> Self {
        Self { assembler: Assembler::new(Grammar { delimiter: None, quotes: false }), field }
    }

    pub fn feed(&mut self, piece: &[u8], out: &mut Collector) -> Result<(), IntakeError> {
        let Self { assembler, field } = self;
        let mut rest = assembler.begin(piece);
        while !rest.is_empty() {
            let (record, after) = assembler.take(rest);
            if let Some(record) = record {
                line(field, record, out)?;
            }
            rest = after;
        }
        Ok(())
    }

    pub fn finish(&mut self, out: &mut Collector) -> Result<(), IntakeError> {
        let Self { assembler, field } = self;
        match assembler.last()? {
            Some(record) => line(field, record, out),
            None => Ok(()),
        }
    }

    pub fn layout(self) -> Layout {
        Layout { kind: Kind::Ndjson, name: self.field, ..Layout::default() }
    }
}

fn line(
    field: &mut Option<Box<str>>,
    record: Record<'_>,
    out: &mut Collector,
) -> Result<(), IntakeError> {
    let text = trimmed(record.bytes);
    let mut refuse = |reason| {
        out.problem(reason, text, record.line);
        Ok(())
    };
    match text.first() {
        _ if record.too_long => refuse(ProblemReason::TooLong),
        None => {
            out.blank();
            Ok(())
        }
        Some(b'{') => match value_in(field, text)? {
            Ok(value) => out.text(object::inner(value).unwrap_or(value), record.line),
            Err(reason) => refuse(reason),
        },
        Some(b'"') => match object::inner(text) {
            Some(id) => out.text(id, record.line),
            None => refuse(ProblemReason::BadJson),
        },
        Some(b'[') => refuse(ProblemReason::NotAnObject),
        Some(_) => out.text(text, record.line),
    }
}

/// The value of the only member with the field's name. A name with escapes is never that one.
fn value_in<'a>(
    field: &mut Option<Box<str>>,
    text: &'a [u8],
) -> Result<Result<&'a [u8], ProblemReason>, IntakeError> {
    let field = match field {
        Some(field) => field,
        None => match first_field(text)? {
            Some(known) => field.insert(known),
            None => return Ok(Err(ProblemReason::BadJson)),
        },
    };
    let (mut value, mut repeated) = (None, false);
    let read = object::members(text, |member| {
        if member.name == field.as_bytes() {
            repeated |= value.replace(member.value).is_some();
        }
    });
    Ok(match value {
        _ if read.is_err() => Err(ProblemReason::BadJson),
        _ if repeated => Err(ProblemReason::RepeatedField),
        Some(value) => Ok(value),
        None => Err(ProblemReason::NoField),
    })
}

/// The field that the first well-formed object knows; `None` where this one is not well-formed.
fn first_field(text: &[u8]) -> Result<Option<Box<str>>, IntakeError> {
    let mut names: Vec<&[u8]> = Vec::new();
    let read = object::members(text, |member| {
        // A name that repeats is one field with two values, not two fields.
        if names.len() < NAMES_MAX && !names.contains(&member.name) {
            names.push(member.name);
        }
    });
    if read.is_err() {
        return Ok(None);
    }
    let owned = |name: &&[u8]| core::str::from_utf8(name).unwrap_or_default().into();
    let header = || names.iter().map(owned).collect();
    match text::known_name(names.iter().copied()) {
        Pick::One(index) => Ok(names.get(index).map(owned)),
        Pick::Several => Err(IntakeError::AmbiguousColumn { header: header() }),
        Pick::None => {
            Err(IntakeError::NoSuchColumn { wanted: FIELD_DEFAULT.into(), header: header() })
        }
    }
}
