//! The tokens of JSON (RFC 8259), read strictly and without copying.
//!
//! Every function is given bytes of which more may follow. What ends before it is complete is
//! [`Stop::More`], never a guess; the caller goes back to where the unit began and waits.

use super::digits::parse_integer;
use super::swar::{digit_run, plain_run};

/// Why reading stopped early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The bytes so far are a beginning.
    More,
    /// Not JSON, whatever follows.
    Bad,
}

pub type Step<T> = Result<T, Stop>;

/// A place in the bytes.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A number as it was written.
#[derive(Clone, Copy)]
pub struct Number<'a> {
    pub raw: &'a [u8],
    /// Without point and exponent.
    pub integer: bool,
}

impl Number<'_> {
    /// The value, if it was written as an integer and is a Long.
    pub fn long(&self) -> Option<i64> {
        if self.integer { parse_integer(self.raw) } else { None }
    }
}

/// A string as it was written between its quotes: valid UTF-8 with valid escapes.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    pub fn new(raw: &'a [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// The text where it needs no decoding.
    #[inline(always)]
    pub fn plain(&self) -> Option<&'a [u8]> {
        if self.escaped { None } else { Some(self.raw) }
    }

    /// The text as it was written.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
}

/// A value that holds no others.
#[derive(Clone, Copy)]
pub enum Scalar<'a> {
    Null,
    False,
    True,
    Number(Number<'a>),
    Text(Text<'a>),
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn at(&self) -> usize {
        self.at
    }

    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The bytes read since a position.
    pub fn since(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    /// Goes to a place that is known, mostly back.
    pub fn rewind(&mut self, at: usize) {
        self.at = at;
    }

    /// Skips whitespace and returns the next byte, without taking it.
    #[inline(always)]
    pub fn peek(&mut self) -> Step<u8> {
        match self.bytes.get(self.at) {
            Some(byte) if *byte > b' ' => Ok(*byte),
            _ => self.peek_behind_space(),
        }
    }

    #[inline(never)]
    fn peek_behind_space(&mut self) -> Step<u8> {
        loop {
            match self.bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at = self.at.wrapping_add(1),
                Some(byte) => return Ok(*byte),
                None => return Err(Stop::More),
            }
        }
    }

    /// Takes one byte that was peeked at.
    #[inline(always)]
    pub fn advance(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    /// Skips whitespace and takes this byte.
    #[inline(always)]
    pub fn expect(&mut self, byte: u8) -> Step<()> {
        if self.peek()? != byte {
            return Err(Stop::Bad);
        }
        self.advance();
        Ok(())
    }

    /// A key and its colon.
    #[inline(always)]
    pub fn key(&mut self) -> Step<Text<'a>> {
        if self.peek()? != b'"' {
            return Err(Stop::Bad);
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(key)
    }

    /// After a value: takes a comma (true) or `close` (false).
    #[inline(always)]
    pub fn another(&mut self, close: u8) -> Step<bool> {
        let byte = self.peek()?;
        if byte != b',' && byte != close {
            return Err(Stop::Bad);
        }
        self.advance();
        Ok(byte == b',')
    }

    /// After an opening bracket: takes `close` if it follows at once (true).
    #[inline(always)]
    pub fn closes(&mut self, close: u8) -> Step<bool> {
        let closes = self.peek()? == close;
        if closes {
            self.advance();
        }
        Ok(closes)
    }

    /// A value that holds no others; [`Stop::Bad`] where none begins.
    #[inline]
    pub fn scalar(&mut self) -> Step<Scalar<'a>> {
        match self.peek()? {
            b'"' => self.string().map(Scalar::Text),
            b'-' | b'0'..=b'9' => self.number().map(Scalar::Number),
            b'n' => self.word(b"null").map(|()| Scalar::Null),
            b't' => self.word(b"true").map(|()| Scalar::True),
            b'f' => self.word(b"false").map(|()| Scalar::False),
            _ => Err(Stop::Bad),
        }
    }

    /// A string, from its opening quote on.
    #[inline]
    fn string(&mut self) -> Step<Text<'a>> {
        let rest = self.bytes.get(self.at.wrapping_add(1)..).ok_or(Stop::More)?;
        let mut escaped = false;
        let mut ascii = true;
        let mut end = 0_usize;
        loop {
            end = plain_run(rest, end);
            match rest.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    end = end.wrapping_add(escape_len(rest.get(end..).unwrap_or_default())?);
                }
                Some(0x80..) => {
                    ascii = false;
                    end = end.wrapping_add(1);
                }
                Some(_) => return Err(Stop::Bad),
                None => return Err(Stop::More),
            }
        }
        let raw = rest.get(..end).unwrap_or_default();
        if !ascii && core::str::from_utf8(raw).is_err() {
            return Err(Stop::Bad);
        }
        self.at = self.at.wrapping_add(end).wrapping_add(2);
        Ok(Text::new(raw, escaped))
    }

    /// A number, from its first byte on. Only the byte after it shows that it has ended.
    #[inline]
    fn number(&mut self) -> Step<Number<'a>> {
        let rest = self.rest();
        let mut end = usize::from(rest.first() == Some(&b'-'));
        let mut integer = true;
        end = match rest.get(end) {
            Some(b'0') => end.wrapping_add(1),
            _ => digits(rest, end)?,
        };
        if rest.get(end) == Some(&b'.') {
            integer = false;
            end = digits(rest, end.wrapping_add(1))?;
        }
        if let Some(b'e' | b'E') = rest.get(end) {
            integer = false;
            let signed = matches!(rest.get(end.wrapping_add(1)), Some(b'+' | b'-'));
            end = digits(rest, end.wrapping_add(1).wrapping_add(usize::from(signed)))?;
        }
        if end >= rest.len() {
            return Err(Stop::More);
        }
        self.at = self.at.wrapping_add(end);
        Ok(Number { raw: rest.get(..end).unwrap_or_default(), integer })
    }

    fn word(&mut self, word: &[u8]) -> Step<()> {
        let rest = self.rest();
        if rest.starts_with(word) {
            self.at = self.at.wrapping_add(word.len());
            return Ok(());
        }
        if word.starts_with(rest) { Err(Stop::More) } else { Err(Stop::Bad) }
    }
}

/// The end of one or more digits that begin at `at`.
#[inline(always)]
fn digits(bytes: &[u8], at: usize) -> Step<usize> {
    let end = digit_run(bytes, at);
    if end != at {
        return Ok(end);
    }
    if at >= bytes.len() { Err(Stop::More) } else { Err(Stop::Bad) }
}

/// The length of an escape sequence, from its backslash on.
fn escape_len(bytes: &[u8]) -> Step<usize> {
    match bytes.get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') => {
            // If fewer are there, the string goes on beyond the bytes.
            let mut hex = bytes.get(2..).unwrap_or_default().iter().take(4);
            if hex.all(u8::is_ascii_hexdigit) { Ok(6) } else { Err(Stop::Bad) }
        }
        Some(_) => Err(Stop::Bad),
        None => Err(Stop::More),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The end of the scalar, or the reason why it has none.
    fn scan(text: &str) -> Step<usize> {
        let mut cursor = Cursor::new(text.as_bytes());
        cursor.scalar().map(|_| cursor.at())
    }

    #[test]
    fn numbers_follow_the_grammar() {
        for good in ["0", "-0", "10", "1.5", "-1.5e10", "1E+2", "0e-9", "12345678901234567890"] {
            assert_eq!(scan(&format!("{good},")), Ok(good.len()), "{good}");
            assert_eq!(scan(good), Err(Stop::More), "{good} may go on");
        }
        for bad in
            ["-,", "1.,", "1.e5,", "1e,", "1e+,", "-a", "+1", ".5", "1.-5", "NaN", "Infinity"]
        {
            assert_eq!(scan(bad), Err(Stop::Bad), "{bad}");
        }
        for more in ["-", "1.", "1e", "1e+", "1.5E-"] {
            assert_eq!(scan(more), Err(Stop::More), "{more}");
        }
        // The next token shows the fault of a leading zero.
        assert_eq!(scan("01,"), Ok(1));
    }

    #[test]
    fn strings_follow_the_grammar() {
        for good in
            [r#""""#, r#""abc""#, r#""\"\\\/\b\f\n\r\t""#, r#""\u00e9\uD83D\uDE00""#, "\"é😀\""]
        {
            assert_eq!(scan(good), Ok(good.len()), "{good}");
            for cut in 1..good.len() {
                if good.is_char_boundary(cut) {
                    assert_eq!(scan(&good[..cut]), Err(Stop::More), "{good} cut at {cut}");
                }
            }
        }
        for bad in [r#""\a""#, r#""\u12g4""#, r#""\u12"x"#, "\"a\nb\"", "\"\0\"", "\"\u{1f}\""] {
            assert_eq!(scan(bad), Err(Stop::Bad), "{bad:?}");
        }
        assert_eq!(Cursor::new(b"\"\xff\"").scalar().err(), Some(Stop::Bad));
        assert_eq!(Cursor::new(b"\"\xc3\"").scalar().err(), Some(Stop::Bad));
        assert_eq!(Cursor::new(b"\"\xed\xa0\x80\"").scalar().err(), Some(Stop::Bad));
    }

    #[test]
    fn what_was_read_lies_between_two_places() {
        let mut cursor = Cursor::new(b" 12 , \"a\" ]");
        assert_eq!((cursor.peek(), cursor.at()), (Ok(b'1'), 1));
        assert!(cursor.scalar().is_ok() && cursor.another(b']') == Ok(true));
        assert_eq!((cursor.since(1), cursor.rest()), (&b"12 ,"[..], &b" \"a\" ]"[..]));
        assert!(cursor.scalar().is_ok() && cursor.another(b']') == Ok(false));
        assert_eq!((cursor.since(5), cursor.rest()), (&b" \"a\" ]"[..], &b""[..]));
        assert_eq!((cursor.since(99), cursor.peek()), (&b""[..], Err(Stop::More)));
    }

    #[test]
    fn words_are_exact() {
        for (text, expected) in [
            ("null", Ok(4)),
            ("true,", Ok(4)),
            ("false", Ok(5)),
            ("nul", Err(Stop::More)),
            ("f", Err(Stop::More)),
            ("nulx", Err(Stop::Bad)),
            ("True", Err(Stop::Bad)),
            ("undefined", Err(Stop::Bad)),
        ] {
            assert_eq!(scan(text), expected, "{text}");
        }
    }
}
