//! An answer as data: one slot per id of the batch, in request order.

pub use super::slots::SlotState;
use crate::id::PackedIssuanceId;
pub use crate::scan::template::NO_TIME;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// The body of an answer, once it ended.
#[derive(Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "one for each answer, almost always the large one")]
pub enum Body {
    /// One complete JSON object within the caps. Whether it issued anything is in its entries.
    Answer(Answer),
    /// Anything else. Nothing in it counts, not even the entries before the fault.
    Broken(Broken),
}

/// The reason why a body is not an answer (faults.md 37-40, 45-47). None proves what the service
/// did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Broken {
    /// No bytes, or only whitespace.
    Empty,
    /// Not JSON by RFC 8259: bad UTF-8, raw control characters, bad numbers or escapes.
    NotJson,
    /// A page: it begins with the `<` of HTML, with which no JSON begins.
    Page,
    /// JSON, but the outermost value is an array, a string, a number or a word.
    NotObject,
    /// The bytes ended inside the object.
    Cut,
    /// Bytes other than whitespace follow the object.
    Trailing,
    /// More bytes than [`Caps::bytes`](super::Caps::bytes).
    TooLarge,
    /// One entry, list element or string is longer than
    /// [`Caps::value_bytes`](super::Caps::value_bytes).
    ValueTooLarge,
    /// Nested deeper than [`Caps::depth`](super::Caps::depth).
    TooDeep,
    /// More keys than [`Caps::keys_per_id`](super::Caps::keys_per_id) allows for the batch.
    TooManyKeys,
    /// A key occurs twice in `data`: neither can be trusted.
    DuplicateId,
    /// `data`, `errors` or another key that carries meaning occurs twice.
    DuplicateKey,
}

/// A complete answer.
#[derive(Debug, Default, PartialEq)]
pub struct Answer {
    /// The type of `data`.
    pub data: DataForm,
    /// The slots of `data`.
    pub entries: Entries,
    /// The errors of the whole answer in order of arrival: as many as the batch has ids, at least
    /// [`REPLY_ERRORS_KEPT`](crate::limits::REPLY_ERRORS_KEPT).
    pub errors: Vec<ServiceError>,
    /// Number of errors, dropped ones included.
    pub errors_total: u64,
    /// A field of the answer, or of its `response`, says that the whole call failed.
    pub is_failed: bool,
    /// Keys of `data` that are none of the ids that were sent.
    pub extra: Extra,
    /// Entries that contradict their key or the request, in order of arrival: a violation of the
    /// protocol (faults.md 41). Their slots are [`SlotState::Mismatched`].
    pub mismatched: Vec<Mismatch>,
}

impl Answer {
    /// True if no error was dropped.
    pub fn has_all_errors(&self) -> bool {
        self.errors_total == self.errors.len() as u64
    }

    /// True if `data` names no id, sent or not.
    pub fn has_no_entries(&self) -> bool {
        let is_absent = |state: &SlotState| *state == SlotState::Absent;
        self.entries.states.iter().all(is_absent) && self.extra == Extra::default()
    }
}

/// The type of `data`, which siblings of the endpoint send as an object, as null or not at all
/// (api.md 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataForm {
    #[default]
    Absent,
    Null,
    Object,
    /// An array, a string, a number, true or false.
    Other,
}

/// Columns with one slot per id of the batch, in request order.
#[derive(Debug, Default, PartialEq)]
pub struct Entries {
    /// [`SlotState::Refused`] slots are in [`Entries::refused`], mismatched ones in
    /// [`Answer::mismatched`].
    pub states: Vec<SlotState>,
    /// The issuance id where it is 24 lower-case hex digits; zeros where the slot is not issued or
    /// [`Entries::other_ids`] has its text.
    pub issuance: Vec<PackedIssuanceId>,
    /// `eventTime` in milliseconds since 1970, or [`NO_TIME`].
    pub event_time: Vec<i64>,
    /// `validTill` in milliseconds since 1970, or [`NO_TIME`].
    pub valid_till: Vec<i64>,
    /// Issuance ids of any other form: 1 to 256 bytes, exactly as they came.
    pub other_ids: SparseText,
    /// `earnedFromId` where it is not the context that was sent: readable text of at most
    /// [`MESSAGE_BYTES_MAX`](crate::limits::MESSAGE_BYTES_MAX) bytes.
    pub other_contexts: SparseText,
    /// The errors of the [`SlotState::Refused`] slots.
    pub refused: Refusals,
}

impl Entries {
    /// True if every slot is issued and the columns hold all of it.
    pub fn are_plainly_issued(&self) -> bool {
        let are_plain = self.other_ids.is_empty() && self.other_contexts.is_empty();
        are_plain && self.states.iter().all(|state| *state == SlotState::Issued)
    }
}

/// An error as the service gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceError {
    /// A plain integer, or a string of one (api.md 5, shape E); `None` where there is no such.
    pub code: Option<i64>,
    /// At most [`MESSAGE_BYTES_MAX`](crate::limits::MESSAGE_BYTES_MAX) bytes; control and direction
    /// characters are replaced by blanks. It is foreign text: escape it where it is shown.
    pub message: Box<str>,
    /// The customer that the error names, if it has a `customerId` that is a plain integer.
    pub customer: Option<i64>,
    pub envelope: Envelope,
}

/// The place of an error (api.md 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Envelope {
    /// In `errors`: shapes A, C and D, badges.
    #[default]
    Errors,
    /// `errorCode`, `message` and `errorDetails` at the top: shape B.
    Flat,
    /// In `response.status`: shape E.
    Status,
    /// In an entry of `data`: badges, second line.
    Entry,
}

/// Keys of `data` beyond the batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// Number of customer ids that were not sent.
    pub ids_total: u64,
    /// The first of them, at most [`REPLY_EXTRA_KEPT`](crate::limits::REPLY_EXTRA_KEPT).
    pub ids: Vec<i64>,
    /// Number of keys that are no customer ids.
    pub other_keys: u64,
}

/// An entry that contradicts its key or the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Position of the key in the batch, from 0.
    pub slot: u32,
    pub what: Contradiction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// `customerId` is this other id.
    Customer(i64),
    /// `promotionId` is not the one that was sent.
    Promotion,
}

/// Slots with an extra value, each with an index into those values.
#[derive(Debug, Default, PartialEq)]
struct Sparse {
    places: Vec<(u32, u32)>,
}

impl Sparse {
    fn push(&mut self, slot: u32, index: usize) {
        self.places.push((slot, u32::try_from(index).unwrap_or(u32::MAX)));
    }

    /// Sorts by slot; each slot occurs at most once. Entries mostly arrive in request order, and
    /// then there is nothing to do; otherwise one pass over all `slots` is less code than sorting.
    fn order(&mut self, slots: usize) {
        if self.places.is_sorted() {
            return;
        }
        // Index + 1, or 0 for a slot without a value.
        let mut by_slot = vec![0_u32; slots];
        for (slot, index) in self.places.drain(..) {
            if let Some(place) = by_slot.get_mut(slot as usize) {
                *place = index.saturating_add(1);
            }
        }
        for (slot, place) in (0_u32..).zip(&by_slot) {
            if let Some(index) = place.checked_sub(1) {
                self.places.push((slot, index));
            }
        }
    }

    fn get(&self, slot: u32) -> Option<usize> {
        let found = self.places.binary_search_by_key(&slot, |place| place.0).ok()?;
        self.places.get(found).map(|place| place.1 as usize)
    }
}

/// Texts of a few slots, in one piece of memory.
#[derive(Debug, Default, PartialEq)]
pub struct SparseText {
    sparse: Sparse,
    /// Start and end of each different text.
    ranges: Vec<(usize, usize)>,
    text: String,
}

impl SparseText {
    /// The text of a slot, if it has one.
    pub fn get(&self, slot: u32) -> Option<&str> {
        self.sparse.get(slot).and_then(|index| self.range(index))
    }

    /// Every slot with its text, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        let places = self.sparse.places.iter();
        places.filter_map(|(slot, index)| Some((*slot, self.range(*index as usize)?)))
    }

    pub fn is_empty(&self) -> bool {
        self.sparse.places.is_empty()
    }

    /// A text that repeats the last one is kept once.
    pub(super) fn push(&mut self, slot: u32, text: &str) {
        let last = self.ranges.len().wrapping_sub(1);
        if self.range(last) == Some(text) {
            self.sparse.push(slot, last);
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.sparse.push(slot, self.ranges.len());
        self.ranges.push((start, self.text.len()));
    }

    pub(super) fn order(&mut self, slots: usize) {
        self.sparse.order(slots);
    }

    fn range(&self, index: usize) -> Option<&str> {
        let (start, end) = self.ranges.get(index)?;
        self.text.get(*start..*end)
    }
}

/// The errors of refused slots; equal ones in a row are kept once.
#[derive(Debug, Default, PartialEq)]
pub struct Refusals {
    sparse: Sparse,
    errors: Vec<Vec<ServiceError>>,
}

impl Refusals {
    /// The errors of a slot, one of each code, in order of arrival; none unless it was refused.
    pub fn get(&self, slot: u32) -> &[ServiceError] {
        let errors = self.sparse.get(slot).and_then(|index| self.errors.get(index));
        errors.map_or(&[], Vec::as_slice)
    }

    /// Every refused slot with its errors, by slot.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[ServiceError])> {
        self.sparse.places.iter().map(|(slot, _)| (*slot, self.get(*slot)))
    }

    pub(super) fn push(&mut self, slot: u32, errors: Vec<ServiceError>) {
        if self.errors.last() != Some(&errors) {
            self.errors.push(errors);
        }
        self.sparse.push(slot, self.errors.len().wrapping_sub(1));
    }

    pub(super) fn order(&mut self, slots: usize) {
        self.sparse.order(slots);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_texts_come_back_by_slot_and_repeat_without_cost() {
        let mut texts = SparseText::default();
        for (slot, text) in [(7, "b"), (2, "a"), (5, "a"), (9, "")] {
            texts.push(slot, text);
        }
        texts.order(10);
        assert_eq!(texts.iter().collect::<Vec<_>>(), [(2, "a"), (5, "a"), (7, "b"), (9, "")]);
        assert_eq!((texts.get(5), texts.get(9), texts.get(3)), (Some("a"), Some(""), None));
        assert_eq!(texts.text, "ba");
    }

    #[test]
    fn refusals_come_back_by_slot_and_repeat_without_cost() {
        let error = |code| ServiceError { code: Some(code), ..ServiceError::default() };
        let mut refusals = Refusals::default();
        for (slot, code) in [(3, 708), (1, 708), (2, 715)] {
            refusals.push(slot, vec![error(code)]);
        }
        refusals.order(10);
        let codes: Vec<_> = refusals.iter().map(|(slot, errors)| (slot, errors[0].code)).collect();
        assert_eq!(codes, [(1, Some(708)), (2, Some(715)), (3, Some(708))]);
        assert_eq!(refusals.errors.len(), 2);
        assert_eq!(refusals.get(2), [error(715)]);
        assert_eq!(refusals.get(4), []);
    }
}
