//! The columns of an answer while it is read: where entries are settled, each slot once.

use super::Expected;
use super::answer::{Broken, Contradiction, Entries, Extra, Mismatch, NO_TIME, SlotState};
use super::entry::{Issued, Judged};
use super::lookup::{Index, Slots};
use super::swar::hex_id;
use super::text::{Text, parse_customer};
use crate::id::PackedIssuanceId;
use crate::limits::{ISSUANCE_ID_BYTES_MAX, MESSAGE_BYTES_MAX, REPLY_EXTRA_KEPT};
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

pub(super) struct Columns {
    pub entries: Entries,
    pub mismatched: Vec<Mismatch>,
    pub extra: Extra,
    slots: Slots,
    /// Keys beyond the batch: ids as they are, other texts as a negative hash. They are few, or
    /// the cap on keys ends the reading.
    extra_keys: Vec<i64>,
    extra_index: Index,
}

/// What a key of `data` means.
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
        let entries = Entries {
            states: vec![SlotState::Absent; batch_len],
            issuance: vec![[0; 12]; batch_len],
            event_time: vec![NO_TIME; batch_len],
            valid_till: vec![NO_TIME; batch_len],
            ..Entries::default()
        };
        Self {
            entries,
            mismatched: Vec::new(),
            extra: Extra::default(),
            slots: Slots::default(),
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
    #[inline(always)]
    pub fn slot(&mut self, ids: &[i64], id: i64) -> Result<Option<usize>, Broken> {
        let Some(slot) = self.slots.find(ids, id) else { return Ok(None) };
        match self.entries.states.get(slot) {
            Some(SlotState::Absent) => Ok(Some(slot)),
            Some(_) => Err(Broken::DuplicateId),
            None => Ok(None),
        }
    }

    /// Takes a key whose value cannot be an entry of the batch.
    pub fn pass_over(&mut self, key: Key) -> Result<(), Broken> {
        let unique = match key {
            Key::Slot { slot, .. } | Key::Strange { slot } => {
                self.mark(slot, SlotState::Unreadable);
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

    /// Settles a slot with what its entry amounts to. True if that is an ordinary issuance, of
    /// which more may follow.
    pub fn settle(&mut self, slot: usize, judged: Judged<'_>, expected: &Expected<'_>) -> bool {
        let place = u32::try_from(slot).unwrap_or(u32::MAX);
        match judged {
            Judged::Issued(issued) => return self.issue(slot, place, &issued, expected.context),
            Judged::Refused(error) => {
                self.entries.refused.push(place, error);
                self.mark(slot, SlotState::Refused);
            }
            Judged::Mismatched(what) => self.mismatch(slot, place, what),
            Judged::Unreadable => self.mark(slot, SlotState::Unreadable),
        }
        false
    }

    fn issue(&mut self, slot: usize, place: u32, issued: &Issued<'_>, context: &str) -> bool {
        let hex = issued.id.plain().and_then(packed);
        if hex.is_none() {
            match issued.id.exact(ISSUANCE_ID_BYTES_MAX) {
                Some(text) => self.pack_or_keep(slot, place, &text),
                None => {
                    self.mark(slot, SlotState::Unreadable);
                    return false;
                }
            }
        }
        let odd_context = issued.earned_from.filter(|text| !text.equals(context));
        if let Some(text) = odd_context {
            let mut readable = String::new();
            text.readable(&mut readable, MESSAGE_BYTES_MAX);
            self.entries.odd_contexts.push(place, &readable);
        }
        let event_time = issued.event_time.unwrap_or(NO_TIME);
        self.fill(slot, hex, event_time, issued.valid_till.unwrap_or(NO_TIME));
        hex.is_some() && odd_context.is_none()
    }

    /// An id that was written with escapes may still be one of the ordinary form.
    fn pack_or_keep(&mut self, slot: usize, place: u32, text: &str) {
        match (packed(text.as_bytes()), self.entries.issuance.get_mut(slot)) {
            (Some(packed), Some(id)) => *id = packed,
            _ => self.entries.odd_ids.push(place, text),
        }
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
        let entries = &mut self.entries;
        if let (Some(packed), Some(id)) = (packed, entries.issuance.get_mut(slot)) {
            *id = packed;
        }
        if let Some(time) = entries.event_time.get_mut(slot) {
            *time = event_time;
        }
        if let Some(time) = entries.valid_till.get_mut(slot) {
            *time = valid_till;
        }
        self.mark(slot, SlotState::Issued);
    }

    fn mismatch(&mut self, slot: usize, place: u32, what: Contradiction) {
        self.mismatched.push(Mismatch { slot: place, what });
        self.mark(slot, SlotState::Mismatched);
    }

    #[inline]
    fn mark(&mut self, slot: usize, state: SlotState) {
        self.slots.taken(slot);
        if let Some(place) = self.entries.states.get_mut(slot) {
            *place = state;
        }
    }

    /// Orders what is kept beside the columns by slot.
    pub fn order(&mut self) {
        let slots = self.entries.states.len();
        self.entries.odd_ids.order(slots);
        self.entries.odd_contexts.order(slots);
        self.entries.refused.order(slots);
    }
}

/// The id in twelve bytes, if it is 24 lower-case hex digits.
fn packed(text: &[u8]) -> Option<PackedIssuanceId> {
    hex_id(text.as_array()?)
}

/// FNV-1a with the sign bit set, so that it is never an id. Two texts with one hash would be
/// taken for a key that occurs twice: the answer would be broken, which claims nothing.
fn negative_hash(text: &[u8]) -> i64 {
    let hash = text.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash as i64) | i64::MIN
}
