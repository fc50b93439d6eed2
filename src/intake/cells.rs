//! Records and their fields by the rules of RFC 4180, in any piece size.
//!
//! A quote opens a quoted field only as its first byte; anywhere else in an unquoted field it is
//! text. Within quotes two quotes are one, and delimiters and line breaks are text. LF, CR and
//! CRLF end a record, mixed as they come.

use super::text::trimmed;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// The grammar of records: delimiter and quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grammar {
    /// `None` where a record is one field.
    pub delimiter: Option<u8>,
    /// True if quotes count in the search for the end of a record.
    pub quotes: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    FieldStart,
    Plain,
    Quoted,
    /// After a quote within quotes: the end of the field, or the first of two.
    Quote,
}

/// Seeks the end of one record; keeps its state between pieces.
#[derive(Debug, Default)]
pub struct RecordScan {
    state: State,
    after_cr: bool,
    /// Line breaks within quotes so far, a CRLF counted once.
    pub breaks: u64,
    /// Bytes of the record so far.
    pub length: usize,
}

impl RecordScan {
    /// Length of the record up to the CR or LF that ends it; `None` if it goes on beyond `bytes`.
    pub fn end_in(&mut self, bytes: &[u8], grammar: Grammar) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.state != State::Quoted && matches!(byte, b'\n' | b'\r') {
                self.length = self.length.saturating_add(at);
                return Some(at);
            }
            self.step(*byte, grammar);
        }
        self.length = self.length.saturating_add(bytes.len());
        None
    }

    fn step(&mut self, byte: u8, grammar: Grammar) {
        self.state = match (self.state, byte) {
            (State::FieldStart, b'"') if grammar.quotes => State::Quoted,
            (State::Quote, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::Quote,
            (State::Quoted, _) => {
                if byte == b'\r' || (byte == b'\n' && !self.after_cr) {
                    self.breaks = self.breaks.saturating_add(1);
                }
                State::Quoted
            }
            (_, _) if Some(byte) == grammar.delimiter => State::FieldStart,
            _ => State::Plain,
        };
        self.after_cr = byte == b'\r';
    }

    /// True while a quote is open.
    pub fn is_open(&self) -> bool {
        self.state == State::Quoted
    }
}

/// One field of a complete record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// Without its quotes; two quotes within it are still two.
    pub text: &'a [u8],
    pub quoted: bool,
    /// Text after the closing quote.
    pub malformed: bool,
}

/// The fields of a complete record.
#[derive(Clone, Debug)]
pub struct Cells<'a> {
    rest: Option<&'a [u8]>,
    grammar: Grammar,
}

/// `record` has no line break behind it.
pub fn cells(record: &[u8], grammar: Grammar) -> Cells<'_> {
    Cells { rest: Some(record), grammar }
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cell<'a>;

    fn next(&mut self) -> Option<Cell<'a>> {
        let rest = self.rest?;
        let (quoted, after) = match rest.split_first() {
            Some((b'"', inner)) if self.grammar.quotes => {
                let (text, after) = inner.split_at_checked(quoted_length(inner))?;
                (Some(text), after.split_first().map_or(after, |(_, after)| after))
            }
            _ => (None, rest),
        };
        let delimiter = self.grammar.delimiter;
        let end = after.iter().position(|byte| Some(*byte) == delimiter);
        let (tail, next) = after.split_at_checked(end.unwrap_or(after.len()))?;
        self.rest = end.map(|_| next.split_first().map_or(next, |(_, next)| next));
        let malformed = quoted.is_some() && tail.iter().any(|byte| !matches!(byte, b' ' | b'\t'));
        Some(Cell { text: quoted.unwrap_or(tail), quoted: quoted.is_some(), malformed })
    }
}

/// Bytes before the closing quote, or all where there is none.
fn quoted_length(inner: &[u8]) -> usize {
    let mut bytes = inner.iter().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        if *byte == b'"' && bytes.next_if(|(_, next)| **next == b'"').is_none() {
            return at;
        }
    }
    inner.len()
}

/// The text of a header's cell, two quotes made one.
pub fn title(cell: Cell<'_>) -> Box<str> {
    let mut text = Vec::new();
    let mut bytes = trimmed(cell.text).iter().peekable();
    while let Some(byte) = bytes.next() {
        text.push(*byte);
        if cell.quoted && *byte == b'"' {
            bytes.next_if(|next| **next == b'"');
        }
    }
    String::from_utf8(text).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: Grammar = Grammar { delimiter: Some(b','), quotes: true };

    fn texts(record: &str) -> Vec<(String, bool)> {
        cells(record.as_bytes(), COMMA)
            .map(|cell| (String::from_utf8(cell.text.to_vec()).unwrap(), cell.malformed))
            .collect()
    }

    #[test]
    fn fields_follow_rfc_4180() {
        let good = |text: &str| (text.to_owned(), false);
        let bad = |text: &str| (text.to_owned(), true);
        assert_eq!(texts("a,b"), [good("a"), good("b")]);
        assert_eq!(texts(""), [good("")]);
        assert_eq!(texts(",a,"), [good(""), good("a"), good("")]);
        assert_eq!(texts("\"a,b\",c"), [good("a,b"), good("c")]);
        assert_eq!(texts("\"a\"\"b\",\"\""), [good("a\"\"b"), good("")]);
        assert_eq!(texts("\"a\r\nb\" ,c"), [good("a\r\nb"), good("c")]);
        assert_eq!(texts("5\" pipe,\"a\"b"), [good("5\" pipe"), bad("a")]);
        assert_eq!(texts("\"open,1"), [good("open,1")]);
    }

    #[test]
    fn a_title_has_its_quotes_undone() {
        let cell = cells(b"\" the \"\"id\"\" \"", COMMA).next().unwrap();
        assert_eq!(&*title(cell), "the \"id\"");
    }

    #[test]
    fn records_end_at_line_breaks_outside_quotes() {
        let cases: [(&str, Option<usize>, u64); 7] = [
            ("ab\ncd", Some(2), 0),
            ("ab\r\n", Some(2), 0),
            ("\"a\nb\r\nc\rd\"\n", Some(10), 3),
            ("\"a\"\"\n\"\n", Some(6), 1),
            ("a\"b\n", Some(3), 0),
            ("ab", None, 0),
            ("\"a\n", None, 1),
        ];
        for (text, end, breaks) in cases {
            let mut scan = RecordScan::default();
            assert_eq!(scan.end_in(text.as_bytes(), COMMA), end, "{text:?}");
            assert_eq!(scan.breaks, breaks, "{text:?}");
            let mut scan = RecordScan::default();
            let at = text.bytes().position(|byte| scan.end_in(&[byte], COMMA).is_some());
            assert_eq!((at, scan.breaks), (end, breaks), "{text:?} byte by byte");
        }
    }
}
