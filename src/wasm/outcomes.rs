//! The exported outcomes of a run that is done: columns as copies, rows as objects, exports in
//! slices.

use super::clock;
use super::convert::{object, parsed};
use super::driver::Shared;
use super::error::misused;
use super::intake::{bytes, longs, problem_list};
use crate::id::CustomerId;
use crate::job::{Job, Stopped};
use crate::json::{self, Object};
use crate::outcome::Outcome;
use crate::report;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;
use js_sys::{BigInt64Array, Uint8Array, Uint16Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub struct Outcomes {
    shared: Rc<Shared>,
    /// Rows in the order of their ids, for look-ups; made at the first one.
    by_id: core::cell::OnceCell<Box<[u32]>>,
}

impl Outcomes {
    pub(super) fn new(shared: Rc<Shared>) -> Self {
        Self { shared, by_id: core::cell::OnceCell::new() }
    }

    fn with<T>(&self, read: impl FnOnce(&Job) -> T) -> Result<T, JsValue> {
        Ok(read(&*self.shared.job_ref()?))
    }
}

#[wasm_bindgen]
impl Outcomes {
    #[wasm_bindgen(getter)]
    pub fn length(&self) -> Result<u32, JsValue> {
        self.with(|job| job.ledger().rows())
    }

    /// All counts; they balance.
    pub fn counts(&self) -> Result<JsValue, JsValue> {
        self.shared.progress()
    }

    /// Why the run ended before its ids did, or null.
    pub fn stopped(&self) -> Result<JsValue, JsValue> {
        self.with(|job| match job.stopped() {
            Some(stopped) => object(|object| write_stopped(stopped, object)),
            None => JsValue::NULL,
        })
    }

    pub fn notes(&self) -> Result<JsValue, JsValue> {
        self.with(|job| {
            let mut out = Vec::new();
            json::list(&mut out, job.notes(), |note, out| {
                let mut object = Object::begin(out);
                object.text("code", Some(note.code));
                object.text("message", Some(note.message));
                object.count("count", note.count.into());
                object.end();
            });
            parsed(&out)
        })
    }

    pub fn problems(&self) -> JsValue {
        problem_list(&self.shared.source.problems)
    }

    /// The row of an id, or -1.
    pub fn find(&self, id: &str) -> Result<f64, JsValue> {
        let Ok(id) = CustomerId::parse(id.as_bytes()) else { return Ok(-1.0) };
        self.with(|job| {
            let ids = job.ledger().ids();
            let by_id = self.by_id.get_or_init(|| rows_by_id(ids));
            let id_of = |row: &u32| ids.get(*row as usize).copied().unwrap_or(i64::MAX);
            let found = by_id.binary_search_by_key(&id.get(), id_of).ok();
            let row = found.and_then(|place| by_id.get(place));
            row.map_or(-1.0, |row| f64::from(*row))
        })
    }

    /// The next row from `from` on with an outcome (0 issued, 1 rejected, 2 unsent, 3 unknown),
    /// or -1.
    pub fn next(&self, outcome: u8, from: u32) -> Result<f64, JsValue> {
        let wanted = Outcome::ALL.get(usize::from(outcome)).copied();
        self.with(|job| {
            let states = job.ledger().states().iter().enumerate().skip(from as usize);
            let found = states.into_iter().find(|(_, state)| state.outcome() == wanted);
            found.map_or(-1.0, |(row, _)| row as f64)
        })
    }

    /// One row as an object.
    pub fn at(&self, row: u32) -> Result<JsValue, JsValue> {
        self.with(|job| {
            let row = report::row(job, row)?;
            let mut out = Vec::new();
            report::write_json(&row, &mut out);
            Some(parsed(&out))
        })?
        .ok_or_else(misused)
    }

    pub fn ids(&self) -> Result<BigInt64Array, JsValue> {
        self.with(|job| longs(job.ledger().ids()))
    }

    /// 0 issued, 1 rejected, 2 unsent, 3 unknown.
    pub fn states(&self) -> Result<Uint8Array, JsValue> {
        self.with(|job| {
            let states: Vec<u8> = job.ledger().states().iter().map(|state| *state as u8).collect();
            bytes(&states)
        })
    }

    /// Milliseconds since 1970; -2^63 where there is none.
    #[wasm_bindgen(js_name = eventTimes)]
    pub fn event_times(&self) -> Result<BigInt64Array, JsValue> {
        self.with(|job| times(job, job.ledger().event_times()))
    }

    #[wasm_bindgen(js_name = validTills)]
    pub fn valid_tills(&self) -> Result<BigInt64Array, JsValue> {
        self.with(|job| times(job, job.ledger().valid_tills()))
    }

    /// Twelve bytes an id; zeros where it was not issued or its issuance id is not 24 hex digits.
    #[wasm_bindgen(js_name = issuanceIds)]
    pub fn issuance_ids(&self) -> Result<Uint8Array, JsValue> {
        self.with(|job| {
            let column = job.ledger().issuance_ids().as_flattened();
            if column.is_empty() {
                return Uint8Array::new_with_length(job.ledger().rows().saturating_mul(12));
            }
            bytes(column)
        })
    }

    /// For each row 0, or one more than its place in `causeTable()`.
    pub fn causes(&self) -> Result<Uint16Array, JsValue> {
        self.with(|job| Uint16Array::from(job.ledger().causes()))
    }

    #[wasm_bindgen(js_name = causeTable)]
    pub fn cause_table(&self) -> Result<JsValue, JsValue> {
        self.with(|job| {
            let mut out = Vec::new();
            json::list(&mut out, job.ledger().cause_table(), |cause, out| {
                let mut object = Object::begin(out);
                report::write_cause(cause, &mut object);
                object.end();
            });
            parsed(&out)
        })
    }

    pub fn csv(&self, from: u32, rows: u32) -> Result<Uint8Array, JsValue> {
        self.export(|job, out| report::write_csv(job, from, rows, out))
    }

    pub fn ndjson(&self, from: u32, rows: u32) -> Result<Uint8Array, JsValue> {
        self.export(|job, out| report::write_ndjson(job, from, rows, out))
    }

    fn export(&self, write: impl FnOnce(&Job, &mut Vec<u8>)) -> Result<Uint8Array, JsValue> {
        self.with(|job| {
            let mut out = Vec::new();
            write(job, &mut out);
            bytes(&out)
        })
    }
}

impl Shared {
    pub(super) fn progress(&self) -> Result<JsValue, JsValue> {
        let progress = self.job_ref()?.progress(clock::now());
        Ok(super::client::progress_object(&progress, &self.source))
    }
}

/// Sorted by a radix of one byte, least first: as fast as a comparing sort, and a tenth of its
/// code. Bytes that all ids share are passed over, so short ids cost few rounds.
fn rows_by_id(ids: &[i64]) -> Box<[u32]> {
    let mut rows: Vec<u32> = (0_u32..).take(ids.len()).collect();
    let mut sorted = rows.clone();
    for shift in (0..i64::BITS).step_by(8) {
        let byte = |row: &u32| {
            let id = ids.get(*row as usize).copied().unwrap_or(i64::MAX);
            (id >> shift & 0xff) as usize
        };
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

fn times(job: &Job, column: &[i64]) -> BigInt64Array {
    if column.is_empty() {
        return longs(&vec![crate::response::NO_TIME; job.ledger().ids().len()]);
    }
    longs(column)
}

fn write_stopped(stopped: &Stopped, object: &mut Object<'_>) {
    let advice = stopped.code.advice();
    let reason = match stopped.said.is_empty() {
        true => advice.into(),
        false => [advice, " The service said: ", &stopped.said].concat(),
    };
    object.text("code", Some(stopped.code.code()));
    object.text("reason", Some(&reason));
    object.number("status", stopped.status.map(i64::from));
    object.number("serviceCode", stopped.service_code);
    object.text("requestId", stopped.request_id.as_deref());
}
