//! Plain digits to a number, eight at a time with integer arithmetic in one register.
//!
//! Only the usual case is handled here: a number in digits with more bytes after it. Everything
//! else is `None` and goes to [`CustomerId::parse`](crate::id::CustomerId::parse), the reference.

const ZEROS: u64 = 0x3030_3030_3030_3030;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
/// Added to a digit 0-9 it leaves the high bit clear, added to anything up to 0x7f else it sets it.
const NOT_A_DIGIT: u64 = 0x7676_7676_7676_7676;
const POWERS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// The positive Long at the start of `bytes` and how many digits it has.
///
/// `None` where there is none (a leading zero, too large, no digit) and also where fewer than
/// eight bytes are left to load.
#[inline]
pub fn leading(bytes: &[u8]) -> Option<(i64, usize)> {
    let first = load(bytes)?;
    let length = digits_of(first);
    if length == 0 || first & 0xff == 0 {
        return None;
    }
    if length < 8 {
        return Some((i64::from(eight(aligned(first, length))), length));
    }
    let high = u64::from(eight(first));
    let (_, rest) = bytes.split_at_checked(8)?;
    let second = load(rest)?;
    let more = digits_of(second);
    let low = u64::from(eight(aligned(second, more)));
    if let Some(power) = POWERS.get(more) {
        let value = high.wrapping_mul(*power).wrapping_add(low);
        return Some((i64::try_from(value).ok()?, length.wrapping_add(more)));
    }
    let sixteen = high.wrapping_mul(100_000_000).wrapping_add(low);
    let (_, rest) = rest.split_at_checked(8)?;
    let (value, more) = last_three(sixteen, load(rest)?)?;
    Some((value, more.wrapping_add(16)))
}

/// The digits after the sixteenth: a Long has at most nineteen.
fn last_three(sixteen: u64, third: u64) -> Option<(i64, usize)> {
    let more = digits_of(third);
    if more > 3 {
        return None;
    }
    let low = u64::from(eight(aligned(third, more)));
    // Below 10^19 and so within 64 bits without a sign; `try_from` finds what a Long cannot hold.
    let value = sixteen.wrapping_mul(*POWERS.get(more)?).wrapping_add(low);
    Some((i64::try_from(value).ok()?, more))
}

/// Eight bytes with the first in the lowest place, digits as 0 to 9.
#[inline]
fn load(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.first_chunk::<8>()?) ^ ZEROS)
}

/// How many of the eight, from the first on, are digits. A carry out of a byte that is not a digit
/// only reaches bytes after it.
#[inline]
fn digits_of(word: u64) -> usize {
    let others = (word.wrapping_add(NOT_A_DIGIT) | word) & HIGH_BITS;
    usize::try_from(others.trailing_zeros() / 8).unwrap_or(0)
}

/// Moves `length` digits to the end of the word, with zeros before them.
#[inline]
fn aligned(word: u64, length: usize) -> u64 {
    let places = 8_u32.wrapping_sub(u32::try_from(length).unwrap_or(0));
    word.unbounded_shl(places.wrapping_mul(8))
}

/// The value of eight digits: neighbours are joined to pairs, the pairs with two products.
#[inline]
fn eight(word: u64) -> u32 {
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let outer = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let inner = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
    u32::try_from(outer.wrapping_add(inner) >> 32).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::CustomerId;

    #[test]
    fn every_length_agrees_with_the_reference() {
        for length in 1..=25_usize {
            for lead in *b"19" {
                let mut text = vec![lead];
                text.extend((1..length).map(|i| b'0' + u8::try_from(i * 7 % 10).unwrap()));
                let expected = CustomerId::parse(&text).ok().map(|id| (id.get(), length));
                for end in [b',', b'\n', b' ', b'/', b':', 0xff, 0] {
                    let mut padded = text.clone();
                    padded.push(end);
                    padded.extend(b"99999999");
                    assert_eq!(leading(&padded), expected, "{}", String::from_utf8_lossy(&padded));
                }
            }
        }
    }

    #[test]
    fn the_largest_long_is_the_last() {
        assert_eq!(leading(b"9223372036854775807,       "), Some((i64::MAX, 19)));
        assert_eq!(leading(b"9223372036854775808,       "), None);
        assert_eq!(leading(b"9007199254740993,       "), Some((9_007_199_254_740_993, 16)));
    }

    #[test]
    fn what_is_no_id_or_too_near_to_the_end_is_left_to_the_reference() {
        for text in ["", "123", "0123456789", "00000000,", "x23456789", "-12345678", "12345678"] {
            assert_eq!(leading(text.as_bytes()), None, "{text}");
        }
    }
}
