//! The columns of an answer while it is read: where entries are settled, each slot once.

use super::Expected;
use super::answer::{Broken, Entries, Extra, Mismatch, SlotState};
use super::entry::{Entry, Judged};
use super::lookup::Index;
use super::slots::Slots;
use super::text::Decode;
use crate::id::pack_issuance_id;
use crate::limits::{ISSUANCE_ID_BYTES_MAX, MESSAGE_BYTES_MAX, REPLY_EXTRA_KEPT};
use crate::scan::digits::parse_customer;
use crate::scan::token::Text;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

pub(super) struct Columns {
    pub slots: Slots,
    /// The values that fit no column; the columns are added at the end.
    entries: Entries,
    pub mismatched: Vec<Mismatch>,
    pub extra: Extra,
    /// Keys outside the batch: ids as they are, other texts as a negative hash. They are few, or
    /// the cap on keys ends the reading.
    extra_keys: Vec<i64>,
    extra_index: Index,
}

/// The meaning of a key of `data`.
#[derive(Clone, Copy)]
pub(super) enum Key {
    /// An id of the batch, written plainly.
    Slot { slot: usize, id: i64 },
    /// An id of the batch, but written with escapes, as no writer of numbers does.
    Strange { slot: usize },
    /// A customer id that was not sent.
    Id(i64),
    /// No customer id; a negative number stands for the text.
    Other(i64),
}

impl Columns {
    pub fn new(batch_len: usize) -> Self {
        Self {
            slots: Slots::new(batch_len),
            entries: Entries::default(),
            mismatched: Vec::new(),
            extra: Extra::default(),
            extra_keys: Vec::new(),
            extra_index: Index::default(),
        }
    }

    /// The meaning of a key; an id of the batch may not be settled yet.
    pub fn key(&mut self, ids: &[i64], key: &Text<'_>) -> Result<Key, Broken> {
        if let Some(text) = key.plain() {
            let Some(id) = parse_customer(text) else { return Ok(Key::Other(negative_hash(text))) };
            let slot = self.slot(ids, id)?;
            return Ok(slot.map_or(Key::Id(id), |slot| Key::Slot { slot, id }));
        }
        let decoded = key.exact(usize::MAX);
        let text = decoded.as_deref().map_or(key.raw(), str::as_bytes);
        match parse_customer(text) {
            Some(id) => {
                let slot = self.slot(ids, id)?;
                Ok(slot.map_or(Key::Id(id), |slot| Key::Strange { slot }))
            }
            None => Ok(Key::Other(negative_hash(text))),
        }
    }

    /// The slot of an id of the batch, which may not be settled yet.
    fn slot(&mut self, ids: &[i64], id: i64) -> Result<Option<usize>, Broken> {
        let Some(slot) = self.slots.find(ids, id) else { return Ok(None) };
        match self.slots.states.get(slot) {
            Some(SlotState::Absent) => Ok(Some(slot)),
            Some(_) => Err(Broken::DuplicateId),
            None => Ok(None),
        }
    }

    /// Takes a key whose value cannot be an entry of the batch.
    pub fn pass_over(&mut self, key: Key) -> Result<(), Broken> {
        let unique = match key {
            Key::Slot { slot, .. } | Key::Strange { slot } => {
                self.slots.mark(slot, SlotState::Unreadable);
                return Ok(());
            }
            Key::Id(unique) | Key::Other(unique) => unique,
        };
        if !self.extra_index.push(&mut self.extra_keys, unique) {
            return Err(Broken::DuplicateId);
        }
        if let Key::Other(_) = key {
            self.extra.other_keys = self.extra.other_keys.saturating_add(1);
            return Ok(());
        }
        self.extra.ids_total = self.extra.ids_total.saturating_add(1);
        if self.extra.ids.len() < REPLY_EXTRA_KEPT {
            self.extra.ids.push(unique);
        }
        Ok(())
    }

    /// Settles the slot of this id by its entry. True if the entry is a documented issuance without
    /// extra values, so that a template can be learnt from it.
    pub fn settle(
        &mut self,
        slot: usize,
        id: i64,
        entry: &mut Entry<'_>,
        expected: &Expected<'_>,
    ) -> bool {
        let place = u32::try_from(slot).unwrap_or(u32::MAX);
        let state = match entry.judge(id, expected.promotion) {
            Judged::Issued => match self.issue(slot, place, entry, expected.context) {
                Some(ordinary) => return ordinary,
                None => SlotState::Unreadable,
            },
            Judged::Refused => {
                self.entries.refused.push(place, entry.take_errors());
                SlotState::Refused
            }
            Judged::Mismatched(what) => {
                self.mismatched.push(Mismatch { slot: place, what });
                SlotState::Mismatched
            }
            Judged::Unreadable => SlotState::Unreadable,
        };
        self.slots.mark(slot, state);
        false
    }

    /// True if the issuance has no extra values; `None` if it cannot be read.
    fn issue(&mut self, slot: usize, place: u32, entry: &Entry<'_>, context: &str) -> Option<bool> {
        let issued = entry.issued()?;
        let hex = issued.id.plain().and_then(pack_issuance_id);
        if hex.is_none() {
            let text = issued.id.exact(ISSUANCE_ID_BYTES_MAX)?;
            self.pack_or_keep(slot, place, &text);
        }
        let odd_context = issued.earned_from.filter(|text| !text.equals(context));
        if let Some(text) = odd_context {
            let mut readable = String::new();
            text.readable(&mut readable, MESSAGE_BYTES_MAX);
            self.entries.other_contexts.push(place, &readable);
        }
        self.slots.fill(slot, hex, issued.event_time, issued.valid_till);
        Some(hex.is_some() && odd_context.is_none())
    }

    /// An id written with escapes may still decode to 24 hex digits.
    fn pack_or_keep(&mut self, slot: usize, place: u32, text: &str) {
        match (pack_issuance_id(text.as_bytes()), self.slots.issuance.get_mut(slot)) {
            (Some(packed), Some(id)) => *id = packed,
            _ => self.entries.other_ids.push(place, text),
        }
    }

    /// The columns, with the extra values sorted by slot.
    pub fn finish(&mut self) -> Entries {
        let mut entries = mem::take(&mut self.entries);
        let filled = mem::replace(&mut self.slots, Slots::new(0));
        let slots = filled.states.len();
        entries.other_ids.order(slots);
        entries.other_contexts.order(slots);
        entries.refused.order(slots);
        let Slots { states, issuance, event_time, valid_till, .. } = filled;
        Entries { states, issuance, event_time, valid_till, ..entries }
    }
}

/// FNV-1a with the sign bit set, so that it is never an id. Two texts with one hash would be
/// taken for a key that occurs twice: the answer would be broken, which claims nothing.
fn negative_hash(text: &[u8]) -> i64 {
    let hash = text.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash as i64) | i64::MIN
}
