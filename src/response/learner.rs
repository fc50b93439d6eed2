//! Learns a template from entries that the general parser has read.

use super::entry::field_of;
use super::fields::Field;
use crate::scan::digits::parse_customer;
use crate::scan::swar::hex_id;
use crate::scan::template::{HoleKind, Template};
use crate::scan::token::{Cursor, Scalar};

/// Holes of a template; an entry with more is not regular enough.
const HOLES_MAX: usize = 32;
/// Bytes of a sample; with more, comparing is no faster than parsing.
const SAMPLE_BYTES_MAX: usize = 2_048;

/// The template in use, and the counts that decide when to learn another.
#[derive(Default)]
pub(super) struct Learner {
    pub template: Option<Template>,
    /// Issuances in a row that did not fit.
    unfit: u32,
    /// Unfit issuances allowed before the next template is learnt: none at first, more after each,
    /// so that irregular entries do not cost a template each.
    unfit_allowed: u32,
}

const UNFIT_ALLOWED_MAX: u32 = 63;
/// Unfit issuances in a row after which the template is dropped.
const UNFIT_MAX: u32 = 8;
/// Fitting entries in a row that reset `unfit_allowed`.
const FITS_MIN: u32 = 4;

impl Learner {
    /// Records that so many entries in a row fitted.
    pub fn record_fits(&mut self, count: u32) {
        if count != 0 {
            self.unfit = 0;
        }
        if count >= FITS_MIN {
            self.unfit_allowed = 1;
        }
    }

    /// Records an issuance without extra values that the general parser had to read; learns from it
    /// if it is due.
    pub fn record_unfit(&mut self, sample: &[u8]) {
        self.unfit = self.unfit.saturating_add(1);
        if self.unfit > self.unfit_allowed {
            self.unfit = 0;
            self.unfit_allowed =
                self.unfit_allowed.saturating_mul(2).saturating_add(1).min(UNFIT_ALLOWED_MAX);
            self.template = learn(sample);
        } else if self.unfit >= UNFIT_MAX {
            self.template = None;
        }
    }
}

/// Makes a template of an issuance without extra values, from the opening quote of its key to its
/// closing brace. `None` if it is too irregular.
pub(super) fn learn(sample: &[u8]) -> Option<Template> {
    if sample.len() > SAMPLE_BYTES_MAX {
        return None;
    }
    let mut cursor = Cursor::new(sample);
    let key = cursor.key().ok()?.plain()?;
    let mut draft = Draft {
        template: Template::default(),
        sample,
        text_from: key.len().checked_add(1)?,
        meaning: None,
        depth: 0,
        objects: 0,
    };
    draft.entry(&mut cursor)?;
    draft.hole(sample.len(), sample.len(), HoleKind::End)?;
    Some(draft.template)
}

/// A template under construction.
struct Draft<'s> {
    template: Template,
    sample: &'s [u8],
    /// Start of the text before the next hole.
    text_from: usize,
    /// The field being read, if it is a known one.
    meaning: Option<Field>,
    depth: u32,
    /// A bit for each open container, the innermost lowest: 1 for an object, 0 for an array.
    objects: u64,
}

impl Draft<'_> {
    /// Reads the entry, which is known to be JSON within the caps.
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
                self.hole(start.checked_add(1)?, end.checked_sub(1)?, HoleKind::Id)
            }
            (Some(Field::Customer), Scalar::Number(number)) => {
                parse_customer(number.raw)?;
                self.hole(start, end, HoleKind::Customer)
            }
            // Also for a time that the template cannot read: as text it would count as absent.
            (Some(Field::EventTime), _) => self.hole(start, end, HoleKind::EventTime),
            (Some(Field::ValidTill), _) => self.hole(start, end, HoleKind::ValidTill),
            (None, _) => self.hole(start, end, HoleKind::Other),
            // Part of the text.
            _ => Some(()),
        }
    }

    /// A hole, and the text since the last one.
    fn hole(&mut self, start: usize, end: usize, kind: HoleKind) -> Option<()> {
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
            let mut learner = Learner::default();
            learner.record_unfit(SAMPLE.as_bytes());
            learner.record_unfit(SAMPLE.as_bytes());
            learner.template = None;
            learner.record_fits(fitted);
            learner.record_unfit(SAMPLE.as_bytes());
            // After the second template one unfit issuance is allowed, not two.
            assert_eq!(u32::from(learner.template.is_some()), lessons, "{fitted}");
        }
    }

    #[test]
    fn a_template_is_tried_until_so_many_did_not_fit_in_a_row() {
        let mut learner = Learner::default();
        // The fourth template, after which fifteen unfit issuances are allowed.
        (0..15).for_each(|_| learner.record_unfit(SAMPLE.as_bytes()));
        for unfit in 1..=UNFIT_MAX {
            assert!(learner.template.is_some(), "{unfit}");
            learner.record_unfit(SAMPLE.as_bytes());
        }
        assert!(learner.template.is_none());
    }

    #[test]
    fn learning_gets_rarer_while_nothing_fits() {
        let mut learner = Learner::default();
        let mut lessons = Vec::new();
        for entry in 1..=200 {
            learner.record_unfit(SAMPLE.as_bytes());
            if learner.unfit == 0 {
                lessons.push(entry);
            }
        }
        assert_eq!(lessons, [1, 3, 7, 15, 31, 63, 127, 191]);
        assert!(learner.template.is_none(), "given up until the next draft");
        learner.record_fits(FITS_MIN);
        for _ in 0..2 {
            learner.record_unfit(SAMPLE.as_bytes());
        }
        assert!(learner.template.is_some());
    }
}
