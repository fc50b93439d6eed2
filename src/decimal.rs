//! Integers as decimal digits, without the formatting machinery of `core::fmt`.

use alloc::vec::Vec;

/// Appends a number with its sign.
pub fn write(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_unsigned(value.unsigned_abs(), out);
}

/// Appends a number that has no sign.
pub fn write_unsigned(value: u64, out: &mut Vec<u8>) {
    let at = out.len();
    out.resize(at.wrapping_add(NUMBER_ROOM), 0);
    let end = place(value, at, out);
    out.truncate(end);
}

/// Appends a JSON array of numbers. A number that is not positive is written as nothing, which
/// makes the array invalid.
pub fn write_array(numbers: &[i64], out: &mut Vec<u8>) {
    let mut at = out.len();
    // An upper bound: to count the digits first would take as long as to write them.
    let room = numbers.len().saturating_mul(ELEMENT_BYTES_MAX).saturating_add(NUMBER_ROOM);
    out.resize(at.saturating_add(room), 0);
    let mut before = b'[';
    for number in numbers {
        at = put(before.into(), 1, at, out);
        before = b',';
        if *number > 0 {
            at = place(number.unsigned_abs(), at, out);
        }
    }
    if numbers.is_empty() {
        at = put(before.into(), 1, at, out);
    }
    at = put(b']'.into(), 1, at, out);
    out.truncate(at);
}

/// The most digits of 63 bits, and a comma.
const ELEMENT_BYTES_MAX: usize = 20;
/// Room for one number: it is written as up to three whole words.
const NUMBER_ROOM: usize = 24;

/// Writes a number to `out` from `at` on, and returns where it ends.
#[inline(always)]
fn place(value: u64, at: usize, out: &mut [u8]) -> usize {
    let (upper, low) = (value / EIGHT, eight_digits(value % EIGHT));
    if upper == 0 {
        return place_eight(low, zeros_of(low), at, out);
    }
    let (top, middle) = (upper / EIGHT, eight_digits(upper % EIGHT));
    let at = if top == 0 {
        place_eight(middle, zeros_of(middle), at, out)
    } else {
        let top = eight_digits(top);
        let at = place_eight(top, zeros_of(top), at, out);
        place_eight(middle, 0, at, out)
    };
    place_eight(low, 0, at, out)
}

const EIGHT: u64 = 100_000_000;

/// The digits of a number below 10^8 as the bytes of a word, first digit lowest. Splits the number
/// in halves, quarters and digits, each step for all parts at once.
fn eight_digits(value: u64) -> u64 {
    // Below 10^8; a division of 32 bits is a multiplication.
    let value = value as u32;
    let halves = u64::from(value / 10_000) | u64::from(value % 10_000) << 32;
    let hundreds = (halves.wrapping_mul(10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | halves.wrapping_sub(hundreds.wrapping_mul(100)) << 16;
    let tens = (pairs.wrapping_mul(103) >> 10) & 0x000f_000f_000f_000f;
    tens | pairs.wrapping_sub(tens.wrapping_mul(10)) << 8
}

/// Counts leading zeros of eight digits; the last digit never counts as one.
fn zeros_of(digits: u64) -> u32 {
    digits.trailing_zeros().min(56) / 8
}

#[inline(always)]
fn place_eight(digits: u64, zeros: u32, at: usize, out: &mut [u8]) -> usize {
    let text = (digits | 0x3030_3030_3030_3030) >> zeros.wrapping_mul(8);
    put(text, 8_usize.wrapping_sub(zeros as usize), at, out)
}

/// Writes the lowest bytes of a word and returns their end. Bytes behind it are
/// overwritten, too.
#[inline(always)]
fn put(word: u64, bytes: usize, at: usize, out: &mut [u8]) -> usize {
    if let Some(room) = out.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *room = word.to_le_bytes();
    }
    at.wrapping_add(bytes)
}

/// Reads plain ASCII digits, at least one; `None` for anything else or what is too large.
pub fn read(text: &[u8]) -> Option<u64> {
    let digit = |value: u64, byte: &u8| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    };
    if text.is_empty() { None } else { text.iter().try_fold(0, digit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_read() {
        let cases = [0, 7, 10, 1_234_567_890, i64::MAX, -1, i64::MIN];
        for value in cases {
            let mut out = Vec::new();
            write(value, &mut out);
            assert_eq!(out, value.to_string().as_bytes());
        }
        let mut out = Vec::new();
        write_unsigned(u64::MAX, &mut out);
        assert_eq!(out, b"18446744073709551615");
        assert_eq!(read(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(read(b"007"), Some(7));
    }

    #[test]
    fn an_array_holds_what_is_positive() {
        let cases: [(&[i64], &str); 5] = [
            (&[], "[]"),
            (&[5], "[5]"),
            (&[i64::MAX, 1, 9_007_199_254_740_993], "[9223372036854775807,1,9007199254740993]"),
            (&[0, 7, -1], "[,7,]"),
            (&[i64::MAX; 2], "[9223372036854775807,9223372036854775807]"),
        ];
        for (numbers, text) in cases {
            let mut out = b"x".to_vec();
            write_array(numbers, &mut out);
            assert_eq!(out, ["x", text].concat().as_bytes());
        }
    }

    #[test]
    fn every_half_of_eight_digits_is_written() {
        for half in 0..10_000_u64 {
            for value in [half, half * 10_000 + 9_999 - half, half * 10_001] {
                let text = format!("{value:08}");
                assert_eq!(
                    (eight_digits(value) | 0x3030_3030_3030_3030).to_le_bytes(),
                    *text.as_bytes()
                );
            }
        }
        let mut value = 1_u64;
        while let Some(next) = value.checked_mul(7) {
            for number in [value - 1, value, 10_u64.saturating_pow(value.ilog10())] {
                let mut out = Vec::new();
                write_unsigned(number, &mut out);
                assert_eq!(out, number.to_string().as_bytes());
            }
            value = next;
        }
    }

    #[test]
    fn only_digits_that_fit_are_read() {
        for text in ["", "+1", "-1", "1.5", "1e3", " 1", "1:", "1/", "٣", "18446744073709551616"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
