//! Numbers and texts as the journal's records hold them.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Appends seven bits a byte, the lowest first; the highest bit says that more follow (LEB128).
pub(super) fn put_number(out: &mut Vec<u8>, value: u64) {
    let mut rest = value;
    while rest > 0x7f {
        out.push(low_byte(rest) | 0x80);
        rest >>= 7;
    }
    out.push(low_byte(rest));
}

/// Small numbers of either sign take few bytes: the sign becomes the lowest bit.
pub(super) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_number(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// A length and as many bytes.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// 0 for `None`; else the length plus one, and the text.
pub(super) fn put_option(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => put_number(out, 0),
        Some(text) => {
            put_number(out, (text.len() as u64).saturating_add(1));
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// The differences between neighbours, the first to zero.
pub(super) fn put_deltas(out: &mut Vec<u8>, values: impl Iterator<Item = i64>) {
    let mut before = 0_i64;
    for value in values {
        put_signed(out, value.wrapping_sub(before));
        before = value;
    }
}

const fn low_byte(value: u64) -> u8 {
    let [low, ..] = value.to_le_bytes();
    low
}

/// Reads what the functions above wrote. `None` means that the bytes are something else.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        let sign = if number & 1 == 1 { u64::MAX } else { 0 };
        Some(((number >> 1) ^ sign).cast_signed())
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number()?).ok()?;
        self.take(len)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.bytes()?).ok()
    }

    #[expect(clippy::option_option, reason = "unreadable, absent and present are three things")]
    pub(super) fn option(&mut self) -> Option<Option<Box<str>>> {
        let Some(len) = self.number()?.checked_sub(1) else { return Some(None) };
        let bytes = self.take(usize::try_from(len).ok()?)?;
        Some(Some(core::str::from_utf8(bytes).ok()?.into()))
    }

    pub(super) fn deltas(&mut self, count: usize) -> Option<Vec<i64>> {
        let mut value = 0_i64;
        let mut next = || {
            value = value.wrapping_add(self.signed()?);
            Some(value)
        };
        (0..count).map(|_| next()).collect()
    }
}
