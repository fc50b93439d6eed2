//! Compares the input that a resumed run is given with the ids of its journal.

use super::{OTHER_IDS, Recovered};
use crate::id::IdList;
use crate::intake::{Dedupe, Findings, Format, Input, Intake};
use crate::limits::JOURNAL_IDS_PER_RECORD;
use crate::request::RequestError;
use alloc::vec::Vec;

/// The relation of a given input to the journal's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// The same customers.
    Same,
    /// All customers of the journal and these.
    Extended(Vec<i64>),
    /// Customers of the journal are missing.
    Other,
}

impl Recovered {
    /// Compares a given input with the journal's; the order does not matter.
    pub fn compare(&self, ids: &IdList) -> Comparison {
        let own = self.ledger.ids();
        if own == ids {
            return Comparison::Same;
        }
        let Some(both) = both(own, ids) else { return Comparison::Other };
        // Each list is distinct by itself, so that every duplicate is one of the journal's.
        let holds_all = usize::try_from(both.duplicate).is_ok_and(|known| known == own.len());
        match both.ids.slice(own.len()..both.ids.len()) {
            Some(new) if holds_all && new.is_empty() => Comparison::Same,
            Some(new) if holds_all => Comparison::Extended(new),
            _ => Comparison::Other,
        }
    }

    /// Takes an input that holds all of the journal's ids. New ids become rows after the last, and
    /// its counts and problems replace the journal's.
    ///
    /// # Errors
    /// `journal-mismatch` where ids of the journal are missing.
    pub fn admit(&mut self, ids: &IdList, findings: Findings) -> Result<(), &'static RequestError> {
        match self.compare(ids) {
            Comparison::Same => {}
            Comparison::Extended(new) => {
                self.ledger.extend(&new);
                self.header.findings = findings;
            }
            Comparison::Other => return Err(OTHER_IDS),
        }
        Ok(())
    }
}

/// Both lists as one input, the second after the first; `None` where they are too long.
fn both(own: &IdList, other: &IdList) -> Option<Input> {
    let mut intake = Intake::new(Format::default(), Dedupe::Exact);
    for list in [own, other] {
        for start in (0..list.len()).step_by(JOURNAL_IDS_PER_RECORD) {
            let end = start.saturating_add(JOURNAL_IDS_PER_RECORD).min(list.len());
            intake.push_longs(&list.slice(start..end)?).ok()?;
        }
    }
    intake.finish().ok()
}
