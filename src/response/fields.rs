//! The fields of an entry of `data`, in any order and spacing.

use crate::scan::digits::short_integer;
use crate::scan::swar::load;
use crate::scan::token::{Cursor, Scalar, Step, Text};

/// The values of the known fields, not judged yet.
#[derive(Default)]
pub struct Fields<'a> {
    pub id: Value<'a>,
    pub customer: Value<'a>,
    pub promotion: Value<'a>,
    pub earned_from: Value<'a>,
    pub event_time: Value<'a>,
    pub valid_till: Value<'a>,
    /// A bit for each field that occurred, and one for a field that occurred twice.
    seen: u16,
    pub twice: bool,
}

/// A field's value as far as one is allowed.
#[derive(Clone, Copy, Default)]
pub enum Value<'a> {
    #[default]
    Absent,
    Null,
    Integer(i64),
    Text(Text<'a>),
    /// An invalid value.
    Other,
}

/// A field that carries meaning.
#[derive(Clone, Copy)]
#[repr(u8)]
pub enum Field {
    Id,
    Customer,
    Promotion,
    EarnedFrom,
    EventTime,
    ValidTill,
    Error,
    Errors,
    Status,
    /// `success` in any spelling: false is a failure.
    Success,
    /// `failed`, `hasErrors`, `errorMessage`: any value that is neither false nor empty is a
    /// failure.
    Failure,
    /// `errorCode` in any spelling.
    ErrorCode,
}

impl Field {
    /// The field of this name; any other name has no meaning.
    pub fn named(name: &[u8]) -> Option<Self> {
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
            _ => return Self::of_failure(name),
        })
    }

    /// A failure field. None is documented, so its name is matched in any case, with or without `_`
    /// and `-`.
    fn of_failure(name: &[u8]) -> Option<Self> {
        // Most unknown names end here.
        if !matches!(name.first()? | 0x20, b'e' | b'f' | b'h' | b'i' | b'o' | b'r' | b's') {
            return None;
        }
        let mut letters = [0; FAILURE_NAME_BYTES_MAX];
        let mut length = 0_usize;
        for byte in name.iter().filter(|byte| !matches!(byte, b'_' | b'-')) {
            *letters.get_mut(length)? = byte.to_ascii_lowercase();
            length = length.wrapping_add(1);
        }
        let letters = letters.get(..length)?;
        let found = FIELDS_OF_FAILURE.iter().find(|(names, _)| names.contains(&letters));
        found.map(|(_, field)| *field)
    }

    /// True if a second occurrence of the field makes the entry unreadable.
    const fn is_single(self) -> bool {
        !matches!(self, Self::Status | Self::Success | Self::Failure | Self::ErrorCode)
    }
}

/// The names of fields of failure. A table of names is a tenth of the code of a `match` on them.
const FIELDS_OF_FAILURE: &[(&[&[u8]], Field)] = &[
    (
        &[b"success", b"issuccess", b"successful", b"issuccessful", b"succeeded", b"ok", b"isok"],
        Field::Success,
    ),
    (
        &[
            b"failed",
            b"isfailed",
            b"failure",
            b"isfailure",
            b"failurereason",
            b"error",
            b"errors",
            b"iserror",
            b"haserror",
            b"haserrors",
            b"errormessage",
            b"errormsg",
            b"errordescription",
            b"errordetails",
            b"errorreason",
            b"exception",
            b"fault",
        ],
        Field::Failure,
    ),
    (&[b"errorcode", b"errcode", b"faultcode"], Field::ErrorCode),
    (
        &[
            b"status",
            b"statuscode",
            b"httpstatus",
            b"issuestatus",
            b"issuancestatus",
            b"state",
            b"result",
            b"outcome",
        ],
        Field::Status,
    ),
];

/// The longest name of a field of failure.
const FAILURE_NAME_BYTES_MAX: usize = 16;

/// The point at which reading the fields paused.
pub enum Pause<'a> {
    /// Behind the closing brace.
    End,
    /// Before the value of a field that may tell of an error.
    Error(Field),
    /// Before an array or object of an unknown field.
    Container,
    /// Before the value of a key with escapes.
    Escaped(Text<'a>),
}

impl<'a> Fields<'a> {
    /// Reads on from before a key, or from before the end of an object without fields.
    pub fn read(&mut self, cursor: &mut Cursor<'a>) -> Step<Pause<'a>> {
        loop {
            let field = match next_field(cursor)? {
                Name::Plain(field) => field,
                Name::Escaped(key) => return Ok(Pause::Escaped(key)),
            };
            if let Some(pause) = self.value(field, cursor)? {
                return Ok(pause);
            }
            if !cursor.another(b'}')? {
                return Ok(Pause::End);
            }
        }
    }

    /// Reads the value of a field, or returns the reason to pause before it.
    pub fn value(
        &mut self,
        field: Option<Field>,
        cursor: &mut Cursor<'a>,
    ) -> Step<Option<Pause<'a>>> {
        let byte = cursor.peek()?;
        let Some(field) = field else { return without_meaning(byte, cursor) };
        if field.is_single() {
            let bit = 1_u16.wrapping_shl(field as u32);
            self.twice |= self.seen & bit != 0;
            self.seen |= bit;
        }
        let place = match field {
            Field::Id => &mut self.id,
            Field::Customer => &mut self.customer,
            Field::Promotion => &mut self.promotion,
            Field::EarnedFrom => &mut self.earned_from,
            Field::EventTime => &mut self.event_time,
            Field::ValidTill => &mut self.valid_till,
            Field::Error
            | Field::Errors
            | Field::Status
            | Field::Success
            | Field::Failure
            | Field::ErrorCode => return Ok(Some(Pause::Error(field))),
        };
        *place = match byte {
            b'0'..=b'9' => integer(cursor)?,
            b'{' | b'[' => {
                *place = Value::Other;
                return Ok(Some(Pause::Container));
            }
            _ => match cursor.scalar()? {
                Scalar::Null => Value::Null,
                Scalar::Text(text) => Value::Text(text),
                Scalar::Number(number) => number.long().map_or(Value::Other, Value::Integer),
                Scalar::True | Scalar::False => Value::Other,
            },
        };
        Ok(None)
    }
}

/// Skips a value.
#[inline(always)]
fn without_meaning<'a>(byte: u8, cursor: &mut Cursor<'a>) -> Step<Option<Pause<'a>>> {
    match byte {
        b'{' | b'[' => Ok(Some(Pause::Container)),
        _ => cursor.scalar().map(|_| None),
    }
}

/// A number that begins with a digit; most are short and plain.
#[inline]
fn integer<'a>(cursor: &mut Cursor<'a>) -> Step<Value<'a>> {
    if let Some((value, length)) = short_integer(cursor.rest()) {
        let end = cursor.at().wrapping_add(length);
        // Any other number is read by the general parser.
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
struct Known {
    field: Field,
    words: [u64; 2],
    masks: [u64; 2],
    length: usize,
}

const KNOWN: [Known; 6] = [
    known(Field::Id, *b"id\":            ", 4),
    known(Field::Customer, *b"customerId\":    ", 12),
    known(Field::Promotion, *b"promotionId\":   ", 13),
    known(Field::EarnedFrom, *b"earnedFromId\":  ", 14),
    known(Field::EventTime, *b"eventTime\":     ", 11),
    known(Field::ValidTill, *b"validTill\":     ", 11),
];

const fn known(field: Field, text: [u8; 16], length: usize) -> Known {
    let all = u128::MAX >> (128_usize.wrapping_sub(length.wrapping_mul(8)));
    let text = u128::from_le_bytes(text);
    Known {
        field,
        words: [text as u64, (text >> 64) as u64],
        masks: [all as u64, (all >> 64) as u64],
        length,
    }
}

/// The next key of an entry.
enum Name<'a> {
    /// Its field, if it has a meaning.
    Plain(Option<Field>),
    Escaped(Text<'a>),
}

#[inline]
fn next_field<'a>(cursor: &mut Cursor<'a>) -> Step<Name<'a>> {
    if cursor.peek()? == b'"' {
        let rest = cursor.rest();
        if let (Some(first), Some(second)) = (load(rest, 1), load(rest, 9)) {
            let fits = |name: &&Known| {
                let [one, two] = name.words;
                let [mask_one, mask_two] = name.masks;
                ((first ^ one) & mask_one) | ((second ^ two) & mask_two) == 0
            };
            if let Some(name) = KNOWN.iter().find(fits) {
                cursor.rewind(cursor.at().wrapping_add(name.length).wrapping_add(1));
                return Ok(Name::Plain(Some(name.field)));
            }
        }
    }
    let key = cursor.key()?;
    Ok(key.plain().map_or(Name::Escaped(key), |name| Name::Plain(Field::named(name))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::token::Stop;

    /// Reads fields from before the first key; returns the pause, its position and the fields.
    fn read(text: &str) -> (Step<&'static str>, usize, Fields<'_>) {
        let mut cursor = Cursor::new(text.as_bytes());
        let mut fields = Fields::default();
        let pause = fields.read(&mut cursor).map(|pause| match pause {
            Pause::End => "end",
            Pause::Error(_) => "error",
            Pause::Container => "container",
            Pause::Escaped(_) => "escaped",
        });
        (pause, cursor.at(), fields)
    }

    /// Enough bytes behind, because whole words are compared only then.
    const AFTER: &str = "                        ";

    #[test]
    fn reading_pauses_where_a_value_is_not_for_here() {
        for (before, after, expected) in [
            (r#""id":"a"}"#, ",", Ok("end")),
            (r#""id":1,"x":2,"statuses":"ACTIVE"}"#, ",", Ok("end")),
            (r#""id":"a","status":"#, "\"ACTIVE\"}", Ok("error")),
            (r#""id":"a","Is_Success":"#, "true}", Ok("error")),
            (r#""id":"a","status":"#, "{\"code\":1}}", Ok("error")),
            (r#""error":"#, "null}", Ok("error")),
            (r#""errors":"#, "[]}", Ok("error")),
            (r#""id":"#, "{\"a\":1}}", Ok("container")),
            (r#""id":1,"x":"#, "[1]}", Ok("container")),
            (r#""id":1,"\u0069d":"#, "1}", Ok("escaped")),
            ("", r#"'id":"a","x":"y"}"#, Err(Stop::Bad)),
            ("", r#"xcustomerId":7,"x":"y"}"#, Err(Stop::Bad)),
            (r#""id":1"#, ";}", Err(Stop::Bad)),
        ] {
            for end in ["", AFTER] {
                let text = [before, after, end].concat();
                let (pause, at, _) = read(&text);
                assert_eq!(pause, expected, "{text}");
                assert!(pause.is_err() || at == before.len(), "{text} at {at}");
            }
        }
    }

    #[test]
    fn fields_are_known_by_their_whole_names() {
        for name in ["id", "customerId", "promotionId", "earnedFromId", "eventTime", "validTill"] {
            for (other, step) in (0..=name.len()).flat_map(|at| [(at, 8), (at, 99)]) {
                let mut bytes = name.as_bytes().to_vec();
                // One letter differs, or two at the same place of two words.
                bytes.iter_mut().skip(other).step_by(step).for_each(|byte| *byte ^= 1);
                let key = String::from_utf8(bytes).unwrap();
                for text in [format!("\"{key}\":5}}"), format!("\"{key}\" : 5}}{AFTER}")] {
                    for end in ["", AFTER] {
                        let text = [&text, end].concat();
                        let fields = read(&text).2;
                        let values = [
                            fields.id,
                            fields.customer,
                            fields.promotion,
                            fields.earned_from,
                            fields.event_time,
                            fields.valid_till,
                        ];
                        let known = values.iter().filter(|v| matches!(v, Value::Integer(5)));
                        assert_eq!(known.count(), usize::from(other == name.len()), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn fields_of_failure_are_known_in_any_spelling() {
        for (names, expected) in [
            ("success isSuccess SUCCESS is_success Successful ok", Some(Field::Success)),
            ("failed hasErrors Error ERRORS error_message errorDescription", Some(Field::Failure)),
            ("errorCode ErrorCode ERROR_CODE error-code errCode", Some(Field::ErrorCode)),
            ("Status STATUS state result statusCode status_code", Some(Field::Status)),
            ("code message type eventTimeISO issuedId statuses successes reason", None),
            ("errorDescriptionIsTooLong", None),
        ] {
            for name in names.split(' ') {
                let found = Field::named(name.as_bytes()).map(|field| field as u8);
                assert_eq!(found, expected.map(|field| field as u8), "{name}");
            }
        }
    }

    #[test]
    fn bytes_that_have_no_bit_of_a_name_are_no_key() {
        let text = r#""customerId":7,"id":"67dd4237ef21a64211227e06"}"#.as_bytes();
        let (contrary, nothing) = (|byte: u8| !byte, |_| 0);
        for (places, other) in
            [(1..9, contrary as fn(u8) -> u8), (9..13, contrary), (1..9, nothing), (9..13, nothing)]
        {
            let mut bytes = text.to_vec();
            bytes[places].iter_mut().for_each(|byte| *byte = other(*byte));
            let pause = Fields::default().read(&mut Cursor::new(&bytes));
            assert_eq!(pause.err(), Some(Stop::Bad), "{bytes:?}");
            // The rest of the last word is blank, too.
            bytes.splice(13.., *b"    7,                  \"");
            let pause = Fields::default().read(&mut Cursor::new(&bytes));
            assert_eq!(pause.err(), Some(Stop::Bad), "{bytes:?}");
        }
    }

    #[test]
    fn only_a_field_with_meaning_is_there_twice() {
        for (text, expected) in [
            (r#""id":1,"customerId":2,"promotionId":3,"eventTime":4,"validTill":5}"#, false),
            (r#""x":1,"x":2,"id":3}"#, false),
            (r#""id":1,"customerId":2,"id":3}"#, true),
            (r#""id":1,"id":2,"x":3}"#, true),
            (r#""validTill":1,"eventTime":2,"validTill":3,"id":4}"#, true),
        ] {
            let (pause, _, fields) = read(text);
            assert_eq!((pause, fields.twice), (Ok("end"), expected), "{text}");
        }
    }

    #[test]
    fn a_value_is_an_integer_a_text_null_or_nothing_that_a_field_may_be() {
        for (raw, expected) in [
            ("null", "null"),
            ("7", "7"),
            ("0", "0"),
            ("-7", "-7"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "other"),
            ("7.0", "other"),
            ("7e0", "other"),
            ("true", "other"),
            ("\"a\"", "a"),
            ("\"\"", ""),
        ] {
            for (space, end) in [("", ""), ("", AFTER), (" ", AFTER)] {
                let text = [r#""validTill":"#, raw, space, "}", end].concat();
                let (pause, at, fields) = read(&text);
                let value = match fields.valid_till {
                    Value::Absent => "absent".to_owned(),
                    Value::Null => "null".to_owned(),
                    Value::Integer(value) => value.to_string(),
                    Value::Text(text) => String::from_utf8(text.raw().to_vec()).unwrap(),
                    Value::Other => "other".to_owned(),
                };
                assert_eq!((pause, value.as_str()), (Ok("end"), expected), "{text}");
                assert_eq!(at, text.len() - end.len(), "{text}");
            }
        }
    }
}
