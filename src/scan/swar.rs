//! Eight bytes at a time: digits, hex digits and plain text in one 64-bit register.
//!
//! Every function takes the bytes in little-endian order, so the first byte is the lowest. Where a
//! mask marks bytes, only its lowest mark is exact: a borrow or carry may mark bytes after it.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks bytes that end or complicate a run of string text: `"`, `\`, below 0x20, 0x80 and above.
///
/// A subtraction sets the high bit of every byte that is smaller, and bytes that had it before are
/// marked anyway. Flipping bit 1 moves `"` (0x22) next to the control characters.
#[inline(always)]
fn special(word: u64) -> u64 {
    let control_or_quote = (word ^ repeat(0x02)).wrapping_sub(repeat(0x21));
    let backslash = (word ^ repeat(b'\\')).wrapping_sub(repeat(0x01));
    (control_or_quote | backslash | word) & HIGH
}

/// A word of eight such bytes.
const fn repeat(byte: u8) -> u64 {
    (byte as u64).wrapping_mul(LOW)
}

const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\' || byte >= 0x80
}

/// The position of the first special byte at or after `at`; the length if there is none.
#[inline]
pub fn plain_run(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = load(bytes, at) {
        let marks = special(word);
        if marks != 0 {
            return at.wrapping_add(lowest(marks));
        }
        at = at.wrapping_add(8);
    }
    while bytes.get(at).is_some_and(|byte| !is_special(*byte)) {
        at = at.wrapping_add(1);
    }
    at
}

/// The position of the first byte at or after `at` that is no digit; the length if there is none.
#[inline]
pub fn digit_run(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = load(bytes, at) {
        let digits = digit_count(word);
        at = at.wrapping_add(digits);
        if digits < 8 {
            return at;
        }
    }
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at = at.wrapping_add(1);
    }
    at
}

/// Number of leading digits among the eight bytes.
#[inline(always)]
pub fn digit_count(word: u64) -> usize {
    let value = word ^ repeat(0x30);
    // 10 + 0x76 is 0x80: the sum marks every value above 9 that has no mark of its own.
    let marks = (value.wrapping_add(repeat(0x76)) | value) & HIGH;
    if marks == 0 { 8 } else { lowest(marks) }
}

/// The number that the first `count` (0 to 8) bytes write; they must be digits.
#[inline(always)]
pub fn digits_value(word: u64, count: usize) -> u64 {
    // Moved to the high end, zeros come in before the first digit. Two shifts, as one of 64 bits
    // would be none at all.
    let half = 8_usize.wrapping_sub(count).wrapping_mul(4) as u32;
    let word = word.wrapping_shl(half).wrapping_shl(half);
    let pairs = (word & repeat(0x0f)).wrapping_mul(2_561) >> 8;
    let fours = (pairs & 0x00ff_00ff_00ff_00ff).wrapping_mul(6_553_601) >> 16;
    (fours & 0x0000_ffff_0000_ffff).wrapping_mul(42_949_672_960_001) >> 32
}

/// `value` with so many (0 to 8) zeros behind it.
#[inline(always)]
pub fn shifted(value: u64, digits: usize) -> Option<u64> {
    const TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
    TENS.get(digits).map(|ten| value.wrapping_mul(*ten))
}

/// Eight lower-case hex digits as four bytes in one word, or `None`.
#[inline(always)]
fn hex_value(word: u64) -> Option<u32> {
    // '0'-'9' are 0x30-0x39, 'a'-'f' 0x61-0x66: the low four bits, plus 9 for the letters.
    let letter = (word >> 6) & LOW;
    let value = (word & repeat(0x0f)).wrapping_add(letter.wrapping_mul(9));
    // Written back, the value must give the same text: 0x30 + value, and 39 more from 10 on.
    let above_nine = (value.wrapping_add(repeat(6)) >> 4) & LOW;
    let text = value.wrapping_add(repeat(0x30)).wrapping_add(above_nine.wrapping_mul(39));
    // 'g' is 16 and comes back as 'g': a value above 15 must be refused beside that.
    if text != word || value & repeat(0xf0) != 0 {
        return None;
    }
    // The first digit of a pair is the high half of its byte.
    let bytes = (value << 4 | value >> 8) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    Some((pairs | pairs >> 16) as u32)
}

/// 24 lower-case hex digits as twelve bytes, or `None`.
pub fn hex_id(digits: &[u8; 24]) -> Option<[u8; 12]> {
    HexId::default().read(digits).map(Packed::bytes)
}

/// Twelve bytes in words: as an array they would be moved one by one.
#[derive(Clone, Copy, Default)]
pub struct Packed {
    head: u64,
    tail: u32,
}

impl Packed {
    #[inline(always)]
    pub fn bytes(self) -> [u8; 12] {
        let [a, b, c, d, e, f, g, h] = self.head.to_le_bytes();
        let [i, j, k, l] = self.tail.to_le_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }
}

/// Reads such ids one after the other. The first two thirds, a time and a machine, are mostly those
/// of the id before: comparing is less work than converting.
pub struct HexId {
    first: u64,
    second: u64,
    /// The value of the two.
    head: u64,
}

impl Default for HexId {
    fn default() -> Self {
        Self { first: repeat(b'0'), second: repeat(b'0'), head: 0 }
    }
}

impl HexId {
    /// As [`hex_id`] does.
    #[inline(always)]
    pub fn read(&mut self, digits: &[u8; 24]) -> Option<Packed> {
        let [first, second, third] = words(digits);
        if first != self.first || second != self.second {
            let (high, low) = (hex_value(first)?, hex_value(second)?);
            *self = Self { first, second, head: u64::from(high) | u64::from(low) << 32 };
        }
        Some(Packed { head: self.head, tail: hex_value(third)? })
    }
}

/// 24 bytes as three words.
#[inline(always)]
pub fn words(bytes: &[u8; 24]) -> [u64; 3] {
    // Written out, as a loop would go through memory.
    let (chunks, _) = bytes.as_chunks();
    let [first, second, third] = chunks else { return [0; 3] };
    [u64::from_le_bytes(*first), u64::from_le_bytes(*second), u64::from_le_bytes(*third)]
}

/// The eight bytes at `at`, if there are so many.
#[inline(always)]
pub fn load(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|chunk| u64::from_le_bytes(*chunk))
}

/// The bits of so many bytes from the lowest on; all from eight bytes on.
#[inline(always)]
pub fn low_bytes(bytes: usize) -> u64 {
    if bytes >= 8 { u64::MAX } else { !u64::MAX.wrapping_shl((bytes as u32).wrapping_mul(8)) }
}

#[inline(always)]
fn lowest(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn word(text: &[u8]) -> u64 {
        let mut bytes = [b'x'; 8];
        bytes[..text.len()].copy_from_slice(text);
        u64::from_le_bytes(bytes)
    }

    #[test]
    fn every_byte_at_every_place_is_classed_as_a_loop_would() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                let mut text = *b"12345678";
                text[place] = byte;
                let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
                assert_eq!(digit_count(u64::from_le_bytes(text)), digits, "{text:?}");
                let plain = text.iter().position(|byte| is_special(*byte)).unwrap_or(8);
                assert_eq!(plain_run(&text, 0), plain, "{text:?}");
                let hex = text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
                assert_eq!(hex_value(u64::from_le_bytes(text)).is_some(), hex, "{text:?}");
            }
        }
    }

    #[test]
    fn digits_and_hex_have_their_values() {
        for (text, value) in [("", 0), ("7", 7), ("42", 42), ("1234567", 1_234_567)] {
            assert_eq!(digits_value(word(text.as_bytes()), text.len()), value);
        }
        assert_eq!(digits_value(word(b"98765432"), 8), 98_765_432);
        assert_eq!(hex_value(word(b"67dd42ef")), Some(0xef42_dd67));
        assert_eq!(hex_value(word(b"67dd42eg")), None);
        assert_eq!(hex_value(word(b"67DD42EF")), None);
    }

    #[test]
    fn the_bits_of_low_bytes_are_counted_from_the_first() {
        for count in 0..12 {
            let bytes: [u8; 8] = std::array::from_fn(|at| if at < count { 0xff } else { 0 });
            assert_eq!(low_bytes(count), u64::from_le_bytes(bytes), "{count}");
        }
    }

    #[test]
    fn hex_ids_are_what_they_are_whatever_came_before() {
        let text = |id: &[u8]| <[u8; 24]>::try_from(id).unwrap();
        let mut ids = HexId::default();
        for id in [
            &b"000000000000000000000007"[..],
            b"67dd4237ef21a64211227e06",
            b"67dd4237ef21a64211227e07",
            b"67dd4238ef21a64211227e07",
            b"67dd4238ef21a64311227e07",
            b"67dd4238ef21a64311227e0g",
            b"67dd423gef21a64311227e07",
            b"67dd4238ef21a6G311227e07",
            b"67dd4238ef21a64311227e07",
            b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0011227e07",
        ] {
            let bytes: Vec<Option<u8>> = id
                .chunks(2)
                .map(|pair| {
                    let pair = std::str::from_utf8(pair).unwrap();
                    let lower = pair.bytes().all(|byte| !byte.is_ascii_uppercase());
                    u8::from_str_radix(pair, 16).ok().filter(|_| lower)
                })
                .collect();
            let expected: Option<Vec<u8>> = bytes.into_iter().collect();
            let read = ids.read(&text(id)).map(Packed::bytes);
            assert_eq!(read.map(Vec::from), expected, "{id:?}");
            assert_eq!(read, hex_id(&text(id)));
        }
        let fresh = HexId::default().read(&[0; 24]).map(Packed::bytes);
        assert_eq!(fresh, None, "nothing was read yet");
    }

    proptest! {
        #[test]
        fn runs_are_what_a_loop_finds(bytes: Vec<u8>, at in 0_usize..20) {
            let from = at.min(bytes.len());
            let after = |stop: &dyn Fn(&u8) -> bool| {
                bytes[from..].iter().position(stop).map_or(bytes.len(), |run| from + run)
            };
            prop_assert_eq!(plain_run(&bytes, from), after(&|byte| is_special(*byte)));
            prop_assert_eq!(digit_run(&bytes, from), after(&|byte| !byte.is_ascii_digit()));
        }

        #[test]
        fn digits_are_what_the_standard_library_reads(value in 0_u64..100_000_000) {
            let text = value.to_string();
            prop_assert_eq!(digits_value(word(text.as_bytes()), text.len()), value);
        }
    }
}
