//! The text of JSON strings: decoded only where it matters.

use crate::scan::digits::parse_integer;
use crate::scan::token::Text;
use alloc::string::String;

/// The decoding of a [`Text`].
pub(super) trait Decode<'a> {
    fn equals(&self, text: &str) -> bool;

    /// The exact text; `None` if it is longer than `bytes_max` or has half a surrogate pair, which
    /// UTF-8 cannot hold.
    fn exact(&self, bytes_max: usize) -> Option<String>;

    /// Appends the text for display, until `into` would be longer than `bytes_max`. Characters that
    /// control a terminal or the direction of writing become blanks.
    fn readable(&self, into: &mut String, bytes_max: usize);

    /// A code as a string: an integer without escapes.
    fn integer(&self) -> Option<i64>;
}

impl<'a> Decode<'a> for Text<'a> {
    #[inline]
    fn equals(&self, text: &str) -> bool {
        match self.plain() {
            Some(raw) => raw == text.as_bytes(),
            None => decode(self).eq(text.chars().map(Some)),
        }
    }

    fn exact(&self, bytes_max: usize) -> Option<String> {
        let mut text = String::new();
        for letter in decode(self) {
            text.push(letter?);
            if text.len() > bytes_max {
                return None;
            }
        }
        Some(text)
    }

    fn readable(&self, into: &mut String, bytes_max: usize) {
        for letter in decode(self) {
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

    fn integer(&self) -> Option<i64> {
        parse_integer(self.plain()?)
    }
}

/// The characters; `None` for half a surrogate pair.
fn decode<'a>(text: &Text<'a>) -> Decoder<'a> {
    Decoder { letters: core::str::from_utf8(text.raw()).unwrap_or_default().chars() }
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

#[cfg(test)]
mod tests {
    use super::*;

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
        text("é").readable(&mut short, 6);
        assert_eq!(short, "abcdé", "as long as it may be");
        let mut steering = String::new();
        text("\u{200e}\u{200f}\u{2028}\u{202d}\u{2066}\u{2069}").readable(&mut steering, 100);
        assert_eq!(steering, "      ");
        let mut harmless = String::new();
        text("\u{200d}\u{2010}\u{2027}\u{202f}\u{2065}\u{206a}").readable(&mut harmless, 100);
        assert_eq!(harmless, "\u{200d}\u{2010}\u{2027}\u{202f}\u{2065}\u{206a}");
        assert_eq!(text("abc").exact(2), None);
        assert_eq!(text("abc").exact(3).as_deref(), Some("abc"));
    }

    #[test]
    fn codes_are_integers_without_escapes() {
        assert_eq!(text("-401").integer(), Some(-401));
        assert_eq!(text(r"40\u0031").integer(), None);
    }
}
