//! One entry of `data`, in any form that JSON allows.

use super::answer::{Contradiction, Envelope, NO_TIME, ServiceError};
use super::envelope::items;
use super::failure::failure;
use super::fields::{Field, Fields, Pause, Value};
use super::skip::{Allowance, skip};
use super::step::Step;
use super::text::Decode;
use crate::limits::ENTRY_ERRORS_KEPT;
use crate::scan::token::{Cursor, Text};
use alloc::vec::Vec;

/// Nesting of an entry: the answer is 1, `data` 2.
pub(super) const ENTRY_DEPTH: u32 = 3;

/// The fields of an entry, undecided.
#[derive(Default)]
pub(super) struct Entry<'a> {
    fields: Fields<'a>,
    /// The errors of its fields, one of each code, in order.
    errors: Vec<ServiceError>,
    /// The first field that marks the entry as failed without a code.
    failure: Option<ServiceError>,
}

/// The meaning of an entry.
pub(super) enum Judged {
    /// No error and no failure field: an issuance, if its fields are readable.
    Issued,
    /// Failed; [`Entry::take_errors`] gives the errors.
    Refused,
    Mismatched(Contradiction),
    Unreadable,
}

/// The fields of an issued entry.
pub(super) struct IssuedFields<'e, 'a> {
    pub id: &'e Text<'a>,
    pub earned_from: Option<&'e Text<'a>>,
    /// [`NO_TIME`] if absent, like `valid_till`.
    pub event_time: i64,
    pub valid_till: i64,
}

/// The field of this name, escapes or not; any other name has no meaning.
pub(super) fn field_of(key: &Text<'_>) -> Option<Field> {
    match key.plain() {
        Some(name) => Field::named(name),
        None => key.exact(24).and_then(|name| Field::named(name.as_bytes())),
    }
}

impl<'a> Entry<'a> {
    /// Reads an entry, from the opening brace on.
    pub fn read(&mut self, cursor: &mut Cursor<'a>, depth_max: u32) -> Step<()> {
        Allowance::unit(depth_max).enter(ENTRY_DEPTH)?;
        cursor.advance();
        if cursor.closes(b'}')? {
            return Ok(());
        }
        loop {
            let mut pause = self.fields.read(cursor)?;
            if let Pause::Escaped(key) = pause {
                match self.fields.value(field_of(&key), cursor)? {
                    Some(other) => pause = other,
                    None if cursor.another(b'}')? => continue,
                    None => return Ok(()),
                }
            }
            match pause {
                Pause::Error(field) => self.read_error(field, cursor, depth_max)?,
                Pause::Container => skip(cursor, ENTRY_DEPTH, depth_max)?,
                Pause::End | Pause::Escaped(_) => return Ok(()),
            }
            if !cursor.another(b'}')? {
                return Ok(());
            }
        }
    }

    #[cold]
    fn read_error(&mut self, field: Field, cursor: &mut Cursor<'_>, depth_max: u32) -> Step<()> {
        if let Field::Error | Field::Errors = field {
            return items(cursor, ENTRY_DEPTH, depth_max, |item| {
                item.error(Envelope::Entry).into_iter().for_each(|error| self.keep(error));
            });
        }
        match failure(field, cursor, ENTRY_DEPTH, depth_max)? {
            Some(error) if error.code.is_some() => self.keep(error),
            Some(error) => self.failure = self.failure.take().or(Some(error)),
            None => {}
        }
        Ok(())
    }

    /// Keeps one error of each code.
    fn keep(&mut self, error: ServiceError) {
        let is_new = self.errors.iter().all(|kept| kept.code != error.code);
        if is_new && self.errors.len() < ENTRY_ERRORS_KEPT {
            self.errors.push(error);
        }
    }

    /// The errors of the entry. The failure field counts only if there is no error with a code.
    pub fn take_errors(&mut self) -> Vec<ServiceError> {
        if self.errors.is_empty() {
            self.errors.extend(self.failure.take());
        }
        core::mem::take(&mut self.errors)
    }

    /// Decides the meaning of the entry under this customer's key.
    pub fn judge(&self, customer: i64, promotion: &str) -> Judged {
        if self.fields.twice {
            return Judged::Unreadable;
        }
        let named = match self.fields.customer {
            // A customer id is above zero.
            Value::Integer(id) if id > 0 => id,
            _ => 0,
        };
        if named != 0 && named != customer {
            return Judged::Mismatched(Contradiction::Customer(named));
        }
        let promoted = match &self.fields.promotion {
            Value::Text(text) if text.equals(promotion) => true,
            Value::Text(_) => return Judged::Mismatched(Contradiction::Promotion),
            _ => false,
        };
        if !self.errors.is_empty() || self.failure.is_some() {
            return Judged::Refused;
        }
        if named != 0 && promoted { Judged::Issued } else { Judged::Unreadable }
    }

    /// The issuance, if it can be read.
    pub fn issued(&self) -> Option<IssuedFields<'_, 'a>> {
        let Value::Text(id) = &self.fields.id else { return None };
        let earned_from = match &self.fields.earned_from {
            Value::Absent | Value::Null => None,
            Value::Text(text) => Some(text),
            Value::Integer(_) | Value::Other => return None,
        };
        let event_time = time_of(&self.fields.event_time)?;
        let valid_till = time_of(&self.fields.valid_till)?;
        if id.is_empty() {
            None
        } else {
            Some(IssuedFields { id, earned_from, event_time, valid_till })
        }
    }
}

/// An optional time; `None` if it is neither a plain integer nor absent nor null.
fn time_of(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Absent | Value::Null => Some(NO_TIME),
        Value::Integer(time) => Some(*time),
        Value::Text(_) | Value::Other => None,
    }
}
