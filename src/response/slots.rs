//! The slots of one answer, one for each id of the batch, and the entries that fit a template.

use super::lookup::Lookup;
use crate::id::PackedIssuanceId;
use crate::scan::template::{NO_TIME, Template};
use alloc::vec;
use alloc::vec::Vec;

/// The state of one id's slot in `data`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum SlotState {
    /// Absent.
    #[default]
    Absent = 0,
    /// A complete entry for this id and promotion, without an error.
    Issued = 1,
    /// An entry with an error.
    Refused = 2,
    /// An undocumented entry: null, another type, a field missing, of another type or twice, or an
    /// id written with escapes in the key.
    Unreadable = 3,
    /// An entry that names another customer or promotion.
    Mismatched = 4,
}

/// A column for each part of a slot, in request order.
pub struct Slots {
    pub states: Vec<SlotState>,
    pub issuance: Vec<PackedIssuanceId>,
    pub event_time: Vec<i64>,
    pub valid_till: Vec<i64>,
    lookup: Lookup,
}

/// The bounds of one sprint.
pub struct Bounds {
    /// Entries.
    pub entries_max: u64,
    /// Bytes of one entry must be fewer.
    pub entry_bytes: usize,
}

/// The consecutive entries that fitted.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub entries: u32,
    /// Bytes of them, with the commas behind them.
    pub used: usize,
    /// No comma follows the last of them.
    pub ended: bool,
}

impl Slots {
    pub fn new(batch_len: usize) -> Self {
        Self {
            states: vec![SlotState::Absent; batch_len],
            issuance: vec![[0; 12]; batch_len],
            event_time: vec![NO_TIME; batch_len],
            valid_till: vec![NO_TIME; batch_len],
            lookup: Lookup::default(),
        }
    }

    /// The slot of an id of the batch, whatever its state.
    #[inline(always)]
    pub fn find(&mut self, ids: &[i64], id: i64) -> Option<usize> {
        self.lookup.find(ids, id)
    }

    /// Fills the columns of an issued slot.
    #[inline(always)]
    pub fn fill(
        &mut self,
        slot: usize,
        packed: Option<PackedIssuanceId>,
        event_time: i64,
        valid_till: i64,
    ) {
        if let (Some(packed), Some(id)) = (packed, self.issuance.get_mut(slot)) {
            *id = packed;
        }
        if let Some(time) = self.event_time.get_mut(slot) {
            *time = event_time;
        }
        if let Some(time) = self.valid_till.get_mut(slot) {
            *time = valid_till;
        }
        self.mark(slot, SlotState::Issued);
    }

    #[inline(always)]
    pub fn mark(&mut self, slot: usize, state: SlotState) {
        self.lookup.taken(slot);
        if let Some(place) = self.states.get_mut(slot) {
            *place = state;
        }
    }

    /// Takes consecutive entries that fit. Stops before one that does not, is not of the batch or
    /// was settled before: the general parser handles it.
    #[inline(never)]
    pub fn take_fitting(
        &mut self,
        template: &mut Template,
        ids: &[i64],
        bytes: &[u8],
        bounds: &Bounds,
    ) -> Taken {
        let mut taken = Taken::default();
        let mut rest = bytes;
        while u64::from(taken.entries) < bounds.entries_max {
            // The key begins behind its quote.
            let Some((b'"', entry)) = behind_space(rest).split_first() else { break };
            let Some(fitted) = template.read(entry) else { break };
            let Some(slot) = self.lookup.find(ids, fitted.customer) else { break };
            let absent = self.states.get(slot) == Some(&SlotState::Absent);
            if !absent || fitted.length >= bounds.entry_bytes {
                break;
            }
            self.fill(slot, Some(fitted.id.bytes()), fitted.event_time, fitted.valid_till);
            taken.entries = taken.entries.wrapping_add(1);
            rest = entry.get(fitted.length..).unwrap_or_default();
            let [b',', next @ ..] = rest else {
                taken.ended = true;
                break;
            };
            rest = next;
        }
        taken.used = bytes.len().wrapping_sub(rest.len());
        taken
    }
}

#[inline(always)]
fn behind_space(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [b' ' | b'\n' | b'\r' | b'\t', behind @ ..] = rest {
        rest = behind;
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::template::HoleKind;

    fn template() -> Template {
        let mut template = Template::default();
        template.push(b"\":{\"id\":\"", HoleKind::Id);
        template.push(b"\",\"customerId\":", HoleKind::Customer);
        template.push(b"}", HoleKind::End);
        template
    }

    fn entry(id: i64) -> String {
        format!("\"{id}\":{{\"id\":\"0123456789abcdef01234567\",\"customerId\":{id}}}")
    }

    const BOUNDS: Bounds = Bounds { entries_max: 100, entry_bytes: 1_000 };
    /// An entry is taken only if some bytes follow it.
    const AFTER: &str = "}                                ";

    #[test]
    fn taking_ends_before_what_is_out_of_the_ordinary() {
        let ids = [7, 8, 9];
        let good = format!(" {},{}", entry(7), entry(8));
        let take = |text: &str, bounds: &Bounds| {
            let mut slots = Slots::new(ids.len());
            let taken = slots.take_fitting(&mut template(), &ids, text.as_bytes(), bounds);
            let issued = slots.states.iter().filter(|state| **state == SlotState::Issued).count();
            assert_eq!(issued, taken.entries as usize);
            taken
        };
        let whole = take(&format!("{good}{AFTER}"), &BOUNDS);
        assert_eq!(whole, Taken { entries: 2, used: good.len(), ended: true });
        for other in [entry(8), entry(10), "\"9\":{}".to_owned(), "x".to_owned()] {
            let two = take(&format!("{good},{other}{AFTER}"), &BOUNDS);
            let used = good.len() + 1;
            assert_eq!(two, Taken { entries: 2, used, ended: false }, "{other}");
        }
        let bounds = Bounds { entries_max: 1, ..BOUNDS };
        assert_eq!(take(&format!("{good}{AFTER}"), &bounds).entries, 1);
        let bounds = Bounds { entry_bytes: entry(7).len() - 1, ..BOUNDS };
        assert_eq!(take(&format!("{good}{AFTER}"), &bounds), Taken::default());
    }

    #[test]
    fn an_id_has_its_slot_before_and_after_it_is_filled() {
        let ids = [30, 10, 20];
        let mut slots = Slots::new(ids.len());
        for (slot, id) in ids.iter().enumerate() {
            assert_eq!(slots.find(&ids, *id), Some(slot));
            slots.fill(slot, Some([7; 12]), 5, 9);
            assert_eq!(slots.find(&ids, *id), Some(slot));
        }
        assert_eq!(slots.find(&ids, 40), None);
        assert_eq!((slots.states, slots.issuance), (vec![SlotState::Issued; 3], vec![[7; 12]; 3]));
        assert_eq!((slots.event_time, slots.valid_till), (vec![5; 3], vec![9; 3]));
    }

    #[test]
    fn taking_fills_the_slots_of_its_ids_in_any_order() {
        let ids = [30, 10, 20];
        let text = format!("{},{},{}{AFTER}", entry(20), entry(30), entry(10));
        let mut slots = Slots::new(ids.len());
        let taken = slots.take_fitting(&mut template(), &ids, text.as_bytes(), &BOUNDS);
        assert_eq!((taken.entries, taken.ended), (3, true));
        assert_eq!(slots.issuance, [[1, 35, 69, 103, 137, 171, 205, 239, 1, 35, 69, 103]; 3]);
        assert_eq!(slots.event_time, [NO_TIME; 3]);
    }
}
