//! Writes digits, hex, base64, percent-encoding and JSON strings, for the whole crate.

use crate::decimal;
use alloc::string::String;
use alloc::vec::Vec;
use data_encoding::{BASE64, HEXLOWER};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Lower-case hex digits, two a byte.
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// The bytes of lower-case hex digits; `None` for any other text.
pub fn read_hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let exact = HEXLOWER.decode_len(text.len()) == Ok(N);
    let read = exact && HEXLOWER.decode_mut(text, &mut bytes).is_ok();
    read.then_some(bytes)
}

/// Base64 with padding (RFC 4648, 4).
pub fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Everything but the unreserved characters (RFC 3986, 2.3).
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Appends a text, percent-encoded for an address: a space is `%20`.
pub fn push_percent(text: &str, out: &mut String) {
    utf8_percent_encode(text, &RESERVED).for_each(|part| out.push_str(part));
}

/// Appends the decimal digits of a number.
pub fn push_number(number: u64, out: &mut String) {
    let mut digits = Vec::new();
    decimal::write_unsigned(number, &mut digits);
    digits.into_iter().for_each(|digit| out.push(char::from(digit)));
}

/// Appends a JSON string (RFC 8259, 7). Bytes that are no UTF-8 pass as they are.
pub fn write_json(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        match *byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(hex(&[*byte]).as_bytes());
            }
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}

/// Truncates a text to at most so many bytes of whole characters.
pub fn truncate(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_reads_back_only_lower_case_of_the_right_length() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let text = hex(&bytes);
        assert!(text.starts_with("000102") && text.ends_with("fdfeff"));
        assert_eq!(read_hex::<256>(text.as_bytes()).unwrap().as_slice(), bytes);
        for other in ["0", "00a", "000", "0A", "0g", "", "0000"] {
            assert_eq!(read_hex::<1>(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn base64_matches_rfc_4648() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (text, encoded) in cases {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn all_but_the_unreserved_characters_are_encoded() {
        let mut out = String::new();
        push_percent("aZ09-._~ %!'()*/?#&=+\u{7f}ä", &mut out);
        assert_eq!(out, "aZ09-._~%20%25%21%27%28%29%2A%2F%3F%23%26%3D%2B%7F%C3%A4");
    }

    #[test]
    fn numbers_are_written_in_digits() {
        for number in [0, 7, 10, 1_048_576, u64::MAX] {
            let mut out = String::new();
            push_number(number, &mut out);
            assert_eq!(out, number.to_string());
        }
    }

    #[test]
    fn json_strings_read_back() {
        let every: String = (0..=0x2ff).filter_map(char::from_u32).collect();
        let mut out = Vec::new();
        write_json(every.as_bytes(), &mut out);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), every);
    }

    #[test]
    fn a_text_is_cut_between_two_characters() {
        let cases =
            [("aä", 1, "a"), ("aä", 2, "a"), ("aä", 3, "aä"), ("aä", 9, "aä"), ("ä", 0, "")];
        for (text, bytes_max, expected) in cases {
            assert_eq!(truncate(text, bytes_max), expected);
        }
    }
}
