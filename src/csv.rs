//! Cells of CSV (RFC 4180), the same in every file of results.

use crate::decimal;
use alloc::vec::Vec;

/// Appends a separator and a quoted text; the separator alone where the text is empty.
///
/// A text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV
/// Injection").
pub fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b',');
    let Some(first) = text.bytes().next() else { return };
    out.push(b'"');
    if matches!(first, b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n') {
        out.push(b'\'');
    }
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Appends a separator and a number, if there is one.
pub fn write_number(number: Option<i64>, out: &mut Vec<u8>) {
    out.push(b',');
    if let Some(number) = number {
        decimal::write(number, out);
    }
}
