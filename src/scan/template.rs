//! The fast path: how the entries of this answer are written, learnt from one of them.
//!
//! A service writes every entry of an answer in the same way: field order, whitespace, further
//! fields. A [`Template`] is one entry with holes: the text between the holes is compared as a few
//! 64-bit words, and only the holes are read. Names, the promotion, the context and everything that
//! could mean an error are text, so an entry that fits is a documented issuance; any other is read
//! by the general parser.

use super::digits::{Digits, short_integer};
use super::swar::{HexId, Packed, digit_count, digits_value, load, low_bytes, plain_run, shifted};
use super::token::Cursor;
use alloc::vec::Vec;

/// The time of an entry that names none (the field is absent or null).
pub const NO_TIME: i64 = i64::MIN;

/// One entry with holes, from behind the opening quote of its key.
#[derive(Default)]
pub struct Template {
    /// The texts before the holes, eight bytes a word; of each text only the whole words.
    words: Vec<u64>,
    holes: Vec<Hole>,
    last_id: HexId,
    last_event: LastTime,
    last_till: LastTime,
}

/// A text, and the hole behind it.
struct Hole {
    /// Words of the text.
    words: usize,
    /// The rest of the text, and which bits of it count.
    tail: u64,
    tail_mask: u64,
    /// Bytes of the text.
    length: usize,
    kind: HoleKind,
}

#[derive(Clone, Copy)]
pub enum HoleKind {
    /// 24 lower-case hex digits.
    Id,
    /// The digits of the key once more.
    Customer,
    EventTime,
    ValidTill,
    /// Any value that holds no others, without meaning.
    Other,
    /// None: the entry is over.
    End,
}

/// The values in the holes of a fitting entry.
pub struct Fitted {
    pub customer: i64,
    pub id: Packed,
    pub event_time: i64,
    pub valid_till: i64,
    /// Bytes of the entry from behind the opening quote of its key.
    pub length: usize,
}

impl Template {
    /// Adds a text and the hole behind it.
    pub fn push(&mut self, text: &[u8], kind: HoleKind) {
        let (words, rest) = text.as_chunks::<8>();
        let mut tail = [0; 8];
        for (byte, from) in tail.iter_mut().zip(rest) {
            *byte = *from;
        }
        self.words.extend(words.iter().map(|word| u64::from_le_bytes(*word)));
        self.holes.push(Hole {
            words: words.len(),
            tail: u64::from_le_bytes(tail),
            tail_mask: low_bytes(rest.len()),
            length: text.len(),
            kind,
        });
    }

    pub fn holes(&self) -> usize {
        self.holes.len()
    }

    /// Reads the entry whose key begins here, if it fits.
    #[inline(always)]
    pub fn read(&mut self, bytes: &[u8]) -> Option<Fitted> {
        let key = Digits::read(bytes.first_chunk()?)?;
        let mut rest = bytes.get(key.count..)?;
        let mut texts = self.words.as_slice();
        let mut fitted = Fitted {
            customer: key.value,
            id: Packed::default(),
            event_time: NO_TIME,
            valid_till: NO_TIME,
            length: 0,
        };
        for hole in &self.holes {
            let (text, later) = texts.split_at_checked(hole.words)?;
            texts = later;
            rest = hole.behind_text(text, rest)?;
            let taken = match hole.kind {
                HoleKind::Id => {
                    fitted.id = self.last_id.read(rest.first_chunk()?)?;
                    24
                }
                HoleKind::Customer => key.repeated(rest.first_chunk()?)?,
                HoleKind::EventTime => {
                    let (time, length) = self.last_event.read(rest)?;
                    fitted.event_time = time;
                    length
                }
                HoleKind::ValidTill => {
                    let (time, length) = self.last_till.read(rest)?;
                    fitted.valid_till = time;
                    length
                }
                HoleKind::Other => other(rest)?,
                HoleKind::End => 0,
            };
            rest = rest.get(taken..)?;
        }
        fitted.length = bytes.len().wrapping_sub(rest.len());
        Some(fitted)
    }
}

impl Hole {
    /// The bytes after the text, if it is here. Eight more bytes must follow: the last entries
    /// before the end of a piece are not read by the fast path.
    #[inline(always)]
    fn behind_text<'b>(&self, text: &[u64], bytes: &'b [u8]) -> Option<&'b [u8]> {
        let (words, _) = bytes.as_chunks::<8>();
        let tail = bytes.get(self.words.wrapping_mul(8)..)?.first_chunk()?;
        for (word, expected) in words.iter().zip(text) {
            if u64::from_le_bytes(*word) != *expected {
                return None;
            }
        }
        let difference = (u64::from_le_bytes(*tail) ^ self.tail) & self.tail_mask;
        if difference == 0 { bytes.get(self.length..) } else { None }
    }
}

/// A time of up to 15 digits, or null, and its length.
#[inline(always)]
fn time(bytes: &[u8]) -> Option<(i64, usize)> {
    match short_integer(bytes) {
        None if bytes.starts_with(b"null") => Some((NO_TIME, 4)),
        found => found,
    }
}

/// The last time of a field. A promotion's ends of validity mostly repeat, and times of issuance
/// have their first digits in common: comparing is less work than converting.
#[derive(Default)]
struct LastTime {
    first: u64,
    second: u64,
    second_mask: u64,
    /// The value of the first eight digits.
    high: u64,
    value: i64,
    /// More than eight digits, or 0 before there was any.
    length: usize,
}

impl LastTime {
    /// As [`time`] does. The byte behind the digits is compared, too: it shows where they end.
    #[inline(always)]
    fn read(&mut self, bytes: &[u8]) -> Option<(i64, usize)> {
        let (first, second) = (load(bytes, 0)?, load(bytes, 8)?);
        if first != self.first || self.length == 0 {
            return self.learn(bytes, first, second);
        }
        if (second ^ self.second) & self.second_mask == 0 {
            return Some((self.value, self.length));
        }
        let more = digit_count(second);
        if more == 8 {
            return None;
        }
        let value = shifted(self.high, more)?.wrapping_add(digits_value(second, more));
        // Fifteen digits at most.
        Some((value as i64, more.wrapping_add(8)))
    }

    #[inline(never)]
    fn learn(&mut self, bytes: &[u8], first: u64, second: u64) -> Option<(i64, usize)> {
        let (value, length) = time(bytes)?;
        if let Some(more @ 1..) = length.checked_sub(8) {
            let high = digits_value(first, 8);
            let second_mask = low_bytes(more.wrapping_add(1));
            *self = Self { first, second, second_mask, high, value, length };
        }
        Some((value, length))
    }
}

/// The length of a value without meaning: mostly a string without escapes.
#[inline(always)]
fn other(bytes: &[u8]) -> Option<usize> {
    if bytes.first() == Some(&b'"') {
        let end = plain_run(bytes, 1);
        if bytes.get(end) == Some(&b'"') {
            return Some(end.wrapping_add(1));
        }
    }
    let mut cursor = Cursor::new(bytes);
    cursor.scalar().ok()?;
    Some(cursor.at())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Templates of an entry that is only a time, with nothing behind it.
    fn times() -> [Template; 2] {
        [HoleKind::EventTime, HoleKind::ValidTill].map(|kind| {
            let mut template = Template::default();
            template.push(b"\":", kind);
            template.push(b"", HoleKind::End);
            template
        })
    }

    fn read(template: &mut Template, time: &[u8]) -> Option<(i64, usize)> {
        let fitted = template.read(&[b"7\":", time, &[b' '; 24]].concat())?;
        let time = if fitted.event_time == NO_TIME { fitted.valid_till } else { fitted.event_time };
        Some((time, fitted.length - 3))
    }

    #[test]
    fn a_time_is_its_digits_whatever_was_read_before() {
        for mut template in times() {
            assert_eq!(template.holes(), 2);
            for (time, expected) in [
                // No time was read yet: zeros are not a repeated time.
                (&[0; 16][..], None),
                (b"1742553655678", Some((1_742_553_655_678, 13))),
                (b"1742553655678", Some((1_742_553_655_678, 13))),
                (b"1742553655678,", Some((1_742_553_655_678, 13))),
                (b"17425536556780", Some((17_425_536_556_780, 14))),
                (b"174255365567", Some((174_255_365_567, 12))),
                (b"1742553600000", Some((1_742_553_600_000, 13))),
                (b"1742553655678", Some((1_742_553_655_678, 13))),
                // Bytes that have no bit of the digits, or every other.
                (b"17425536\0\0\0\0\0\0\0\0", Some((17_425_536, 8))),
                (b"17425536\xca\xca\xc9\xc8\xc7\xdf  ", Some((17_425_536, 8))),
                (b"null", Some((NO_TIME, 4))),
                (b"17425536556789", Some((17_425_536_556_789, 14))),
                (b"1742553655678901", None),
                (b"none", None),
                (&[0; 16], None),
            ] {
                assert_eq!(read(&mut template, time), expected, "{time:?}");
            }
        }
    }
}
