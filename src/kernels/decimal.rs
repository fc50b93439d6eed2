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
    let (upper, low) = (value / EIGHT, eight_digits(value % EIGHT));
    if upper == 0 {
        return append(low, zeros_of(low), out);
    }
    let (top, middle) = (upper / EIGHT, eight_digits(upper % EIGHT));
    if top == 0 {
        append(middle, zeros_of(middle), out);
    } else {
        let top = eight_digits(top);
        append(top, zeros_of(top), out);
        append(middle, 0, out);
    }
    append(low, 0, out);
}

const EIGHT: u64 = 100_000_000;

/// The digits of a number below 10^8 as bytes of a word, the first in the lowest, all at once: it
/// is cut in halves, the halves in halves, and those in digits, each within its own part of the
/// word.
fn eight_digits(value: u64) -> u64 {
    // Below 10^8; a division of 32 bits is a multiplication.
    let value = value as u32;
    let halves = u64::from(value / 10_000) | u64::from(value % 10_000) << 32;
    let hundreds = (halves.wrapping_mul(10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | halves.wrapping_sub(hundreds.wrapping_mul(100)) << 16;
    let tens = (pairs.wrapping_mul(103) >> 10) & 0x000f_000f_000f_000f;
    tens | pairs.wrapping_sub(tens.wrapping_mul(10)) << 8
}

/// Leading zeros of eight digits; a zero alone is one digit.
fn zeros_of(digits: u64) -> u32 {
    digits.trailing_zeros().min(56) / 8
}

fn append(digits: u64, zeros: u32, out: &mut Vec<u8>) {
    let text = ((digits | 0x3030_3030_3030_3030) >> zeros.wrapping_mul(8)).to_le_bytes();
    let length = out.len().wrapping_add(8).wrapping_sub(zeros as usize);
    out.extend_from_slice(&text);
    out.truncate(length);
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
        for text in ["", "+1", "-1", "1.5", "1e3", " 1", "٣", "18446744073709551616"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
