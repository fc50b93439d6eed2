//! Rows of a report as text of fixed width, which JavaScript slices into strings.

/// Places for the digits of a customer: those of the largest id.
pub const DIGITS: usize = 19;
/// Bytes of a row: a mark, the digits, the issuance id.
pub const ROW: usize = 1 + DIGITS + 24;

/// The mark of a row without digits; the number of digits is added to it.
pub const MARK: u8 = b'@';

/// Digits converted from one 32-bit word, in which division is fast in wasm.
const WORD_DIGITS: usize = 9;
const WORD: u64 = 1_000_000_000;

/// Fills a row of blanks. The customer is positive.
pub fn write(customer: i64, issuance: &[u8; 12], row: &mut [u8; ROW]) {
    let mut digits = [b'0'; 3 * WORD_DIGITS];
    let mut rest = customer.unsigned_abs();
    for word in digits.as_chunks_mut::<WORD_DIGITS>().0.iter_mut().rev() {
        let mut value = (rest % WORD) as u32;
        for digit in word.iter_mut().rev() {
            *digit |= (value % 10) as u8;
            value /= 10;
        }
        rest /= WORD;
        if rest == 0 {
            break;
        }
    }
    let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    let digits = digits.get(first..).unwrap_or_default();
    if let Some((mark, places)) = row.split_first_mut() {
        *mark = MARK.wrapping_add(digits.len() as u8);
        for (place, digit) in places.iter_mut().zip(digits) {
            *place = *digit;
        }
    }
    let hex = row.get_mut(1 + DIGITS..).unwrap_or_default();
    for (text, bytes) in hex.as_chunks_mut().0.iter_mut().zip(issuance.as_chunks().0) {
        *text = hex_digits(u32::from_le_bytes(*bytes)).to_le_bytes();
    }
}

/// Four bytes as eight lower-case hex digits, the lowest byte first.
#[inline(always)]
fn hex_digits(bytes: u32) -> u64 {
    let bytes = u64::from(bytes);
    let pairs = (bytes | bytes << 16) & 0x0000_ffff_0000_ffff;
    let spread = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
    // The first digit of a byte is its high half.
    let values = (spread >> 4 | spread << 8) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = values.wrapping_add(0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    let step = u64::from(b'a'.wrapping_sub(b'0').wrapping_sub(10));
    values.wrapping_add(0x3030_3030_3030_3030).wrapping_add(letters.wrapping_mul(step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::String;

    fn written(customer: i64, issuance: &[u8; 12]) -> String {
        let mut row = [b' '; ROW];
        write(customer, issuance, &mut row);
        String::from_utf8(row.into()).unwrap()
    }

    #[test]
    fn the_largest_customer_fills_all_places() {
        assert_eq!(written(i64::MAX, &[0xff; 12]), "S9223372036854775807ffffffffffffffffffffffff");
    }

    proptest! {
        #[test]
        fn a_row_is_what_formatting_makes(
            shift in 0_u32..63,
            random in 0..=i64::MAX,
            issuance: [u8; 12],
        ) {
            let customer = (random >> shift).max(1);
            let digits = customer.to_string();
            let mark = char::from(MARK + u8::try_from(digits.len()).unwrap());
            let hex: String = issuance.iter().map(|byte| std::format!("{byte:02x}")).collect();
            prop_assert_eq!(written(customer, &issuance), std::format!("{mark}{digits:<19}{hex}"));
        }
    }
}
