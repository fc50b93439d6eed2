//! The text of JSON strings and the integers of JSON numbers: decoded only where it matters.

use super::scan::Number;
use super::swar::{digits_value, load};
use alloc::string::String;

/// A string as it was written between its quotes: valid UTF-8 with valid escapes.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    raw: &'a [u8],
    escaped: bool,
}

impl<'a> Text<'a> {
    pub fn new(raw: &'a [u8], escaped: bool) -> Self {
        Self { raw, escaped }
    }

    /// The text where it needs no decoding.
    #[inline]
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

    #[inline]
    pub fn equals(&self, text: &str) -> bool {
        match self.plain() {
            Some(raw) => raw == text.as_bytes(),
            None => self.decode().eq(text.chars().map(Some)),
        }
    }

    /// The text, exactly; `None` if it is longer than `bytes_max` or has half a surrogate pair,
    /// which no text can hold.
    pub fn exact(&self, bytes_max: usize) -> Option<String> {
        let mut text = String::new();
        for letter in self.decode() {
            text.push(letter?);
            if text.len() > bytes_max {
                return None;
            }
        }
        Some(text)
    }

    /// Appends the text for people to read, until `into` would be longer than `bytes_max`.
    /// Characters that steer a terminal or the direction of writing become blanks.
    pub fn readable(&self, into: &mut String, bytes_max: usize) {
        for letter in self.decode() {
            let letter = match letter.unwrap_or(char::REPLACEMENT_CHARACTER) {
                steering if steers(steering) => ' ',
                letter => letter,
            };
            if into.len().saturating_add(letter.len_utf8()) > bytes_max {
                return;
            }
            into.push(letter);
        }
    }

    /// A code as a string: an integer without escapes.
    pub fn integer(&self) -> Option<i64> {
        parse_integer(self.plain()?)
    }

    /// The characters; `None` for half a surrogate pair.
    fn decode(&self) -> Decoder<'a> {
        Decoder { letters: core::str::from_utf8(self.raw).unwrap_or_default().chars() }
    }
}

/// Control characters, line and paragraph separators, marks and overrides of direction.
fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2066}'..='\u{2069}')
}

struct Decoder<'a> {
    letters: core::str::Chars<'a>,
}

impl Iterator for Decoder<'_> {
    type Item = Option<char>;

    #[inline(never)]
    fn next(&mut self) -> Option<Option<char>> {
        let letter = self.letters.next()?;
        if letter != '\\' {
            return Some(Some(letter));
        }
        Some(match self.letters.next()? {
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => self.unicode(),
            other => Some(other),
        })
    }
}

impl Decoder<'_> {
    /// A code unit, with the one after it where the two are a pair.
    fn unicode(&mut self) -> Option<char> {
        let high = self.unit();
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high);
        }
        let mut ahead = Decoder { letters: self.letters.clone() };
        if ahead.letters.next() != Some('\\') || ahead.letters.next() != Some('u') {
            return None;
        }
        let low = ahead.unit();
        if !(0xdc00..0xe000).contains(&low) {
            return None;
        }
        self.letters = ahead.letters;
        let pair = (high & 0x3ff) << 10 | (low & 0x3ff);
        char::from_u32(pair.wrapping_add(0x1_0000))
    }

    fn unit(&mut self) -> u32 {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.letters.next().and_then(|digit| digit.to_digit(16));
            unit = unit << 4 | digit.unwrap_or(0);
        }
        unit
    }
}

impl Number<'_> {
    /// The value, if it was written as an integer and is a Long.
    #[inline]
    pub fn long(&self) -> Option<i64> {
        if self.integer { parse_integer(self.raw) } else { None }
    }
}

/// Reads digits with an optional minus sign; `None` for anything else and beyond a Long.
#[inline]
fn parse_integer(text: &[u8]) -> Option<i64> {
    match text.split_first() {
        Some((b'-', digits)) => parse_digits(digits)?.checked_neg(),
        _ => parse_digits(text),
    }
}

/// Reads nothing but ASCII digits, at least one; `None` beyond a Long.
#[inline]
pub(super) fn parse_digits(text: &[u8]) -> Option<i64> {
    // The largest Long has 19 digits, and nothing here is padded with zeros.
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    let mut value = 0_u64;
    let mut rest = text;
    while let Some(word) = load(rest, 0) {
        if super::swar::digit_count(word) < 8 {
            return None;
        }
        value = value.wrapping_mul(100_000_000).wrapping_add(digits_value(word, 8));
        rest = rest.get(8..).unwrap_or_default();
    }
    for digit in rest {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit.wrapping_sub(b'0')));
    }
    // 19 digits are below 10^19 and so within 64 bits: nothing has wrapped.
    i64::try_from(value).ok()
}

/// A customer id as a key or a number must be written: digits, no leading zero, above zero.
#[inline]
pub(super) fn parse_customer(text: &[u8]) -> Option<i64> {
    match text.first() {
        Some(b'1'..=b'9') => parse_digits(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(raw: &str) -> Text<'_> {
        Text::new(raw.as_bytes(), raw.contains('\\'))
    }

    #[test]
    fn escapes_are_decoded_once() {
        for (raw, decoded) in [
            (r"a\u0041b", "aAb"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u00e9é", "éé"),
            (r"\uD83D\uDE00!", "😀!"),
            (r"\\u0041", r"\u0041"),
        ] {
            assert!(text(raw).equals(decoded), "{raw}");
            assert_eq!(text(raw).exact(256).as_deref(), Some(decoded));
            assert!(!text(raw).equals("other"));
        }
    }

    #[test]
    fn half_a_pair_is_no_text_but_stays_readable() {
        for raw in [r"\uD83D", r"\uD83Dx", r"\uDE00", r"\uD83D\n", r"\uD83D\u0041"] {
            assert_eq!(text(raw).exact(256), None, "{raw}");
        }
        let mut message = String::new();
        text(r"a\uD83D\u0041").readable(&mut message, 100);
        assert_eq!(message, "a\u{fffd}A");
    }

    #[test]
    fn readable_text_is_bounded_and_steers_nothing() {
        let mut message = String::new();
        text("\u{9b}31m=cmd()\\u001b[0m\\r\\n<b>\u{202e}é").readable(&mut message, 100);
        assert_eq!(message, " 31m=cmd() [0m  <b> é");
        let mut short = String::from("ab");
        text("cdéf").readable(&mut short, 5);
        assert_eq!(short, "abcd");
        assert_eq!(text("abc").exact(2), None);
    }

    #[test]
    fn integers_are_longs_written_plainly() {
        for (raw, value) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("401", Some(401)),
            ("9223372036854775807", Some(i64::MAX)),
            ("9223372036854775808", None),
            ("9999999999999999999", None),
            ("00000000000000000000001", None),
            ("12345678x", None),
            ("x12345678", None),
            ("", None),
            ("-", None),
            ("--1", None),
            ("4 1", None),
        ] {
            assert_eq!(text(raw).integer(), value, "{raw}");
        }
        assert_eq!(text(r"40\u0031").integer(), None);
        for (raw, value) in [("7", Some(7)), ("0", None), ("07", None), ("-7", None), ("", None)] {
            assert_eq!(parse_customer(raw.as_bytes()), value, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn digits_are_what_the_standard_library_reads(raw in "[0-9]{0,22}") {
            let value = if raw.len() > 19 { None } else { raw.parse::<i64>().ok() };
            prop_assert_eq!(parse_digits(raw.as_bytes()), value);
        }
    }
}
