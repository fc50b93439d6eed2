//! Integers as decimal digits, without the formatting machinery of `core::fmt`.

use alloc::vec::Vec;

/// Digits of the largest 64-bit number.
const DIGITS_MAX: usize = 20;

/// Appends a number with its sign.
pub fn write(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_unsigned(value.unsigned_abs(), out);
}

/// Appends a number that has no sign.
pub fn write_unsigned(mut value: u64, out: &mut Vec<u8>) {
    let mut digits = [0_u8; DIGITS_MAX];
    let mut start = DIGITS_MAX;
    for place in digits.iter_mut().rev() {
        *place = b'0'.wrapping_add(u8::try_from(value % 10).unwrap_or(0));
        value /= 10;
        start = start.wrapping_sub(1);
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
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
    fn only_digits_that_fit_are_read() {
        for text in ["", "+1", "-1", "1.5", "1e3", " 1", "٣", "18446744073709551616"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
