//! Reads NDJSON: a line is an id, or an object with the id in a field.

use super::assemble::{Assembler, InputRecord};
use super::cells::Grammar;
use super::collector::Collector;
use super::error::IntakeError;
use super::object::{self, Member};
use super::problem::ProblemReason;
use super::text::{self, Pick, trimmed};
use super::{Kind, Layout};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Fields of an object among which that of the id is sought.
const MEMBERS_MAX: usize = 256;

/// The field that holds the ids.
#[derive(Clone, Debug, PartialEq, Eq)]
enum IdField {
    Given(Box<str>),
    /// By the first object. It must be that of every later object that has it, too.
    Found(Box<str>),
    Undecided,
}

impl IdField {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Given(name) | Self::Found(name) => Some(name),
            Self::Undecided => None,
        }
    }
}

#[derive(Debug)]
pub struct NdjsonReader {
    assembler: Assembler,
    field: IdField,
}

impl NdjsonReader {
    pub fn new(field: Option<Box<str>>) -> Self {
        let field = field.map_or(IdField::Undecided, IdField::Given);
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
        Layout { kind: Kind::Ndjson, name: self.field.name().map(Into::into), ..Layout::default() }
    }
}

fn line(
    field: &mut IdField,
    record: InputRecord<'_>,
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
    field: &mut IdField,
    text: &'a [u8],
) -> Result<Result<&'a [u8], ProblemReason>, IntakeError> {
    let mut members: Vec<Member<'a>> = Vec::new();
    let (mut value, mut repeated) = (None, false);
    let read = object::members(text, |member| {
        match field {
            // A name that repeats is one field with two values, not two fields.
            IdField::Found(_) | IdField::Undecided
                if members.len() < MEMBERS_MAX
                    && members.iter().all(|other| other.name != member.name) =>
            {
                members.push(member);
            }
            _ => {}
        }
        if field.name().is_some_and(|name| member.name == name.as_bytes()) {
            repeated |= value.replace(member.value).is_some();
        }
    });
    Ok(match value {
        _ if read.is_err() => Err(ProblemReason::BadJson),
        _ if repeated => Err(ProblemReason::RepeatedField),
        Some(value) => {
            if let IdField::Found(name) = field
                && found_among(&members)? != name.as_bytes()
            {
                return Err(ambiguous(&members));
            }
            Ok(value)
        }
        None if *field == IdField::Undecided => {
            let found = core::str::from_utf8(found_among(&members)?).unwrap_or_default();
            *field = IdField::Found(found.into());
            return value_in(field, text);
        }
        None => Err(ProblemReason::NoField),
    })
}

/// The name of the field that is the customer's id, by the names of one object alone.
fn found_among<'a>(members: &[Member<'a>]) -> Result<&'a [u8], IntakeError> {
    let names = || members.iter().map(|member| member.name);
    let found = match text::known_name(names()) {
        Pick::One(place) => members.get(place),
        Pick::Several => same_value(members),
        Pick::None => return Err(IntakeError::ColumnNotFound { header: header(members) }),
    };
    let found = found.ok_or_else(|| ambiguous(members))?;
    let holds_more =
        |member: &Member<'_>| matches!(member.value.first(), Some(b'{' | b'[')) && member != found;
    if !text::is_certain(found.name) && members.iter().any(holds_more) {
        return Err(ambiguous(members));
    }
    Ok(found.name)
}

/// The first of the most certain names, if all of them have the same value.
fn same_value<'m, 'a>(members: &'m [Member<'a>]) -> Option<&'m Member<'a>> {
    let bare = |member: &Member<'a>| object::inner(member.value).unwrap_or(member.value);
    let mut certain = members.iter().filter(|member| text::is_certain(member.name));
    let first = certain.next()?;
    certain.all(|other| bare(other) == bare(first)).then_some(first)
}

fn ambiguous(members: &[Member<'_>]) -> IntakeError {
    IntakeError::AmbiguousColumn { header: header(members) }
}

fn header(members: &[Member<'_>]) -> Vec<Box<str>> {
    let text = |name| core::str::from_utf8(name).unwrap_or_default().into();
    members.iter().map(|member| text(member.name)).collect()
}
