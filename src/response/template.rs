//! The fast path: how the entries of this answer are written, learnt from one of them.
//!
//! A service writes every entry of an answer the same way, whatever that way is: field order,
//! white space, further fields. A [`Template`] is one entry with holes: the text between the holes
//! is compared as a few 64-bit words, and only the holes are read. Names, the promotion, the
//! context and everything that could mean an error are text, so an entry that fits is an ordinary
//! issuance; one that does not fit, for whatever reason, is left to the general parser.

use super::answer::NO_TIME;
use super::entry::Field;
use super::scan::{Cursor, Scalar};
use super::swar::{digit_count, digits_value, hex_value};
use super::text::parse_customer;
use crate::id::{PackedIssuanceId, pack_issuance_id};

/// Holes of a template: beyond that an entry is not regular enough to be worth it.
const HOLES_MAX: usize = 32;
/// Bytes of a sample: beyond that comparing is no faster than reading.
const SAMPLE_BYTES_MAX: usize = 2_048;

/// The template in use, and when to learn another.
#[derive(Default)]
pub(super) struct Habit {
    pub template: Option<Template>,
    /// Ordinary issuances in a row that did not fit.
    misses: u32,
    /// Misses that are borne before the next lesson: none at first, more with each lesson, so
    /// that entries without any regularity are not studied in vain.
    patience: u32,
}

const PATIENCE_MAX: u32 = 63;
/// Fitting entries in a row that restore the readiness to learn.
const RUN_MIN: u32 = 4;

impl Habit {
    /// Takes notice of so many entries that fitted.
    pub fn fitted(&mut self, count: u32) {
        if count != 0 {
            self.misses = 0;
        }
        if count >= RUN_MIN {
            self.patience = 1;
        }
    }

    /// Takes notice of an ordinary issuance that the general parser had to read.
    pub fn see(&mut self, sample: &[u8]) {
        self.misses = self.misses.saturating_add(1);
        if self.misses > self.patience {
            self.misses = 0;
            self.patience = self.patience.saturating_mul(2).saturating_add(1).min(PATIENCE_MAX);
            self.template = Template::learn(sample).or(self.template.take());
        }
    }
}

/// One entry with holes, from behind the opening quote of its key.
pub(super) struct Template {
    /// The texts before the holes, eight bytes a word; of each text only the whole words.
    words: Vec<u64>,
    holes: Vec<Hole>,
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
enum Kind {
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
    /// Learns from an ordinary issuance, given from the opening quote of its key to its closing
    /// brace. `None` if it is too irregular.
    pub fn learn(sample: &[u8]) -> Option<Self> {
        if sample.len() > SAMPLE_BYTES_MAX {
            return None;
        }
        let mut cursor = Cursor::new(sample);
        let key = cursor.key().ok()?.plain()?;
        let mut lesson = Lesson {
            template: Self { words: Vec::new(), holes: Vec::new() },
            sample,
            text_from: key.len().checked_add(1)?,
            meaning: None,
            depth: 0,
            objects: 0,
        };
        lesson.object_or_array(&mut cursor)?;
        lesson.hole(sample.len(), sample.len(), Kind::End)?;
        Some(lesson.template)
    }

    /// Reads the entry whose key begins here, if it fits.
    #[inline]
    pub fn read(&self, bytes: &[u8]) -> Option<Row> {
        let key = Digits::read(bytes.first_chunk()?)?;
        let mut rest = bytes.get(key.count..)?;
        let mut words = self.words.as_slice();
        let mut row = Row {
            customer: key.value,
            id: [0; 12],
            event_time: NO_TIME,
            valid_till: NO_TIME,
            length: 0,
        };
        for hole in &self.holes {
            let (text, later) = words.split_at_checked(hole.words)?;
            words = later;
            rest = hole.behind_text(text, rest)?;
            let taken = match hole.kind {
                Kind::Id => {
                    row.id = hex_id(rest.first_chunk()?)?;
                    24
                }
                Kind::Customer => key.repeated(rest.first_chunk()?)?,
                Kind::EventTime => time(rest, &mut row.event_time)?,
                Kind::ValidTill => time(rest, &mut row.valid_till)?,
                Kind::Other => {
                    let mut cursor = Cursor::new(rest);
                    cursor.scalar().ok()?;
                    cursor.at()
                }
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
    #[inline]
    fn behind_text<'b>(&self, text: &[u64], bytes: &'b [u8]) -> Option<&'b [u8]> {
        let (words, _) = bytes.as_chunks::<8>();
        let tail = words.get(self.words..).map(|_| self.words.wrapping_mul(8))?;
        let tail = bytes.get(tail..)?.first_chunk()?;
        let mut difference = (u64::from_le_bytes(*tail) ^ self.tail) & self.tail_mask;
        for (word, expected) in words.iter().zip(text) {
            difference |= u64::from_le_bytes(*word) ^ expected;
        }
        if difference == 0 { bytes.get(self.length..) } else { None }
    }
}

/// The digits of a key, still as they were written.
struct Digits {
    words: [u64; 3],
    count: usize,
    value: i64,
}

impl Digits {
    /// Digits of a customer id: no leading zero, a positive Long.
    #[inline]
    fn read(window: &[u8; 24]) -> Option<Self> {
        let words = words_of(window);
        let [first, second, third] = words;
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
        Some(Self { words, count, value: i64::try_from(value).ok()? })
    }

    /// The number of digits, if the same ones begin here. What follows is compared as text, which
    /// never begins with a digit behind a number.
    #[inline]
    fn repeated(&self, window: &[u8; 24]) -> Option<usize> {
        let mut difference = 0_u64;
        let mut bytes = self.count;
        for (word, own) in words_of(window).into_iter().zip(self.words) {
            difference |= (word ^ own) & low_bytes(bytes);
            bytes = bytes.saturating_sub(8);
        }
        if difference == 0 { Some(self.count) } else { None }
    }
}

/// `value` with so many (0 to 8) zeros behind it.
#[inline]
fn shifted(value: u64, digits: usize) -> Option<u64> {
    const TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];
    TENS.get(digits).map(|ten| value.wrapping_mul(*ten))
}

/// The bits of so many bytes from the lowest on; all from eight bytes on.
#[inline]
fn low_bytes(bytes: usize) -> u64 {
    if bytes >= 8 { u64::MAX } else { !u64::MAX.wrapping_shl((bytes as u32).wrapping_mul(8)) }
}

#[inline]
fn words_of(window: &[u8; 24]) -> [u64; 3] {
    let mut words = [0; 3];
    for (word, chunk) in words.iter_mut().zip(window.as_chunks().0) {
        *word = u64::from_le_bytes(*chunk);
    }
    words
}

#[inline]
fn hex_id(window: &[u8; 24]) -> Option<PackedIssuanceId> {
    let [first, second, third] = words_of(window);
    let [a, b, c, d] = hex_value(first)?;
    let [e, f, g, h] = hex_value(second)?;
    let [i, j, k, l] = hex_value(third)?;
    Some([a, b, c, d, e, f, g, h, i, j, k, l])
}

/// The length of a time of up to 15 digits, or of null.
#[inline]
fn time(bytes: &[u8], into: &mut i64) -> Option<usize> {
    let (words, _) = bytes.as_chunks::<8>();
    let [first, second, ..] = words else { return None };
    let (first, second) = (u64::from_le_bytes(*first), u64::from_le_bytes(*second));
    let mut count = digit_count(first);
    let mut value = digits_value(first, count);
    if count == 8 {
        let more = digit_count(second);
        value = shifted(value, more)?.wrapping_add(digits_value(second, more));
        count = more.wrapping_add(8);
    }
    if count == 0 {
        *into = NO_TIME;
        return if bytes.starts_with(b"null") { Some(4) } else { None };
    }
    // A zero is a whole number only alone; sixteen digits may be more.
    if (first & 0xff == u64::from(b'0') && count > 1) || count == 16 {
        return None;
    }
    *into = i64::try_from(value).ok()?;
    Some(count)
}

/// A template in the making.
struct Lesson<'s> {
    template: Template,
    sample: &'s [u8],
    /// Where the text before the next hole begins.
    text_from: usize,
    /// The field of the entry that is being read, if it carries meaning.
    meaning: Option<Field>,
    depth: u32,
    /// The lowest bit tells whether the open container is an object, the next its parent ...
    objects: u64,
}

impl Lesson<'_> {
    /// Goes through the entry, which is known to be JSON within the caps.
    fn object_or_array(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        loop {
            let byte = cursor.peek().ok()?;
            match byte {
                b'{' | b'[' => {
                    cursor.advance();
                    self.depth = self.depth.checked_add(1)?;
                    self.objects = self.objects << 1 | u64::from(byte == b'{');
                    self.key(cursor)?;
                }
                b'}' | b']' => {
                    cursor.advance();
                    self.depth = self.depth.checked_sub(1)?;
                    self.objects >>= 1;
                    if self.depth == 0 {
                        return Some(());
                    }
                }
                b',' => {
                    cursor.advance();
                    self.key(cursor)?;
                }
                _ => self.value(cursor)?,
            }
        }
    }

    /// The next key, where one must be.
    fn key(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        if self.objects & 1 == 1 && cursor.peek().ok()? == b'"' {
            let key = cursor.key().ok()?;
            if self.depth == 1 {
                self.meaning = Field::named(&key);
            }
        }
        Some(())
    }

    fn value(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let start = cursor.at();
        let value = cursor.scalar().ok()?;
        let end = cursor.at();
        let is_time = match value {
            Scalar::Number(number) => number.integer && (1..16).contains(&number.raw.len()),
            Scalar::Null => true,
            _ => false,
        };
        match (self.meaning, value) {
            (Some(Field::Id), Scalar::Text(text)) => {
                pack_issuance_id(text.plain()?)?;
                self.hole(start.checked_add(1)?, end.checked_sub(1)?, Kind::Id)
            }
            (Some(Field::Customer), Scalar::Number(number)) => {
                parse_customer(number.raw)?;
                self.hole(start, end, Kind::Customer)
            }
            (Some(Field::EventTime), _) if is_time => self.hole(start, end, Kind::EventTime),
            (Some(Field::ValidTill), _) if is_time => self.hole(start, end, Kind::ValidTill),
            (None, _) => self.hole(start, end, Kind::Other),
            // Part of the text.
            _ => Some(()),
        }
    }

    /// A hole, and the text since the last one.
    fn hole(&mut self, start: usize, end: usize, kind: Kind) -> Option<()> {
        let text = self.sample.get(self.text_from..start)?;
        let (words, rest) = text.as_chunks::<8>();
        let mut tail = [0; 8];
        for (byte, from) in tail.iter_mut().zip(rest) {
            *byte = *from;
        }
        self.template.words.extend(words.iter().map(|word| u64::from_le_bytes(*word)));
        self.template.holes.push(Hole {
            words: words.len(),
            tail: u64::from_le_bytes(tail),
            tail_mask: low_bytes(rest.len()),
            length: text.len(),
            kind,
        });
        self.text_from = end;
        if self.template.holes.len() > HOLES_MAX { None } else { Some(()) }
    }
}
