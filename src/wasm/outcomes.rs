//! The exported outcomes of a finished run: columns as copies, rows as objects, files in slices.

use super::convert::parsed;
use super::intake::{Source, bytes, longs};
use super::summary::{
    causes_list, counts_object, notes_list, problems_list, read_back_object, stopped_object,
};
use crate::id::{CustomerId, IdList};
use crate::job::{Record, RunState};
use crate::outcome::Outcome;
use crate::reconcile::Evidence;
use crate::report;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::OnceCell;
use core::mem;
use js_sys::{BigInt64Array, Uint8Array, Uint16Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Ids unpacked at once.
const IDS_SLICE: usize = 64 << 10;

#[wasm_bindgen]
pub struct Outcomes {
    pub(super) record: Record,
    /// The evidence of the read-back that it comes from, if it does.
    evidence: Option<Evidence>,
    pub(super) source: Source,
    /// True if `started` was read from a journal, so it is by another process's clock.
    pub(super) from_journal: bool,
    /// The run was cancelled while its input was still arriving, so it has no rows.
    is_without_input: bool,
    /// Rows sorted by id, for look-ups; made at the first look-up.
    by_id: OnceCell<Box<[u32]>>,
}

const WITHOUT_INPUT: &str = "The run was cancelled while customerIds was still arriving; nothing \
    was sent, and what had arrived is not listed, since it may end in half an id.";

impl Outcomes {
    pub(super) fn new(
        record: Record,
        evidence: Option<Evidence>,
        source: Source,
        from_journal: bool,
    ) -> Self {
        let by_id = OnceCell::new();
        Self { record, evidence, source, from_journal, is_without_input: false, by_id }
    }

    /// The outcomes of a run that was cancelled before it had its input.
    pub(super) fn without_input(record: Record) -> Self {
        let empty = Self::new(record, None, Source::default(), false);
        Self { is_without_input: true, ..empty }
    }
}

#[wasm_bindgen]
impl Outcomes {
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> u32 {
        self.record.ledger.rows()
    }

    /// Whether a read-back follows the run that left these, whose caller may have cancelled since.
    #[wasm_bindgen(js_name = isToBeReadBack)]
    pub fn is_to_be_read_back(&self, is_cancelled: bool) -> bool {
        self.record.is_to_be_read_back(is_cancelled)
    }

    /// All counts; they balance.
    pub fn counts(&self) -> JsValue {
        counts_object(&self.record.progress(RunState::Done), &self.source)
    }

    /// The reason why the run ended early, or null.
    pub fn stopped(&self) -> JsValue {
        let special = self.is_without_input.then_some(WITHOUT_INPUT);
        stopped_object(self.record.stopped.as_ref(), special)
    }

    /// The evidence of a read-back; null for a run's own outcomes.
    #[wasm_bindgen(js_name = readBack)]
    pub fn read_back(&self) -> JsValue {
        read_back_object(self.evidence.as_ref())
    }

    pub fn notes(&self) -> JsValue {
        notes_list(&self.record.notes)
    }

    pub fn problems(&self) -> JsValue {
        problems_list(&self.source.findings.problems)
    }

    /// The row of an id, or -1.
    pub fn find(&self, id: &str) -> f64 {
        let Ok(id) = CustomerId::parse(id.as_bytes()) else { return -1.0 };
        let ids = self.record.ledger.ids();
        let by_id = self.by_id.get_or_init(|| rows_by_id(ids));
        let id_of = |row: &u32| ids.get(*row as usize).unwrap_or(i64::MAX);
        let found = by_id.binary_search_by_key(&id.get(), id_of).ok();
        found.and_then(|place| by_id.get(place)).map_or(-1.0, |row| f64::from(*row))
    }

    /// The next row from `from` on with an outcome (0 issued, 1 rejected, 2 unsent, 3 unknown),
    /// or -1.
    pub fn next(&self, outcome: u8, from: u32) -> f64 {
        let wanted = Outcome::ALL.get(usize::from(outcome)).copied();
        let ledger = &self.record.ledger;
        let states = (0_u32..).zip(ledger.states()).skip(from as usize);
        let mut found = states.filter(|(_, state)| state.outcome() == wanted);
        let kept = found.find(|(row, _)| !ledger.is_forgotten(*row));
        kept.map_or(-1.0, |(row, _)| f64::from(row))
    }

    /// One row as an object, or undefined beyond the last.
    pub fn at(&self, row: u32) -> JsValue {
        written(report::row(&self.record, row))
    }

    /// Rows for making many objects: see [`report::page`].
    pub fn page(&self, from: u32, rows: u32) -> Uint8Array {
        bytes(&report::page(&self.record.ledger, from, rows))
    }

    pub fn ids(&self) -> BigInt64Array {
        let ids = self.record.ledger.ids();
        let array = BigInt64Array::new_with_length(ids.len() as u32);
        for start in (0..ids.len()).step_by(IDS_SLICE) {
            let end = start.saturating_add(IDS_SLICE).min(ids.len());
            let slice = ids.slice(start..end).unwrap_or_default();
            array.subarray(start as u32, end as u32).copy_from(&slice);
        }
        array
    }

    /// 0 issued, 1 rejected, 2 unsent, 3 unknown.
    pub fn states(&self) -> Uint8Array {
        let states: Vec<u8> =
            self.record.ledger.states().iter().map(|state| *state as u8).collect();
        bytes(&states)
    }

    /// Milliseconds since 1970; -2^63 where there is none.
    #[wasm_bindgen(js_name = eventTimes)]
    pub fn event_times(&self) -> BigInt64Array {
        times(&self.record, self.record.ledger.event_times())
    }

    #[wasm_bindgen(js_name = validTills)]
    pub fn valid_tills(&self) -> BigInt64Array {
        times(&self.record, self.record.ledger.valid_tills())
    }

    /// Twelve bytes an id; zeros where it was not issued or its issuance id is not 24 hex digits.
    #[wasm_bindgen(js_name = issuanceIds)]
    pub fn issuance_ids(&self) -> Uint8Array {
        let ledger = &self.record.ledger;
        let column = ledger.issuance_ids().as_flattened();
        if column.is_empty() {
            return Uint8Array::new_with_length(ledger.rows().saturating_mul(12));
        }
        bytes(column)
    }

    /// For each row 0, or its place in `causeTable()` plus one.
    pub fn causes(&self) -> Uint16Array {
        let ledger = &self.record.ledger;
        if ledger.causes().is_empty() {
            return Uint16Array::new_with_length(ledger.rows());
        }
        Uint16Array::from(ledger.causes())
    }

    #[wasm_bindgen(js_name = causeTable)]
    pub fn cause_table(&self) -> JsValue {
        causes_list(self.record.ledger.cause_table())
    }

    pub fn csv(&self, from: u32, rows: u32) -> Uint8Array {
        let mut out = Vec::new();
        report::write_csv(&self.record, from, rows, &mut out);
        bytes(&out)
    }

    pub fn ndjson(&self, from: u32, rows: u32) -> Uint8Array {
        let mut out = Vec::new();
        report::write_ndjson(&self.record, from, rows, &mut out);
        bytes(&out)
    }
}

/// A row as an object, undefined for `None`.
#[inline(never)]
pub(super) fn written(row: Option<report::OutcomeRow<'_>>) -> JsValue {
    let Some(row) = row else { return JsValue::UNDEFINED };
    let mut out = Vec::new();
    report::write_json(&row, &mut out);
    parsed(&out)
}

/// Radix sort by bytes, the lowest first: as fast as a comparing sort, with a tenth of its code.
/// Bytes that all ids share are skipped, so short ids take few rounds.
fn rows_by_id(ids: &IdList) -> Box<[u32]> {
    // Each is read up to 16 times.
    let ids = ids.to_vec();
    let mut rows: Vec<u32> = (0_u32..).take(ids.len()).collect();
    let mut sorted = rows.clone();
    for shift in (0..i64::BITS).step_by(8) {
        let id_of = |row: &u32| ids.get(*row as usize).copied().unwrap_or(i64::MAX);
        let byte = |row: &u32| (id_of(row) >> shift & 0xff) as usize;
        let mut starts = [0_u32; 257];
        for row in &rows {
            if let Some(count) = starts.get_mut(byte(row).wrapping_add(1)) {
                *count = count.wrapping_add(1);
            }
        }
        if starts.contains(&(rows.len() as u32)) {
            continue;
        }
        let mut sum = 0_u32;
        for start in &mut starts {
            sum = sum.wrapping_add(*start);
            *start = sum;
        }
        for row in &rows {
            let Some(start) = starts.get_mut(byte(row)) else { continue };
            if let Some(place) = sorted.get_mut(*start as usize) {
                *place = *row;
            }
            *start = start.wrapping_add(1);
        }
        mem::swap(&mut rows, &mut sorted);
    }
    rows.into()
}

fn times(record: &Record, column: &[i64]) -> BigInt64Array {
    if column.is_empty() {
        return longs(&vec![crate::response::NO_TIME; record.ledger.ids().len()]);
    }
    longs(column)
}
