//! Learning a template from an entry that the general parser has read, and when to.

use super::entry::field_of;
use super::fields::Field;
use crate::scan::digits::parse_customer;
use crate::scan::swar::hex_id;
use crate::scan::template::{Kind, Template};
use crate::scan::token::{Cursor, Scalar};

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
/// Misses after which a template is not even tried any more.
const MISSES_MAX: u32 = 8;
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
            self.template = learn(sample);
        } else if self.misses >= MISSES_MAX {
            self.template = None;
        }
    }
}

/// Learns from an ordinary issuance, given from the opening quote of its key to its closing brace.
/// `None` if it is too irregular.
pub(super) fn learn(sample: &[u8]) -> Option<Template> {
    if sample.len() > SAMPLE_BYTES_MAX {
        return None;
    }
    let mut cursor = Cursor::new(sample);
    let key = cursor.key().ok()?.plain()?;
    let mut lesson = Lesson {
        template: Template::default(),
        sample,
        text_from: key.len().checked_add(1)?,
        meaning: None,
        depth: 0,
        objects: 0,
    };
    lesson.entry(&mut cursor)?;
    lesson.hole(sample.len(), sample.len(), Kind::End)?;
    Some(lesson.template)
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
    fn entry(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
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
                self.meaning = field_of(&key);
            }
        }
        Some(())
    }

    fn value(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let start = cursor.at();
        let value = cursor.scalar().ok()?;
        let end = cursor.at();
        match (self.meaning, value) {
            (Some(Field::Id), Scalar::Text(text)) => {
                hex_id(text.plain()?.as_array()?)?;
                self.hole(start.checked_add(1)?, end.checked_sub(1)?, Kind::Id)
            }
            (Some(Field::Customer), Scalar::Number(number)) => {
                parse_customer(number.raw)?;
                self.hole(start, end, Kind::Customer)
            }
            // Also of a time that the template cannot read: as text it would count as none.
            (Some(Field::EventTime), _) => self.hole(start, end, Kind::EventTime),
            (Some(Field::ValidTill), _) => self.hole(start, end, Kind::ValidTill),
            (None, _) => self.hole(start, end, Kind::Other),
            // Part of the text.
            _ => Some(()),
        }
    }

    /// A hole, and the text since the last one.
    fn hole(&mut self, start: usize, end: usize, kind: Kind) -> Option<()> {
        self.template.push(self.sample.get(self.text_from..start)?, kind);
        self.text_from = end;
        if self.template.holes() > HOLES_MAX { None } else { Some(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str =
        r#""7":{"id":"67dd4237ef21a64211227e06","customerId":7,"promotionId":"p"}"#;

    #[test]
    fn irregular_samples_teach_nothing() {
        let many: String = (0..HOLES_MAX).map(|field| format!("\"x{field}\":1,")).collect();
        let long = format!("\"x\":\"{}\",", "x".repeat(SAMPLE_BYTES_MAX));
        for fields in [many, long] {
            let sample = SAMPLE.replace("{\"id", &format!("{{{fields}\"id"));
            assert!(learn(sample.as_bytes()).is_none());
        }
        assert!(learn(b"").is_none());
    }

    #[test]
    fn samples_are_bounded_exactly() {
        let with = |fields: &str| SAMPLE.replace("{\"id", &format!("{{{fields}\"id"));
        let long = |text: usize| with(&format!("\"x\":\"{}\",", "x".repeat(text)));
        let most = SAMPLE_BYTES_MAX - long(0).len();
        assert!(learn(long(most).as_bytes()).is_some());
        assert!(learn(long(most + 1).as_bytes()).is_none());
        let many = |count: usize| with(&"\"x\":1,".repeat(count));
        let most = HOLES_MAX - learn(SAMPLE.as_bytes()).unwrap().holes();
        assert_eq!(learn(many(most).as_bytes()).unwrap().holes(), HOLES_MAX);
        assert!(learn(many(most + 1).as_bytes()).is_none());
    }

    #[test]
    fn only_entries_that_fit_end_the_count_of_those_that_do_not() {
        for (fitted, lessons) in [(0, 1), (1, 0)] {
            let mut habit = Habit::default();
            habit.see(SAMPLE.as_bytes());
            habit.see(SAMPLE.as_bytes());
            habit.template = None;
            habit.fitted(fitted);
            habit.see(SAMPLE.as_bytes());
            // The lesson after the first bears one miss, not two.
            assert_eq!(u32::from(habit.template.is_some()), lessons, "{fitted}");
        }
    }

    #[test]
    fn a_template_is_tried_until_so_many_did_not_fit_in_a_row() {
        let mut habit = Habit::default();
        // The fourth lesson, after which fifteen misses are borne.
        (0..15).for_each(|_| habit.see(SAMPLE.as_bytes()));
        for misses in 1..=MISSES_MAX {
            assert!(habit.template.is_some(), "{misses}");
            habit.see(SAMPLE.as_bytes());
        }
        assert!(habit.template.is_none());
    }

    #[test]
    fn lessons_get_rarer_while_nothing_fits() {
        let mut habit = Habit::default();
        let mut lessons = Vec::new();
        for entry in 1..=200 {
            habit.see(SAMPLE.as_bytes());
            if habit.misses == 0 {
                lessons.push(entry);
            }
        }
        assert_eq!(lessons, [1, 3, 7, 15, 31, 63, 127, 191]);
        assert!(habit.template.is_none(), "given up until the next lesson");
        habit.fitted(RUN_MIN);
        for _ in 0..2 {
            habit.see(SAMPLE.as_bytes());
        }
        assert!(habit.template.is_some());
    }
}
