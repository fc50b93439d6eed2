//! One entry of `data`, in any form that JSON allows.

use super::answer::{Contradiction, Envelope, ServiceError};
use super::envelope::{first_item, item};
use super::scan::{Cursor, Scalar, Step};
use super::skip::{Allowance, skip};
use super::swar::{load, short_integer};
use super::text::Text;

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

/// A field's value as far as one is allowed.
#[derive(Clone, Copy, Default)]
enum Value<'a> {
    #[default]
    Absent,
    Null,
    Integer(i64),
    Text(Text<'a>),
    /// What no field may be.
    Other,
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
        match next_field(cursor)? {
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
            b'0'..=b'9' => integer(cursor)?,
            b'{' | b'[' => {
                skip(cursor, ENTRY_DEPTH, depth_max)?;
                Value::Other
            }
            _ => match cursor.scalar()? {
                Scalar::Null => Value::Null,
                Scalar::Text(text) => Value::Text(text),
                Scalar::Number(number) => number.long().map_or(Value::Other, Value::Integer),
                Scalar::True | Scalar::False => Value::Other,
            },
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
            Value::Text(text) if text.equals(promotion) => true,
            Value::Text(_) => return Judged::Mismatched(Contradiction::Promotion),
            _ => false,
        };
        if let Some(error) = self.error.take() {
            return Judged::Refused(error);
        }
        if named.is_none() || !promoted {
            return Judged::Unreadable;
        }
        self.issued().map_or(Judged::Unreadable, Judged::Issued)
    }

    #[inline]
    fn issued(&self) -> Option<Issued<'a>> {
        let Value::Text(id) = self.id else { return None };
        let earned_from = match self.earned_from {
            Value::Absent | Value::Null => None,
            Value::Text(text) => Some(text),
            Value::Integer(_) | Value::Other => return None,
        };
        let event_time = self.event_time.time()?;
        let valid_till = self.valid_till.time()?;
        if id.is_empty() { None } else { Some(Issued { id, earned_from, event_time, valid_till }) }
    }
}

impl Value<'_> {
    /// The customer, written as one must be: above zero, an integer of JSON is one.
    #[inline]
    fn customer(&self) -> Option<i64> {
        match self {
            Value::Integer(id) if *id > 0 => Some(*id),
            _ => None,
        }
    }

    /// An optional time; `None` if it is neither a plain integer nor absent nor null.
    #[inline]
    fn time(&self) -> Option<Option<i64>> {
        match self {
            Value::Absent | Value::Null => Some(None),
            Value::Integer(time) => Some(Some(*time)),
            Value::Text(_) | Value::Other => None,
        }
    }
}

/// A number that begins with a digit; most are short and plain.
#[inline]
fn integer<'a>(cursor: &mut Cursor<'a>) -> Step<Value<'a>> {
    if let Some((value, length)) = short_integer(cursor.rest()) {
        let end = cursor.at().wrapping_add(length);
        // Whatever goes on differently is for the general way.
        if let Some(b',' | b'}') = cursor.rest().get(length) {
            cursor.rewind(end);
            return Ok(Value::Integer(value));
        }
    }
    let number = cursor.scalar()?;
    let Scalar::Number(number) = number else { return Ok(Value::Other) };
    Ok(number.long().map_or(Value::Other, Value::Integer))
}

/// The name of a documented field with its quotes and colon, as two words and which bits count.
struct Name {
    field: Field,
    words: [u64; 2],
    masks: [u64; 2],
    length: usize,
}

const NAMES: [Name; 6] = [
    name(Field::Id, *b"id\":            ", 4),
    name(Field::Customer, *b"customerId\":    ", 12),
    name(Field::Promotion, *b"promotionId\":   ", 13),
    name(Field::EarnedFrom, *b"earnedFromId\":  ", 14),
    name(Field::EventTime, *b"eventTime\":     ", 11),
    name(Field::ValidTill, *b"validTill\":     ", 11),
];

const fn name(field: Field, text: [u8; 16], length: usize) -> Name {
    let all = u128::MAX >> (128_usize.wrapping_sub(length.wrapping_mul(8)));
    let text = u128::from_le_bytes(text);
    Name {
        field,
        words: [text as u64, (text >> 64) as u64],
        masks: [all as u64, (all >> 64) as u64],
        length,
    }
}

/// The next key of an entry: its field, if it has a meaning.
#[inline]
fn next_field(cursor: &mut Cursor<'_>) -> Step<Option<Field>> {
    if cursor.peek()? == b'"' {
        let rest = cursor.rest();
        if let (Some(first), Some(second)) = (load(rest, 1), load(rest, 9)) {
            let fits = |name: &&Name| {
                let [one, two] = name.words;
                let [mask_one, mask_two] = name.masks;
                ((first ^ one) & mask_one) | ((second ^ two) & mask_two) == 0
            };
            if let Some(name) = NAMES.iter().find(fits) {
                cursor.rewind(cursor.at().wrapping_add(name.length).wrapping_add(1));
                return Ok(Some(name.field));
            }
        }
    }
    cursor.key().map(|key| Field::named(&key))
}
