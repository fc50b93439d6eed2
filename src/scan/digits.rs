//! Plain digits to numbers, eight at a time.
//!
//! Most of these read only the usual case, a number with more bytes after it: everything else is
//! `None` and goes to the general way of the caller.

use super::swar::{digit_count, digits_value, load, low_bytes, shifted, words};

/// The positive Long at the start of `bytes` and how many digits it has. `None` where there is none
/// (a leading zero, too large, no digit) and also where fewer than 24 bytes are left.
#[inline(always)]
pub fn leading(bytes: &[u8]) -> Option<(i64, usize)> {
    let digits = Digits::read(bytes.first_chunk()?)?;
    Some((digits.value, digits.count))
}

/// The digits of a customer id, still as they were written.
pub struct Digits {
    text: [u64; 3],
    pub count: usize,
    pub value: i64,
}

impl Digits {
    /// Digits of a customer id: no leading zero, a positive Long.
    #[inline(always)]
    pub fn read(window: &[u8; 24]) -> Option<Self> {
        let text = words(window);
        let [first, second, third] = text;
        if first & 0xff == u64::from(b'0') {
            return None;
        }
        let mut count = digit_count(first);
        let mut value = digits_value(first, count);
        if count == 8 {
            let more = digit_count(second);
            value = shifted(value, more)?.wrapping_add(digits_value(second, more));
            count = more.wrapping_add(8);
        }
        if count == 16 {
            // Up to 19 digits are within 64 bits; whether they are a Long shows at the end.
            let more = digit_count(third);
            if more > 3 {
                return None;
            }
            value = shifted(value, more)?.wrapping_add(digits_value(third, more));
            count = more.wrapping_add(16);
        }
        if count == 0 {
            return None;
        }
        Some(Self { text, count, value: i64::try_from(value).ok()? })
    }

    /// The number of digits, if the same ones begin here. What follows is compared as text, which
    /// never begins with a digit behind a number.
    #[inline(always)]
    pub fn repeated(&self, window: &[u8; 24]) -> Option<usize> {
        let [[first, second, third], [a, b, c]] = [words(window), self.text];
        let part = |bytes| low_bytes(self.count.wrapping_sub(bytes));
        let difference = match self.count {
            ..=8 => (first ^ a) & part(0),
            9..=16 => (first ^ a) | (second ^ b) & part(8),
            _ => (first ^ a) | (second ^ b) | (third ^ c) & part(16),
        };
        if difference == 0 { Some(self.count) } else { None }
    }
}

/// A plain integer of up to 15 digits at the start of these bytes, and its length. `None` also for
/// what JSON does not allow and where fewer than 16 bytes are left.
#[inline(always)]
pub fn short_integer(bytes: &[u8]) -> Option<(i64, usize)> {
    let (first, second) = (load(bytes, 0)?, load(bytes, 8)?);
    let mut count = digit_count(first);
    let mut value = digits_value(first, count);
    if count == 8 {
        let more = digit_count(second);
        value = shifted(value, more)?.wrapping_add(digits_value(second, more));
        count = more.wrapping_add(8);
    }
    // A zero is a whole number only alone; sixteen digits may be more.
    if count == 0 || count == 16 || (count > 1 && first & 0xff == u64::from(b'0')) {
        return None;
    }
    Some((i64::try_from(value).ok()?, count))
}

/// Reads digits with an optional minus sign; `None` for anything else and beyond a Long.
pub fn parse_integer(text: &[u8]) -> Option<i64> {
    match text.split_first() {
        Some((b'-', digits)) => parse_digits(digits)?.checked_neg(),
        _ => parse_digits(text),
    }
}

/// Reads nothing but ASCII digits, at least one; `None` beyond a Long.
pub fn parse_digits(text: &[u8]) -> Option<i64> {
    // The largest Long has 19 digits, and nothing here is padded with zeros.
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    let mut value = 0_u64;
    let mut rest = text;
    while let Some(word) = load(rest, 0) {
        if digit_count(word) < 8 {
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
pub fn parse_customer(text: &[u8]) -> Option<i64> {
    match text.first() {
        Some(b'1'..=b'9') => parse_digits(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_length_agrees_with_the_standard_library() {
        for length in 1..=25_usize {
            for lead in *b"019" {
                let mut text = vec![lead];
                text.extend((1..length).map(|i| b'0' + u8::try_from(i * 7 % 10).unwrap()));
                let value = String::from_utf8(text.clone()).unwrap().parse::<i64>().ok();
                let expected = value.filter(|_| lead != b'0').map(|value| (value, length));
                for end in [b',', b'\n', b' ', b'/', b':', 0xff, 0] {
                    let mut padded = text.clone();
                    padded.push(end);
                    padded.extend(b"999999999999999999999999");
                    assert_eq!(leading(&padded), expected, "{}", String::from_utf8_lossy(&padded));
                }
            }
        }
    }

    #[test]
    fn digits_are_found_again_whatever_follows_and_no_others_are() {
        let window = |text: &str, end: u8| {
            let mut window = [end; 24];
            window[..text.len()].copy_from_slice(text.as_bytes());
            window
        };
        for length in 1..=19_usize {
            let text = &"1234567890123456789"[..length];
            let digits = Digits::read(&window(text, b',')).unwrap();
            for end in *b",} \xff" {
                assert_eq!(digits.repeated(&window(text, end)), Some(length), "{text}");
            }
            // One digit is another, or two that stand at the same place of two words are.
            for (one, two) in (0..length).flat_map(|at| [(at, at), (at, at + 8), (at, at + 16)]) {
                if two < length {
                    let mut other = window(text, b',');
                    other[one] ^= 1;
                    other[two] = text.as_bytes()[two] ^ 1;
                    assert_eq!(digits.repeated(&other), None, "{text} but for {one} and {two}");
                }
            }
        }
    }

    #[test]
    fn the_largest_long_is_the_last() {
        assert_eq!(leading(b"9223372036854775807,    "), Some((i64::MAX, 19)));
        assert_eq!(leading(b"9223372036854775808,    "), None);
        assert_eq!(leading(b"9007199254740993,       "), Some((9_007_199_254_740_993, 16)));
    }

    #[test]
    fn what_is_no_id_or_too_near_to_the_end_is_left_to_others() {
        for text in ["", "123", "0123456789,             ", "x23456789               "] {
            assert_eq!(leading(text.as_bytes()), None, "{text}");
        }
        assert_eq!(leading(b"123,                   "), None);
    }

    #[test]
    fn short_integers_are_whole_and_followed_by_something_else() {
        for (text, expected) in [
            ("0,234567890123456", Some((0, 1))),
            ("7}               ", Some((7, 1))),
            ("12345678,0000000 ", Some((12_345_678, 8))),
            ("123456789.5      ", Some((123_456_789, 9))),
            ("123456789012345e1", Some((123_456_789_012_345, 15))),
            ("1234567890123456,", None),
            ("01,              ", None),
            ("-1,              ", None),
            ("null,            ", None),
            ("1,", None),
            ("", None),
        ] {
            assert_eq!(short_integer(text.as_bytes()), expected, "{text}");
        }
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
            assert_eq!(parse_integer(raw.as_bytes()), value, "{raw}");
        }
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
