//! Lets only UTF-8 through, whatever the pieces it comes in.

use super::error::{Encoding, IntakeError};
use alloc::vec::Vec;

/// Checks a stream of bytes; holds back a character that a piece ends in the middle of.
#[derive(Debug, Default)]
pub struct Utf8Gate {
    held: Vec<u8>,
    /// Bytes let through so far.
    passed: u64,
}

/// The parts of a piece that are valid, in order; they are read before the error counts.
pub struct Passed<'a> {
    /// The character begun in an earlier piece, or nothing.
    pub completed: Vec<u8>,
    pub rest: &'a [u8],
    pub error: Option<IntakeError>,
}

impl Utf8Gate {
    pub fn pass<'a>(&mut self, piece: &'a [u8]) -> Passed<'a> {
        let mut passed = Passed { completed: Vec::new(), rest: piece, error: None };
        while let (false, Some((byte, rest))) = (self.held.is_empty(), passed.rest.split_first()) {
            passed.rest = rest;
            self.held.push(*byte);
            match core::str::from_utf8(&self.held) {
                Ok(_) => passed.completed = core::mem::take(&mut self.held),
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Passed { rest: &[], error: Some(self.error(0)), ..passed },
            }
        }
        self.passed = self.passed.saturating_add(count(passed.completed.len()));
        if let Err(error) = core::str::from_utf8(passed.rest) {
            let valid = error.valid_up_to();
            let (good, bad) = passed.rest.split_at_checked(valid).unwrap_or((passed.rest, &[]));
            passed.rest = good;
            if error.error_len().is_none() {
                self.held = bad.to_vec();
            } else {
                self.held = bad.iter().take(1).copied().collect();
                passed.error = Some(self.error(count(good.len())));
            }
        }
        self.passed = self.passed.saturating_add(count(passed.rest.len()));
        passed
    }

    /// A character that never ended is an error too.
    pub fn finish(&self) -> Result<(), IntakeError> {
        if self.held.is_empty() { Ok(()) } else { Err(self.error(0)) }
    }

    /// The error of the held bytes, `further` bytes on.
    fn error(&self, further: u64) -> IntakeError {
        let offset = self.passed.saturating_add(further);
        // Both byte order marks of UTF-16 begin with a byte that UTF-8 never has.
        let mark = offset == 0 && matches!(self.held.first(), Some(0xfe | 0xff));
        let hint = if mark { Encoding::Utf16 } else { Encoding::Latin1 };
        IntakeError::NotUtf8 { hint, offset }
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that came through, and the error.
    fn read(bytes: &[u8], piece: usize) -> (Vec<u8>, Option<IntakeError>) {
        let mut gate = Utf8Gate::default();
        let mut out = Vec::new();
        for piece in bytes.chunks(piece) {
            let passed = gate.pass(piece);
            out.extend(passed.completed);
            out.extend(passed.rest);
            if passed.error.is_some() {
                return (out, passed.error);
            }
        }
        (out, gate.finish().err())
    }

    #[test]
    fn pieces_do_not_matter() {
        let good = "aä€🎁\u{feff}z".as_bytes();
        let latin: &[u8] = b"caf\xe9;1";
        let cut: &[u8] = &good[..8];
        let surrogate: &[u8] = b"ab\xed\xa0\x80";
        for bytes in [good, latin, cut, surrogate, b"\xff\xfe1\0", b"\xfe\xff\x001", b""] {
            let whole = read(bytes, usize::MAX);
            let valid = core::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
            assert_eq!(whole.0, &bytes[..valid]);
            assert_eq!(whole.1.is_some(), valid < bytes.len());
            for piece in 1..6 {
                assert_eq!(read(bytes, piece), whole, "{piece} bytes of {bytes:?}");
            }
        }
    }

    #[test]
    fn the_hint_tells_utf16_from_latin1() {
        let hint = |bytes| match read(bytes, 1).1 {
            Some(IntakeError::NotUtf8 { hint, offset }) => (hint, offset),
            other => panic!("{other:?}"),
        };
        assert_eq!(hint(b"\xff\xfe1\0"), (Encoding::Utf16, 0));
        assert_eq!(hint(b"\xfe\xff\x001"), (Encoding::Utf16, 0));
        assert_eq!(hint(b"caf\xe9;1"), (Encoding::Latin1, 3));
        assert_eq!(hint(b"\xe9"), (Encoding::Latin1, 0));
    }
}
