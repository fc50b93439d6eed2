//! A small JSON writer (RFC 8259), for rows that are exported and for summaries that cross into
//! JavaScript. It makes objects of texts, numbers and flat lists, which is all they hold.

use crate::decimal;
use crate::text::write_json;
use alloc::vec::Vec;

/// An object under construction, at the end of a buffer.
pub struct Object<'a>(&'a mut Vec<u8>);

impl<'a> Object<'a> {
    /// Begins an object; [`Object::end`] must follow.
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self(out)
    }

    /// A text, or null.
    pub fn text(&mut self, name: &str, text: Option<&str>) {
        self.bytes(name, text.map(str::as_bytes));
    }

    /// A text in bytes that may be no UTF-8; they pass as they are.
    pub fn bytes(&mut self, name: &str, text: Option<&[u8]>) {
        self.name(name);
        match text {
            Some(text) => write_json(text, self.0),
            None => self.0.extend_from_slice(NULL),
        }
    }

    /// An integer, or null.
    pub fn number(&mut self, name: &str, number: Option<i64>) {
        self.name(name);
        match number {
            Some(number) => decimal::write(number, self.0),
            None => self.0.extend_from_slice(NULL),
        }
    }

    /// A count.
    pub fn count(&mut self, name: &str, count: u64) {
        self.name(name);
        decimal::write_unsigned(count, self.0);
    }

    /// True or false, or null.
    pub fn flag(&mut self, name: &str, flag: Option<bool>) {
        let text: &[u8] = match flag {
            Some(true) => b"true",
            Some(false) => b"false",
            None => NULL,
        };
        self.json(name, text);
    }

    /// A value that is JSON already.
    pub fn json(&mut self, name: &str, json: &[u8]) {
        self.name(name);
        self.0.extend_from_slice(json);
    }

    /// A list of texts.
    pub fn texts<'t>(&mut self, name: &str, texts: impl IntoIterator<Item = &'t str>) {
        self.name(name);
        list(self.0, texts, |text, out| write_json(text.as_bytes(), out));
    }

    pub fn end(self) {
        self.0.push(b'}');
    }

    fn name(&mut self, name: &str) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        write_json(name.as_bytes(), self.0);
        self.0.push(b':');
    }
}

const NULL: &[u8] = b"null";

/// Appends a list, each item with `write`.
pub fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut Vec<u8>),
) {
    let mut separator = b'[';
    for item in items {
        out.push(separator);
        separator = b',';
        write(item, out);
    }
    if separator == b'[' {
        out.push(b'[');
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let hard = "a\"b\\c\nd\u{1f}\u{e4}\u{1f381}\u{7f}";
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        object.text(hard, Some(hard));
        object.text("no text", None);
        object.number("number", Some(i64::MIN));
        object.number("no number", None);
        object.count("count", u64::MAX);
        object.flag("flag", Some(true));
        object.flag("other flag", Some(false));
        object.flag("no flag", None);
        object.json("json", b"[1]");
        object.texts("texts", [hard, ""]);
        object.texts("no texts", []);
        object.end();
        let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let expected = serde_json::json!({
            hard: hard,
            "no text": null,
            "number": i64::MIN,
            "no number": null,
            "count": u64::MAX,
            "flag": true,
            "other flag": false,
            "no flag": null,
            "json": [1],
            "texts": [hard, ""],
            "no texts": [],
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn bytes_that_are_no_text_pass_as_they_are() {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        object.bytes("a", Some(b"\xff\""));
        object.end();
        assert_eq!(out, b"{\"a\":\"\xff\\\"\"}");
    }

    #[test]
    fn lists_hold_objects() {
        let mut out = Vec::new();
        list(&mut out, 1..=2, |number, out| {
            let mut object = Object::begin(out);
            object.count("n", number);
            object.end();
        });
        assert_eq!(out, b"[{\"n\":1},{\"n\":2}]");
    }
}
