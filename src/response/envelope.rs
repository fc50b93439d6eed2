//! The shapes in which the service reports errors (api.md 5), in an answer or in one entry.

use super::answer::{Envelope, ServiceError};
use super::failure::is_no_success;
use super::skip::{Allowance, skip};
use super::step::Step;
use super::text::Decode;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::scan::digits::parse_customer;
use crate::scan::token::{Cursor, Scalar, Text};
use crate::text::truncate;
use alloc::string::String;

/// A value that may be an error.
#[derive(Default)]
pub(super) struct Item {
    /// False for an empty value: null, false, an empty string, array or object.
    pub speaks: bool,
    object: bool,
    code: Option<i64>,
    message: String,
    customer: Option<i64>,
    /// `success` is false.
    failed: bool,
    /// It holds further errors.
    has_errors: bool,
}

impl Item {
    /// The error, if the value is not empty.
    pub fn error(self, envelope: Envelope) -> Option<ServiceError> {
        if !self.speaks {
            return None;
        }
        let message = self.message.into_boxed_str();
        Some(ServiceError { code: self.code, message, customer: self.customer, envelope })
    }

    /// The error of a status object: by its code, since the service sends `"success": "true"`
    /// beside code 401 (api.md 5, shape E), or by its `success`.
    pub fn status_error(self, envelope: Envelope) -> Option<ServiceError> {
        let failed = self.failed || self.code.is_some_and(|code| !(200..300).contains(&code));
        if self.object && failed { self.error(envelope) } else { None }
    }
}

/// One value inside a container of this depth, read as an error.
#[cold]
#[inline(never)]
pub(super) fn item(cursor: &mut Cursor<'_>, outside: u32, depth_max: u32) -> Step<Item> {
    let mut item = Item::default();
    match cursor.peek()? {
        b'{' => object(&mut item, cursor, outside.saturating_add(1), depth_max)?,
        b'[' => {
            let start = cursor.at();
            cursor.advance();
            item.speaks = !cursor.closes(b']')?;
            cursor.rewind(start);
            skip(cursor, outside, depth_max)?;
        }
        _ => match cursor.scalar()? {
            Scalar::Null | Scalar::False => {}
            Scalar::True => item.speaks = true,
            Scalar::Number(number) => {
                item.speaks = true;
                item.code = number.long();
            }
            Scalar::Text(text) => {
                item.speaks = !text.is_empty();
                text.readable(&mut item.message, MESSAGE_BYTES_MAX);
            }
        },
    }
    Ok(item)
}

/// Reads a value that is an error or a list of them, and gives each item.
pub(super) fn items(
    cursor: &mut Cursor<'_>,
    outside: u32,
    depth_max: u32,
    mut give: impl FnMut(Item),
) -> Step<()> {
    if cursor.peek()? != b'[' {
        give(item(cursor, outside, depth_max)?);
        return Ok(());
    }
    let inside = outside.saturating_add(1);
    Allowance::unit(depth_max).enter(inside)?;
    cursor.advance();
    if cursor.closes(b']')? {
        return Ok(());
    }
    loop {
        give(item(cursor, inside, depth_max)?);
        if !cursor.another(b']')? {
            return Ok(());
        }
    }
}

/// Reads the fields of an error object. A `code` or `customerId` that occurs twice is ignored, and
/// so is the code of an error that contains others, which may have another code.
fn object(item: &mut Item, cursor: &mut Cursor<'_>, depth: u32, depth_max: u32) -> Step<()> {
    Allowance::unit(depth_max).enter(depth)?;
    cursor.advance();
    item.object = true;
    if cursor.closes(b'}')? {
        return Ok(());
    }
    item.speaks = true;
    let mut seen = 0_u8;
    let mut doubtful = 0_u8;
    loop {
        let key = cursor.key()?;
        let Some(bit) = field_bit(&key) else {
            skip(cursor, depth, depth_max)?;
            if cursor.another(b'}')? {
                continue;
            }
            break;
        };
        doubtful |= seen & bit;
        seen |= bit;
        field(item, bit, cursor, depth, depth_max)?;
        if !cursor.another(b'}')? {
            break;
        }
    }
    if doubtful & CODE != 0 || item.has_errors {
        item.code = None;
    }
    if doubtful & CUSTOMER != 0 {
        item.customer = None;
    }
    Ok(())
}

const CODE: u8 = 1;
const MESSAGE: u8 = 2;
const CUSTOMER: u8 = 4;
const SUCCESS: u8 = 8;
const ERRORS: u8 = 16;

fn field_bit(key: &Text<'_>) -> Option<u8> {
    let names = [
        ("code", CODE),
        ("errorCode", CODE),
        ("message", MESSAGE),
        ("customerId", CUSTOMER),
        ("success", SUCCESS),
        ("error", ERRORS),
        ("errors", ERRORS),
    ];
    names.into_iter().find(|(name, _)| key.equals(name)).map(|(_, bit)| bit)
}

fn field(
    item: &mut Item,
    bit: u8,
    cursor: &mut Cursor<'_>,
    depth: u32,
    depth_max: u32,
) -> Step<()> {
    if let first @ (b'{' | b'[') = cursor.peek()? {
        let start = cursor.at();
        cursor.advance();
        let is_empty = cursor.closes(first.wrapping_add(2))?;
        item.has_errors |= bit == ERRORS && !is_empty;
        cursor.rewind(start);
        return skip(cursor, depth, depth_max);
    }
    let value = cursor.scalar()?;
    match (bit, value) {
        (CODE, value) => item.code = code(&value),
        (MESSAGE, Scalar::Text(text)) => {
            item.message.clear();
            text.readable(&mut item.message, MESSAGE_BYTES_MAX);
        }
        (CUSTOMER, Scalar::Number(number)) => item.customer = parse_customer(number.raw),
        (SUCCESS, value) => item.failed |= is_no_success(&value),
        _ => {}
    }
    Ok(())
}

/// A code: a plain integer, or a string of one (api.md 5, shape E).
pub(super) fn code(value: &Scalar<'_>) -> Option<i64> {
    match value {
        Scalar::Number(number) => number.long(),
        Scalar::Text(text) => text.integer(),
        _ => None,
    }
}

/// Shape B, whose parts are top-level fields, in any order.
#[derive(Default)]
pub(super) struct Flat {
    /// `errorCode` is present and not null.
    pub coded: bool,
    pub code: Option<i64>,
    pub message: String,
    /// The texts of `errorDetails`, joined.
    pub details: String,
    /// Details that are not empty.
    pub details_total: u64,
}

impl Flat {
    /// Adds a detail: only its text tells if it is about a promotion or a customer.
    pub fn detail(&mut self, item: Item) {
        if !item.speaks {
            return;
        }
        self.details_total = self.details_total.saturating_add(1);
        if !self.details.is_empty() {
            self.details.push_str("; ");
        }
        let room = MESSAGE_BYTES_MAX.saturating_sub(self.details.len());
        self.details.push_str(truncate(&item.message, room));
    }

    /// A message alone is no error.
    pub fn error(self) -> Option<ServiceError> {
        if !self.coded && self.details_total == 0 {
            return None;
        }
        let mut message = self.message;
        if !message.is_empty() && !self.details.is_empty() {
            message.push_str(": ");
        }
        let room = MESSAGE_BYTES_MAX.saturating_sub(message.len());
        message.push_str(truncate(&self.details, room));
        let message = truncate(&message, MESSAGE_BYTES_MAX).into();
        Some(ServiceError { code: self.code, message, customer: None, envelope: Envelope::Flat })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Item {
        item(&mut Cursor::new(format!("{text} ").as_bytes()), 1, 8).unwrap()
    }

    fn parts(text: &str) -> Option<(Option<i64>, String, Option<i64>)> {
        let error = read(text).error(Envelope::Errors)?;
        Some((error.code, error.message.into(), error.customer))
    }

    #[test]
    fn anything_but_nothing_is_an_error() {
        for nothing in ["null", "false", "\"\"", "[]", "{}", "[ ]", "{ }"] {
            assert_eq!(parts(nothing), None, "{nothing}");
        }
        for (text, code, message) in [
            ("true", None, ""),
            ("708", Some(708), ""),
            ("7.5", None, ""),
            ("\"Limit reached\"", None, "Limit reached"),
            ("[null]", None, ""),
            (r#"{"reference":null}"#, None, ""),
            (r#"{"code":708,"message":"m"}"#, Some(708), "m"),
            (r#"{"message":"m","code":"708"}"#, Some(708), "m"),
            (r#"{"code":"E1","message":["x"]}"#, None, ""),
            (r#"{"code":1,"code":2}"#, None, ""),
            (r#"{"c\u006fde":404}"#, Some(404), ""),
            (r#"{"code":{"code":1},"message":{"a":[]}}"#, None, ""),
        ] {
            assert_eq!(parts(text), Some((code, message.into(), None)), "{text}");
        }
    }

    #[test]
    fn a_customer_is_named_by_a_plain_integer_only() {
        for (text, customer) in [
            ("555567088", Some(555_567_088)),
            ("\"555567088\"", None),
            ("555567088.0", None),
            ("5e8", None),
            ("-5", None),
            ("0", None),
        ] {
            let text = format!(r#"{{"code":404,"customerId":{text}}}"#);
            assert_eq!(parts(&text), Some((Some(404), String::new(), customer)), "{text}");
        }
        assert_eq!(parts(r#"{"customerId":1,"customerId":2}"#).unwrap().2, None);
    }

    #[test]
    fn a_status_fails_by_its_code_or_its_success() {
        for (text, failed) in [
            (r#"{"success":"true","code":"401","message":"Unauthorized"}"#, true),
            (r#"{"success":true,"code":200}"#, false),
            (r#"{"success":false,"code":200}"#, true),
            (r#"{"success":"False","code":200}"#, true),
            (r#"{"success":false}"#, true),
            (r#"{"success":"false"}"#, true),
            (r#"{"success":true}"#, false),
            (r#"{"success":"true"}"#, false),
            (r#"{"success":null}"#, false),
            (r#"{"success":false,"code":null}"#, true),
            (r#"{"success":false,"success":true}"#, true),
            (r#"{"success":true,"success":false}"#, true),
            (r#"{"message":"fine"}"#, false),
            ("\"EXPIRED\"", false),
            ("500", false),
            ("null", false),
        ] {
            assert_eq!(read(text).status_error(Envelope::Status).is_some(), failed, "{text}");
        }
    }

    #[test]
    fn a_list_gives_each_of_its_errors() {
        for (text, codes) in [
            ("[]", &[][..]),
            ("[null,{}]", &[]),
            (r#"[null,{"code":1},{},{"code":2}]"#, &[Some(1), Some(2)]),
            (r#"[708,"500",[5]]"#, &[Some(708), None, None]),
            (r#"{"code":3}"#, &[Some(3)]),
        ] {
            let mut found = Vec::new();
            let keep = |item: Item| found.extend(item.error(Envelope::Errors));
            items(&mut Cursor::new(text.as_bytes()), 1, 8, keep).unwrap();
            let found: Vec<_> = found.iter().map(|error| error.code).collect();
            assert_eq!(found, codes, "{text}");
        }
    }

    #[test]
    fn the_code_of_an_error_that_holds_others_is_not_believed() {
        for (text, code) in [
            (r#"{"code":708,"errors":[{"code":500}]}"#, None),
            (r#"{"error":{"code":500},"code":708}"#, None),
            (r#"{"code":708,"errors":[ ],"error":{ }}"#, Some(708)),
            (r#"{"code":708,"error":"Limit","errors":null}"#, Some(708)),
            (r#"{"code":708,"errorCode":500}"#, None),
            (r#"{"errorCode":"708"}"#, Some(708)),
        ] {
            assert_eq!(read(text).code, code, "{text}");
        }
    }

    #[test]
    fn flat_parts_make_one_bounded_message() {
        let mut flat = Flat { message: "Validation Failed".into(), ..Flat::default() };
        flat.detail(read("null"));
        flat.detail(read("\"first\""));
        flat.detail(read("\"second\""));
        let error = flat.error().unwrap();
        assert_eq!(&*error.message, "Validation Failed: first; second");
        let mut long = Flat { coded: true, ..Flat::default() };
        for _ in 0..100 {
            long.detail(read("\"ééééééééé\""));
        }
        let message = long.error().unwrap().message;
        assert!(message.len() <= MESSAGE_BYTES_MAX && message.len() > MESSAGE_BYTES_MAX - 4);
        assert_eq!(Flat { message: "ok".into(), ..Flat::default() }.error(), None);
        let coded = || Flat { coded: true, ..Flat::default() };
        let message = |flat: Flat| String::from(flat.error().unwrap().message);
        assert_eq!(message(Flat { message: "ok".into(), ..coded() }), "ok");
        assert_eq!(message(Flat { details: "why".into(), ..coded() }), "why");
        assert_eq!(message(coded()), "");
    }
}
