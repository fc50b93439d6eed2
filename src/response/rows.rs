//! Lists under `data`, as the reading endpoints send them (api.md 14): rows of plain fields. They
//! are few and read once, so fields are looked up by name.

use super::skip::skip;
use super::step::Step;
use super::text::Decode;
use crate::limits::{ISSUANCE_ID_BYTES_MAX, REPLY_DEPTH_MAX};
use crate::scan::token::{Cursor, Scalar, Text};
use alloc::string::String;
use alloc::vec::Vec;

/// The plain fields of one object of a list.
pub struct ListRow<'a>(Vec<(Text<'a>, Option<Scalar<'a>>)>);

/// A field that occurs twice or has another type than the documented one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclear;

impl<'a> ListRow<'a> {
    /// A text; absent and null are `None`.
    pub fn text(&self, name: &str) -> Result<Option<String>, Unclear> {
        self.value(name)?
            .map(|value| match value {
                Scalar::Text(text) => text.exact(ISSUANCE_ID_BYTES_MAX).ok_or(Unclear),
                _ => Err(Unclear),
            })
            .transpose()
    }

    /// A whole number as plain digits.
    pub fn long(&self, name: &str) -> Result<Option<i64>, Unclear> {
        self.value(name)?
            .map(|value| match value {
                Scalar::Number(number) => number.long().ok_or(Unclear),
                _ => Err(Unclear),
            })
            .transpose()
    }

    pub fn flag(&self, name: &str) -> Result<Option<bool>, Unclear> {
        self.value(name)?
            .map(|value| match value {
                Scalar::True => Ok(true),
                Scalar::False => Ok(false),
                _ => Err(Unclear),
            })
            .transpose()
    }

    fn value(&self, name: &str) -> Result<Option<Scalar<'a>>, Unclear> {
        let mut found = self.0.iter().filter(|(key, _)| key.equals(name));
        match (found.next(), found.next()) {
            (None, _) | (Some((_, Some(Scalar::Null))), None) => Ok(None),
            (Some((_, Some(value))), None) => Ok(Some(*value)),
            _ => Err(Unclear),
        }
    }

    fn read(cursor: &mut Cursor<'a>) -> Step<Self> {
        cursor.expect(b'{')?;
        let mut fields = Vec::new();
        if cursor.closes(b'}')? {
            return Ok(Self(fields));
        }
        loop {
            let key = cursor.key()?;
            let value = match cursor.peek()? {
                b'{' | b'[' => {
                    skip(cursor, ROW_DEPTH, REPLY_DEPTH_MAX)?;
                    None
                }
                _ => Some(cursor.scalar()?),
            };
            fields.push((key, value));
            if !cursor.another(b'}')? {
                return Ok(Self(fields));
            }
        }
    }
}

/// Nesting of a row: the answer is 1, its list 2.
const ROW_DEPTH: u32 = 3;

/// The rows of a complete answer, which a [`Reader`](super::Reader) has already found to be one
/// JSON object within its caps. `None` where `data` is no list of objects.
pub fn rows(answer: &[u8]) -> Option<Vec<ListRow<'_>>> {
    let answer = answer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(answer);
    list(&mut Cursor::new(answer)).ok().flatten()
}

/// True if a complete answer has `warnings` that are neither null nor empty.
pub fn has_warnings(answer: &[u8]) -> bool {
    let answer = answer.strip_prefix(b"\xef\xbb\xbf").unwrap_or(answer);
    // Unreadable `warnings` count as warnings.
    warnings(&mut Cursor::new(answer)).unwrap_or(true)
}

fn warnings(cursor: &mut Cursor<'_>) -> Step<bool> {
    cursor.expect(b'{')?;
    if cursor.closes(b'}')? {
        return Ok(false);
    }
    loop {
        let is_warnings = cursor.key()?.equals("warnings");
        cursor.peek()?;
        let start = cursor.at();
        skip(cursor, 1, REPLY_DEPTH_MAX)?;
        let value = cursor.since(start).iter().filter(|byte| !byte.is_ascii_whitespace());
        let is_empty = [&b"null"[..], b"[]", b"{}", b"\"\""].iter().any(|empty| {
            let mut value = value.clone();
            empty.iter().all(|byte| value.next() == Some(byte)) && value.next().is_none()
        });
        if is_warnings && !is_empty {
            return Ok(true);
        }
        if !cursor.another(b'}')? {
            return Ok(false);
        }
    }
}

fn list<'a>(cursor: &mut Cursor<'a>) -> Step<Option<Vec<ListRow<'a>>>> {
    cursor.expect(b'{')?;
    if cursor.closes(b'}')? {
        return Ok(None);
    }
    while !cursor.key()?.equals("data") {
        skip(cursor, 1, REPLY_DEPTH_MAX)?;
        if !cursor.another(b'}')? {
            return Ok(None);
        }
    }
    cursor.expect(b'[')?;
    let mut rows = Vec::new();
    if cursor.closes(b']')? {
        return Ok(Some(rows));
    }
    loop {
        rows.push(ListRow::read(cursor)?);
        if !cursor.another(b']')? {
            return Ok(Some(rows));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_wherever_data_stands() {
        let row = r#"{"id":"a","n":5,"f":true,"g":false,"x":{"id":"b"},"l":[1],"none":null}"#;
        for text in [
            format!(r#"{{"data":[{row},{{}}],"errors":[]}}"#),
            format!(r#"{{"errors":[],"more":{{"data":[]}},"d\u0061ta":[{row},{{}}]}}"#),
            format!("\u{feff} {{ \"data\" : [ {row} , {{ }} ] }} "),
        ] {
            let found = rows(text.as_bytes()).unwrap();
            assert_eq!(found.len(), 2, "{text}");
            let row = &found[0];
            assert_eq!(row.text("id"), Ok(Some("a".into())));
            assert_eq!((row.long("n"), row.flag("f")), (Ok(Some(5)), Ok(Some(true))));
            assert_eq!(row.flag("g"), Ok(Some(false)));
            assert_eq!((row.text("none"), row.long("absent")), (Ok(None), Ok(None)));
            for name in ["n", "f", "x", "l"] {
                assert_eq!(row.text(name), Err(Unclear), "{name}");
            }
            assert_eq!((row.long("id"), row.flag("n")), (Err(Unclear), Err(Unclear)));
        }
    }

    #[test]
    fn what_comes_twice_or_is_no_plain_number_is_unclear() {
        let text = br#"{"data":[{"n":1,"n":1,"m":1.0,"o":9223372036854775808,"i":"\ud800"}]}"#;
        let found = rows(text).unwrap();
        for name in ["n", "m", "o"] {
            assert_eq!(found[0].long(name), Err(Unclear), "{name}");
        }
        assert_eq!(found[0].text("i"), Err(Unclear));
    }

    #[test]
    fn warnings_count_where_they_say_something() {
        for (text, expected) in [
            ("{}", false),
            (r#"{"data":[]}"#, false),
            (r#"{"data":[],"warnings":null}"#, false),
            (r#"{"warnings": [ ] ,"data":[]}"#, false),
            (r#"{"warnings":{}}"#, false),
            (r#"{"warnings":""}"#, false),
            (r#"{"data":[{"warnings":["x"]}]}"#, false),
            (r#"{"data":[],"warnings":["partial"]}"#, true),
            (r#"{"warnings":{"warning":[]},"data":[]}"#, true),
            (r#"{"warnings":"partial"}"#, true),
            (r#"{"warnings":[]"#, true),
        ] {
            assert_eq!(has_warnings(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn anything_but_a_list_of_objects_is_none() {
        for text in [
            "{}",
            r#"{"data":null}"#,
            r#"{"data":{}}"#,
            r#"{"data":[1]}"#,
            r#"{"data":[[]]}"#,
            r#"{"errors":[]}"#,
            r#"{"data":[{"a":1}"#,
            "[]",
        ] {
            assert!(rows(text.as_bytes()).is_none(), "{text}");
        }
        assert!(rows(br#"{"data":[]}"#).unwrap().is_empty());
    }
}
