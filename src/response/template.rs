//! The fast path: how the entries of this answer are written, learnt from one of them.
//!
//! A service writes every entry of an answer the same way, whatever that way is: field order,
//! white space, further fields. A [`Template`] is one entry with holes: the text between the holes
//! is compared as a few 64-bit words, and only the holes are read. Names, the promotion, the
//! context and everything that could mean an error are text, so an entry that fits is an ordinary
//! issuance; one that does not fit, for whatever reason, is left to the general parser.

use super::answer::NO_TIME;
use super::scan::Cursor;
use super::swar::{
    digit_count, digits_value, hex_id, load, plain_run, shifted, short_integer, words,
};
use crate::id::PackedIssuanceId;
use alloc::vec::Vec;

/// One entry with holes, from behind the opening quote of its key.
#[derive(Default)]
pub(super) struct Template {
    /// The texts before the holes, eight bytes a word; of each text only the whole words.
    words: Vec<u64>,
    holes: Vec<Hole>,
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
    kind: Kind,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
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

/// What the holes of a fitting entry held.
pub(super) struct Row {
    pub customer: i64,
    pub id: PackedIssuanceId,
    pub event_time: i64,
    pub valid_till: i64,
    /// Bytes of the entry from behind the opening quote of its key.
    pub length: usize,
}

impl Template {
    /// Adds a text and the hole behind it.
    pub fn push(&mut self, text: &[u8], kind: Kind) {
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
    pub fn read(&mut self, bytes: &[u8]) -> Option<Row> {
        let key = Digits::read(bytes.first_chunk()?)?;
        let mut rest = bytes.get(key.count..)?;
        let mut texts = self.words.as_slice();
        let mut row = Row {
            customer: key.value,
            id: [0; 12],
            event_time: NO_TIME,
            valid_till: NO_TIME,
            length: 0,
        };
        for hole in &self.holes {
            let (text, later) = texts.split_at_checked(hole.words)?;
            texts = later;
            rest = hole.behind_text(text, rest)?;
            let taken = match hole.kind {
                Kind::Id => {
                    row.id = hex_id(rest.first_chunk()?)?;
                    24
                }
                Kind::Customer => key.repeated(rest.first_chunk()?)?,
                Kind::EventTime => {
                    let (time, length) = time(rest)?;
                    row.event_time = time;
                    length
                }
                Kind::ValidTill => {
                    let (time, length) = self.last_till.read(rest)?;
                    row.valid_till = time;
                    length
                }
                Kind::Other => other(rest)?,
                Kind::End => 0,
            };
            rest = rest.get(taken..)?;
        }
        row.length = bytes.len().wrapping_sub(rest.len());
        Some(row)
    }
}

impl Hole {
    /// What follows the text, if it stands here. Eight bytes beyond it must be there, too: the
    /// last entries before the end of a piece are not for the fast path.
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

/// The digits of a key, still as they were written.
struct Digits {
    text: [u64; 3],
    count: usize,
    value: i64,
}

impl Digits {
    /// Digits of a customer id: no leading zero, a positive Long.
    #[inline(always)]
    fn read(window: &[u8; 24]) -> Option<Self> {
        let text = words(window);
        let [first, second, third] = text;
        if first & 0xff == u64::from(b'0') {
            return None;
        }
        let mut count = digit_count(first);
        let mut value = digits_value(first, count);
        if count == 8 {
            let more = digit_count(second);
            value = shifted(value, more)?.wrapping_add(digits_value(second, more));
            count = more.wrapping_add(8);
        }
        if count == 16 {
            // Up to 19 digits are within 64 bits; whether they are a Long shows at the end.
            let more = digit_count(third);
            if more > 3 {
                return None;
            }
            value = shifted(value, more)?.wrapping_add(digits_value(third, more));
            count = more.wrapping_add(16);
        }
        if count == 0 {
            return None;
        }
        Some(Self { text, count, value: i64::try_from(value).ok()? })
    }

    /// The number of digits, if the same ones begin here. What follows is compared as text, which
    /// never begins with a digit behind a number.
    #[inline(always)]
    fn repeated(&self, window: &[u8; 24]) -> Option<usize> {
        let mut difference = 0_u64;
        let mut bytes = self.count;
        for (word, own) in words(window).into_iter().zip(self.text) {
            difference |= (word ^ own) & low_bytes(bytes);
            bytes = bytes.saturating_sub(8);
        }
        if difference == 0 { Some(self.count) } else { None }
    }
}

/// The bits of so many bytes from the lowest on; all from eight bytes on.
#[inline(always)]
fn low_bytes(bytes: usize) -> u64 {
    if bytes >= 8 { u64::MAX } else { !u64::MAX.wrapping_shl((bytes as u32).wrapping_mul(8)) }
}

/// A time of up to 15 digits, or null, and its length.
#[inline(always)]
fn time(bytes: &[u8]) -> Option<(i64, usize)> {
    match short_integer(bytes) {
        None if bytes.starts_with(b"null") => Some((NO_TIME, 4)),
        found => found,
    }
}

/// The last end of validity: a promotion's ends mostly repeat, and comparing is less work than
/// converting.
#[derive(Default)]
struct LastTime {
    first: u64,
    second: u64,
    second_mask: u64,
    value: i64,
    /// More than eight digits, or 0 before there was any.
    length: usize,
}

impl LastTime {
    /// As [`time`] does. The byte behind the digits is compared, too: it shows where they end.
    #[inline(always)]
    fn read(&mut self, bytes: &[u8]) -> Option<(i64, usize)> {
        let (first, second) = (load(bytes, 0)?, load(bytes, 8)?);
        let repeats = first == self.first && (second ^ self.second) & self.second_mask == 0;
        if repeats && self.length != 0 {
            return Some((self.value, self.length));
        }
        let (value, length) = time(bytes)?;
        if let Some(more @ 1..) = length.checked_sub(8) {
            *self =
                Self { first, second, second_mask: low_bytes(more.wrapping_add(1)), value, length };
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
    use super::super::lesson::learn;
    use super::*;

    const FIRST: &str = concat!(
        r#""555567088":{"id":"67dd4237ef21a64211227e06","customerId":555567088,"#,
        r#""promotionId":"p","earnedFromId":"973","#,
        r#""eventTime":1742553655678,"validTill":1746046799999}"#
    );

    /// Any bytes after the entry, as a reader mostly has them.
    const AFTER: &str = r#","555567089":{"id":"67dd4237ef21a64211227e06","#;

    fn template(sample: &str) -> Template {
        learn(sample.as_bytes()).unwrap()
    }

    /// Reads the sample with these replacements.
    fn read(sample: &str, changes: &[(&str, &str)]) -> Option<Row> {
        let mut entry = sample.to_owned();
        for (from, to) in changes {
            assert!(entry.contains(from), "{from} is not in {entry}");
            entry = entry.replace(from, to);
        }
        let row = template(sample).read(&[&entry.as_bytes()[1..], AFTER.as_bytes()].concat())?;
        assert_eq!(row.length, entry.len() - 1);
        Some(row)
    }

    #[test]
    fn an_entry_of_the_same_form_fits() {
        let row = read(
            FIRST,
            &[
                ("555567088", "9223372036854775807"),
                ("67dd4237ef21a64211227e06", "0123456789abcdef01234567"),
                ("1742553655678", "0"),
                ("1746046799999", "null"),
            ],
        )
        .unwrap();
        assert_eq!((row.customer, row.event_time, row.valid_till), (i64::MAX, 0, NO_TIME));
        assert_eq!(crate::id::unpack_issuance_id(&row.id), *b"0123456789abcdef01234567");
    }

    #[test]
    fn an_entry_of_another_form_does_not_fit() {
        for (from, to) in [
            ("\"555567088", "\"0555567088"),
            ("\"555567088", "\"555567089"),
            ("\"555567088", "\"5555670889"),
            ("\"555567088", "\"-55567088"),
            ("\"555567088", "\"55556708\\u0038"),
            ("555567088", "9223372036854775808"),
            ("555567088", "12345678901234567890"),
            // 2^64 more than the id.
            ("555567088", "18446744074265118704"),
            ("555567088", ""),
            (":555567088", ":555567088.0"),
            (":555567088", ":55556708"),
            ("7e06", "7e0g"),
            ("7e06", "7E06"),
            ("7e06", "7e0"),
            ("7e06", "7e067"),
            ("1742553655678", "01742553655678"),
            ("1742553655678", "1742553655678.5"),
            ("1742553655678", "-1"),
            ("1742553655678", "1234567890123456"),
            ("1742553655678", "nul"),
            ("\"p\"", "\"q\""),
            ("\"973\"", "\"974\""),
            ("\"973\"", "null"),
            ("eventTime", "eventtime"),
            ("\"eventTime\":", "\"eventTime\": "),
            ("999}", "999 }"),
            ("999}", "999,\"error\":1}"),
        ] {
            assert!(read(FIRST, &[(from, to)]).is_none(), "{to} for {from}");
        }
    }

    #[test]
    fn a_time_that_repeats_is_not_taken_for_a_longer_or_shorter_one() {
        let mut template = template(FIRST);
        for (till, expected) in [
            ("1746046799999", Some(1_746_046_799_999)),
            ("1746046799999", Some(1_746_046_799_999)),
            ("17460467999991", Some(17_460_467_999_991)),
            ("1746046799999", Some(1_746_046_799_999)),
            ("174604679999", Some(174_604_679_999)),
            ("17460467", Some(17_460_467)),
            ("174604679", Some(174_604_679)),
            ("null", Some(NO_TIME)),
            ("1746046799998", Some(1_746_046_799_998)),
            ("1746046799998.", None),
            ("1746046799998", Some(1_746_046_799_998)),
        ] {
            let entry = FIRST.replace("1746046799999", till);
            let row = template.read(&[&entry.as_bytes()[1..], AFTER.as_bytes()].concat());
            assert_eq!(row.map(|row| row.valid_till), expected, "{till}");
        }
        // Nothing was read yet: bytes of zero are no time that repeats.
        assert!(read(FIRST, &[("1746046799999", &"\0".repeat(16))]).is_none());
    }

    #[test]
    fn every_beginning_is_left_to_the_general_parser() {
        let mut template = template(FIRST);
        for end in 1..FIRST.len() {
            assert!(template.read(&FIRST.as_bytes()[1..end]).is_none(), "{end}");
        }
    }

    #[test]
    fn fields_without_meaning_vary_and_fields_with_meaning_do_not() {
        let sample = FIRST.replace(
            "{\"id",
            concat!(
                r#"{ "a" : "x", "m":{"id":[1,true,{}],"error":null},"#,
                "\n\"error\":null,\"errors\":[],",
                r#""status":{"code":200,"y":1},"id"#
            ),
        );
        for (from, to) in [
            ("\"x\"", "\"\\u00e9 and more\""),
            ("\"x\"", "null"),
            ("[1", "[-1.5e3"),
            ("true", "\"yes\""),
            ("\"error\":null}", "\"error\":5}"),
        ] {
            assert!(read(&sample, &[(from, to)]).is_some(), "{to} for {from}");
        }
        for (from, to) in [
            ("\n\"error\":null", "\n\"error\":true"),
            ("\"errors\":[]", "\"errors\":[1]"),
            ("200", "500"),
            ("\"y\":1", "\"y\":2"),
            ("[1", "[01"),
            ("\"x\"", "[]"),
            ("true", "tru"),
        ] {
            assert!(read(&sample, &[(from, to)]).is_none(), "{to} for {from}");
        }
    }
}
