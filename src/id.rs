//! Exact identifiers. A customer id is a 64-bit Long and never passes through a float.

mod list;

pub use list::IdList;

use crate::decimal;
use crate::scan::digits::parse_digits;
use crate::scan::swar::hex_id;
use crate::text;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// A customer's id: a positive 64-bit Long (seed, "Request Body Parameters").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct CustomerId(i64);

/// The reason why a text or a number is not a customer id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdError {
    /// Empty.
    Empty,
    /// Characters other than the ASCII digits 0-9: signs, blanks, points, exponents, other scripts.
    NotDigits,
    /// A leading zero: written as a number it would be another text.
    LeadingZero,
    /// Zero or a negative number.
    NotPositive,
    /// Above 9223372036854775807, the largest Long.
    TooLarge,
    /// A JavaScript number with a fraction, above `Number.MAX_SAFE_INTEGER`, or not finite.
    NotExact,
}

impl IdError {
    pub const ALL: [Self; 6] = [
        Self::Empty,
        Self::NotDigits,
        Self::LeadingZero,
        Self::NotPositive,
        Self::TooLarge,
        Self::NotExact,
    ];

    /// The stable code of the reason, as the report gives it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotDigits => "not-digits",
            Self::LeadingZero => "leading-zero",
            Self::NotPositive => "not-positive",
            Self::TooLarge => "too-large",
            Self::NotExact => "not-exact",
        }
    }
}

/// `Number.MAX_SAFE_INTEGER`: above it a JavaScript number may already be another customer.
const NUMBER_EXACT_MAX: f64 = 9_007_199_254_740_991.0;

impl CustomerId {
    pub const fn new(value: i64) -> Result<Self, IdError> {
        if value > 0 { Ok(Self(value)) } else { Err(IdError::NotPositive) }
    }

    pub const fn get(self) -> i64 {
        self.0
    }

    /// Reads plain ASCII digits; the text must be what [`CustomerId::write`] would write.
    pub fn parse(text: &[u8]) -> Result<Self, IdError> {
        let Some(first) = text.first() else { return Err(IdError::Empty) };
        if !text.iter().all(u8::is_ascii_digit) {
            return Err(Self::reason_for_other_text(text));
        }
        if *first == b'0' {
            return Err(if text.len() == 1 { IdError::NotPositive } else { IdError::LeadingZero });
        }
        parse_digits(text).map(Self).ok_or(IdError::TooLarge)
    }

    /// A minus sign before digits is a number, but no customer's.
    fn reason_for_other_text(text: &[u8]) -> IdError {
        match text.split_first() {
            Some((b'-', rest)) if !rest.is_empty() && rest.iter().all(u8::is_ascii_digit) => {
                IdError::NotPositive
            }
            _ => IdError::NotDigits,
        }
    }

    /// Takes a JavaScript number only where it is certainly the integer its writer meant.
    pub fn from_number(number: f64) -> Result<Self, IdError> {
        if !number.is_finite() || number % 1.0 != 0.0 || number.abs() > NUMBER_EXACT_MAX {
            return Err(IdError::NotExact);
        }
        // Exact by the test above: an integer of at most 53 bits.
        Self::new(number as i64)
    }

    /// Appends the decimal digits.
    pub fn write(self, out: &mut Vec<u8>) {
        decimal::write_unsigned(self.0.unsigned_abs(), out);
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A promotion's id: 1 to 64 of `0-9 A-Z a-z _ -`.
///
/// Observed ids are 24 hex digits (api.md 2). The narrow alphabet is the safety: `.` and `..`
/// would be collapsed out of the path by every URL parser, encoded or not (reliability.md b).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PromotionId(Box<str>);

/// The reason why a promotion id cannot be part of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromotionIdError {
    Empty,
    TooLong,
    /// A character outside `0-9 A-Z a-z _ -`.
    Character,
}

pub const PROMOTION_ID_BYTES_MAX: usize = 64;

impl PromotionId {
    pub fn new(text: &str) -> Result<Self, PromotionIdError> {
        if text.is_empty() {
            return Err(PromotionIdError::Empty);
        }
        if text.len() > PROMOTION_ID_BYTES_MAX {
            return Err(PromotionIdError::TooLong);
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !text.bytes().all(allowed) {
            return Err(PromotionIdError::Character);
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The issuance context (`contextId`), which comes back as `earnedFromId`.
///
/// 1 to 128 bytes of UTF-8 without control characters. The service documents no limit; spaces,
/// letters and 24-hex ids were observed (api.md 2), the bound is reliability.md (f).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContextId(Box<str>);

/// The reason why a context id is refused before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextIdError {
    Empty,
    TooLong,
    ControlCharacter,
    /// U+FFFD, which replaces a character that was lost earlier, such as half a surrogate pair.
    LostCharacter,
}

pub const CONTEXT_ID_BYTES_MAX: usize = 128;

impl ContextId {
    pub fn new(text: &str) -> Result<Self, ContextIdError> {
        if text.is_empty() {
            return Err(ContextIdError::Empty);
        }
        if text.len() > CONTEXT_ID_BYTES_MAX {
            return Err(ContextIdError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(ContextIdError::ControlCharacter);
        }
        if text.contains(char::REPLACEMENT_CHARACTER) {
            return Err(ContextIdError::LostCharacter);
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An issuance id of 24 lower-case hex digits in 12 bytes; any other id is kept as text.
pub type PackedIssuanceId = [u8; 12];

/// Packs 24 lower-case hex digits; `None` for anything else, so that unpacking is exact.
pub fn pack_issuance_id(text: &[u8]) -> Option<PackedIssuanceId> {
    hex_id(text.as_array()?)
}

/// The 24 digits that [`pack_issuance_id`] took.
pub fn unpack_issuance_id(packed: &PackedIssuanceId) -> String {
    text::hex(packed)
}

/// The number of a batch in its job: 0, 1, 2 ... in the order of sealing and splitting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub u32);

/// The number of a sending of a batch, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptNumber(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customer_ids_are_plain_positive_longs() {
        let cases: [(&str, Result<i64, IdError>); 17] = [
            ("555567088", Ok(555_567_088)),
            ("1", Ok(1)),
            ("9007199254740993", Ok(9_007_199_254_740_993)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("9223372036854775808", Err(IdError::TooLarge)),
            ("99999999999999999999999", Err(IdError::TooLarge)),
            ("", Err(IdError::Empty)),
            ("0", Err(IdError::NotPositive)),
            ("-5", Err(IdError::NotPositive)),
            ("00123", Err(IdError::LeadingZero)),
            ("+5", Err(IdError::NotDigits)),
            ("5.0", Err(IdError::NotDigits)),
            ("1e9", Err(IdError::NotDigits)),
            ("1 2", Err(IdError::NotDigits)),
            ("0x1f", Err(IdError::NotDigits)),
            ("１２３", Err(IdError::NotDigits)),
            ("-", Err(IdError::NotDigits)),
        ];
        for (text, expected) in cases {
            let got = CustomerId::parse(text.as_bytes()).map(CustomerId::get);
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn numbers_are_taken_only_where_they_are_exact() {
        let cases: [(f64, Result<i64, IdError>); 9] = [
            (555_567_088.0, Ok(555_567_088)),
            (9_007_199_254_740_991.0, Ok(9_007_199_254_740_991)),
            (9_007_199_254_740_992.0, Err(IdError::NotExact)),
            (5.5, Err(IdError::NotExact)),
            (f64::NAN, Err(IdError::NotExact)),
            (f64::INFINITY, Err(IdError::NotExact)),
            (0.0, Err(IdError::NotPositive)),
            (-0.0, Err(IdError::NotPositive)),
            (-7.0, Err(IdError::NotPositive)),
        ];
        for (number, expected) in cases {
            assert_eq!(CustomerId::from_number(number).map(CustomerId::get), expected, "{number}");
        }
    }

    #[test]
    fn digits_come_back_as_they_were_given() {
        for text in ["1", "10", "555567088", "9007199254740993", "9223372036854775807"] {
            let mut out = Vec::new();
            CustomerId::parse(text.as_bytes()).unwrap().write(&mut out);
            assert_eq!(out, text.as_bytes());
        }
    }

    #[test]
    fn promotion_ids_cannot_leave_their_place_in_the_path() {
        assert!(PromotionId::new("67dd4210ef21a64211227e04").is_ok());
        assert!(PromotionId::new(&"a".repeat(64)).is_ok());
        for text in ["..", ".", "a/b", "a%2fb", "a b", "a\r\n", "ä", "a?b", "a#b", "a\\b"] {
            assert_eq!(PromotionId::new(text), Err(PromotionIdError::Character), "{text}");
        }
        assert_eq!(PromotionId::new(""), Err(PromotionIdError::Empty));
        assert_eq!(PromotionId::new(&"a".repeat(65)), Err(PromotionIdError::TooLong));
    }

    #[test]
    fn context_ids_are_any_text_without_control_characters() {
        for text in ["973", "2 items in cart", "100 % & more #1", "🎁"] {
            assert!(ContextId::new(text).is_ok(), "{text}");
        }
        assert_eq!(ContextId::new(""), Err(ContextIdError::Empty));
        assert_eq!(ContextId::new("a\nb"), Err(ContextIdError::ControlCharacter));
        assert_eq!(ContextId::new("a\u{fffd}"), Err(ContextIdError::LostCharacter));
        assert_eq!(ContextId::new(&"ä".repeat(65)), Err(ContextIdError::TooLong));
    }

    #[test]
    fn issuance_ids_pack_only_where_unpacking_is_exact() {
        let text = b"67dd4237ef21a64211227e06";
        let packed = pack_issuance_id(text).unwrap();
        assert_eq!(unpack_issuance_id(&packed).as_bytes(), text);
        for other in [&b"67DD4237EF21A64211227E06"[..], b"67dd", b"67dd4237ef21a64211227e0g", b""] {
            assert_eq!(pack_issuance_id(other), None);
        }
    }
}
