//! One entry of `data`, in any form that JSON allows.

use super::answer::{Contradiction, Envelope, ServiceError};
use super::envelope::{first_item, item};
use super::scan::{Cursor, Scalar, Step};
use super::skip::{Allowance, skip};
use super::text::{Text, parse_customer};

/// Nesting of an entry: the answer is 1, `data` 2.
pub(super) const ENTRY_DEPTH: u32 = 3;

/// The fields of an entry, undecided.
#[derive(Default)]
pub(super) struct Fields<'a> {
    id: Value<'a>,
    customer: Value<'a>,
    promotion: Value<'a>,
    earned_from: Value<'a>,
    event_time: Value<'a>,
    valid_till: Value<'a>,
    error: Option<ServiceError>,
    /// A bit for each field that was there, and whether one was there twice.
    seen: u16,
    twice: bool,
}

/// A field's value; containers are passed over.
#[derive(Clone, Copy, Default)]
enum Value<'a> {
    #[default]
    Absent,
    Scalar(Scalar<'a>),
    Container,
}

/// A field that carries meaning.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Field {
    Id,
    Customer,
    Promotion,
    EarnedFrom,
    EventTime,
    ValidTill,
    Error,
    Errors,
    Status,
}

impl Field {
    /// The field of this name; any other name is passed over.
    #[inline]
    pub fn named(key: &Text<'_>) -> Option<Self> {
        match key.plain() {
            Some(name) => Self::plain(name),
            None => key.exact(16).and_then(|name| Self::plain(name.as_bytes())),
        }
    }

    fn plain(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"id" => Self::Id,
            b"customerId" => Self::Customer,
            b"promotionId" => Self::Promotion,
            b"earnedFromId" => Self::EarnedFrom,
            b"eventTime" => Self::EventTime,
            b"validTill" => Self::ValidTill,
            b"error" => Self::Error,
            b"errors" => Self::Errors,
            b"status" => Self::Status,
            _ => return None,
        })
    }
}

/// What an entry amounts to.
pub(super) enum Judged<'a> {
    Issued(Issued<'a>),
    Refused(ServiceError),
    Mismatched(Contradiction),
    Unreadable,
}

/// The fields of an issued entry. Times are absent or null as `None`.
pub(super) struct Issued<'a> {
    pub id: Text<'a>,
    pub earned_from: Option<Text<'a>>,
    pub event_time: Option<i64>,
    pub valid_till: Option<i64>,
}

/// Reads the fields, from the opening brace on.
pub(super) fn fields<'a>(cursor: &mut Cursor<'a>, depth_max: u32) -> Step<Fields<'a>> {
    Allowance::unit(depth_max).enter(ENTRY_DEPTH)?;
    cursor.advance();
    let mut fields = Fields::default();
    if cursor.closes(b'}')? {
        return Ok(fields);
    }
    loop {
        let key = cursor.key()?;
        match Field::named(&key) {
            Some(field) => fields.read(field, cursor, depth_max)?,
            None => skip(cursor, ENTRY_DEPTH, depth_max)?,
        }
        if !cursor.another(b'}')? {
            return Ok(fields);
        }
    }
}

impl<'a> Fields<'a> {
    #[inline]
    fn read(&mut self, field: Field, cursor: &mut Cursor<'a>, depth_max: u32) -> Step<()> {
        let bit = 1_u16.wrapping_shl(field as u32);
        self.twice |= self.seen & bit != 0;
        self.seen |= bit;
        let place = match field {
            Field::Id => &mut self.id,
            Field::Customer => &mut self.customer,
            Field::Promotion => &mut self.promotion,
            Field::EarnedFrom => &mut self.earned_from,
            Field::EventTime => &mut self.event_time,
            Field::ValidTill => &mut self.valid_till,
            Field::Error | Field::Errors | Field::Status => {
                return self.read_error(field, cursor, depth_max);
            }
        };
        *place = match cursor.peek()? {
            b'{' | b'[' => {
                skip(cursor, ENTRY_DEPTH, depth_max)?;
                Value::Container
            }
            _ => Value::Scalar(cursor.scalar()?),
        };
        Ok(())
    }

    #[cold]
    fn read_error(&mut self, field: Field, cursor: &mut Cursor<'_>, depth_max: u32) -> Step<()> {
        let error = match field {
            Field::Status => item(cursor, ENTRY_DEPTH, depth_max)?.status_error(Envelope::Entry),
            _ => first_item(cursor, ENTRY_DEPTH, depth_max)?.error(Envelope::Entry),
        };
        self.error = self.error.take().or(error);
        Ok(())
    }

    /// Decides what the entry under the key of this customer says.
    #[inline]
    pub fn judge(&mut self, customer: i64, promotion: &str) -> Judged<'a> {
        if self.twice {
            return Judged::Unreadable;
        }
        let named = self.customer.customer();
        match named {
            Some(other) if other != customer => {
                return Judged::Mismatched(Contradiction::Customer(other));
            }
            _ => {}
        }
        let promoted = match self.promotion {
            Value::Scalar(Scalar::Text(text)) if text.equals(promotion) => true,
            Value::Scalar(Scalar::Text(_)) => {
                return Judged::Mismatched(Contradiction::Promotion);
            }
            _ => false,
        };
        if let Some(error) = self.error.take() {
            return Judged::Refused(error);
        }
        if named.is_none() || !promoted {
            return Judged::Unreadable;
        }
        self.id.issued(&self.earned_from, &self.event_time, &self.valid_till)
    }
}

impl<'a> Value<'a> {
    /// The customer, written as one must be.
    #[inline]
    fn customer(&self) -> Option<i64> {
        match self {
            Value::Scalar(Scalar::Number(number)) if number.integer => parse_customer(number.raw),
            _ => None,
        }
    }

    /// An optional time; `None` if it is neither a plain integer nor absent nor null.
    #[inline]
    fn time(&self) -> Option<Option<i64>> {
        match self {
            Value::Absent | Value::Scalar(Scalar::Null) => Some(None),
            Value::Scalar(Scalar::Number(number)) => number.long().map(Some),
            _ => None,
        }
    }

    /// The entry of this issuance id with its optional fields.
    #[inline]
    fn issued(&self, earned_from: &Self, event_time: &Self, valid_till: &Self) -> Judged<'a>
    where
        Self: Copy,
    {
        let Value::Scalar(Scalar::Text(id)) = *self else { return Judged::Unreadable };
        let earned_from = match *earned_from {
            Value::Absent | Value::Scalar(Scalar::Null) => None,
            Value::Scalar(Scalar::Text(text)) => Some(text),
            _ => return Judged::Unreadable,
        };
        match (event_time.time(), valid_till.time()) {
            (Some(event_time), Some(valid_till)) if !id.is_empty() => {
                Judged::Issued(Issued { id, earned_from, event_time, valid_till })
            }
            _ => Judged::Unreadable,
        }
    }
}
