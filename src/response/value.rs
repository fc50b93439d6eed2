//! Small answers as trees of values: those of the token endpoint and of a revocation, which nest
//! deeper than a list of rows.

use super::text::Decode;
use crate::scan::token::{Cursor, Scalar, Step, Stop, Text};
use alloc::string::String;
use alloc::vec::Vec;

/// Deepest nesting that is read: no documented answer goes beyond 5, and the reading recurses.
const DEPTH_MAX: u32 = 8;

/// A value of JSON.
pub enum Value<'a> {
    Scalar(Scalar<'a>),
    List(Vec<Value<'a>>),
    Object(Vec<(Text<'a>, Value<'a>)>),
}

impl<'a> Value<'a> {
    /// Parses the bytes as one object; `None` for anything else. The caller bounds the bytes.
    pub fn object(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
        let value = Self::read(&mut cursor, DEPTH_MAX).ok()?;
        // Nothing but whitespace follows.
        let is_whole = cursor.peek() == Err(Stop::More);
        (is_whole && matches!(value, Self::Object(_))).then_some(value)
    }

    fn read(cursor: &mut Cursor<'a>, depth_left: u32) -> Step<Self> {
        let depth_left = depth_left.checked_sub(1).ok_or(Stop::Bad)?;
        match cursor.peek()? {
            b'{' => Self::fields(cursor, depth_left),
            b'[' => Self::elements(cursor, depth_left),
            _ => cursor.scalar().map(Self::Scalar),
        }
    }

    fn fields(cursor: &mut Cursor<'a>, depth_left: u32) -> Step<Self> {
        cursor.expect(b'{')?;
        let mut fields = Vec::new();
        if cursor.closes(b'}')? {
            return Ok(Self::Object(fields));
        }
        loop {
            let key = cursor.key()?;
            fields.push((key, Self::read(cursor, depth_left)?));
            if !cursor.another(b'}')? {
                return Ok(Self::Object(fields));
            }
        }
    }

    fn elements(cursor: &mut Cursor<'a>, depth_left: u32) -> Step<Self> {
        cursor.expect(b'[')?;
        let mut elements = Vec::new();
        if cursor.closes(b']')? {
            return Ok(Self::List(elements));
        }
        loop {
            elements.push(Self::read(cursor, depth_left)?);
            if !cursor.another(b']')? {
                return Ok(Self::List(elements));
            }
        }
    }

    /// A field of an object; `None` if it is absent, null or occurs twice.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        let mut found = fields.iter().filter(|(key, _)| key.equals(name));
        match (found.next(), found.next()) {
            (Some((_, Self::Scalar(Scalar::Null))), _) => None,
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// The elements of a list; empty for anything else.
    pub fn elements_of(&self, name: &str) -> &[Self] {
        match self.get(name) {
            Some(Self::List(elements)) => elements,
            _ => &[],
        }
    }

    /// A text of at most so many bytes.
    pub fn text(&self, bytes_max: usize) -> Option<String> {
        match self {
            Self::Scalar(Scalar::Text(text)) => text.exact(bytes_max),
            _ => None,
        }
    }

    /// A text for display, truncated to so many bytes.
    pub fn readable(&self, bytes_max: usize) -> String {
        let mut text = String::new();
        if let Self::Scalar(Scalar::Text(written)) = self {
            written.readable(&mut text, bytes_max);
        }
        text
    }

    /// A whole number, also one in a string.
    pub fn long(&self) -> Option<i64> {
        match self {
            Self::Scalar(Scalar::Number(number)) => number.long(),
            Self::Scalar(Scalar::Text(text)) => text.integer(),
            _ => None,
        }
    }

    /// The digits before the point of a number that is not negative, also of one in a string.
    pub fn whole_part(&self) -> Option<u64> {
        let raw = match self {
            Self::Scalar(Scalar::Number(number)) => number.raw,
            Self::Scalar(Scalar::Text(text)) => text.plain()?,
            _ => return None,
        };
        let point = raw.iter().position(|byte| *byte == b'.').unwrap_or(raw.len());
        let (whole, fraction) = raw.split_at_checked(point)?;
        let fraction = fraction.get(1..).unwrap_or_default();
        let are_digits = fraction.iter().all(u8::is_ascii_digit);
        if are_digits { crate::decimal::read(whole) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_and_asked_by_name() {
        let text = br#" {"a":{"b":[{"c":"x"},{"c":"y"}]},"n":"7","m":7,"t":1,"t":2,"z":null} "#;
        let value = Value::object(text).unwrap();
        let list = value.get("a").unwrap().elements_of("b");
        let texts: Vec<_> = list.iter().map(|one| one.get("c").unwrap().text(9).unwrap()).collect();
        assert_eq!(texts, ["x", "y"]);
        for name in ["n", "m"] {
            assert_eq!(value.get(name).unwrap().long(), Some(7), "{name}");
        }
        for name in ["t", "z", "absent"] {
            assert!(value.get(name).is_none(), "{name}");
        }
        assert_eq!(list[0].get("c").unwrap().text(0), None);
    }

    #[test]
    fn anything_but_one_whole_object_is_none() {
        let deep = format!("{}{}", r#"{"a":"#.repeat(8), "1");
        for text in ["", "[]", "1", "{", "{}x", "{} {}", r#"{"a":1"#, r#"{"a":01}"#, &deep] {
            assert!(Value::object(text.as_bytes()).is_none(), "{text}");
        }
        let deep = format!("{}1{}", r#"{"a":"#.repeat(7), "}".repeat(7));
        assert!(Value::object(deep.as_bytes()).is_some());
        let deep = format!("{}1{}", r#"{"a":"#.repeat(8), "}".repeat(8));
        assert!(Value::object(deep.as_bytes()).is_none());
    }

    #[test]
    fn a_duration_may_be_a_number_or_a_text() {
        for (written, expected) in [
            ("300", Some(300)),
            ("\"300\"", Some(300)),
            ("299.9", Some(299)),
            ("\"3600.0\"", Some(3_600)),
            ("-1", None),
            ("1e3", None),
            ("\"soon\"", None),
            ("\"\"", None),
            ("true", None),
            ("[]", None),
        ] {
            let text = format!("{{\"t\":{written}}}");
            let value = Value::object(text.as_bytes()).unwrap();
            assert_eq!(value.get("t").unwrap().whole_part(), expected, "{written}");
        }
    }
}
