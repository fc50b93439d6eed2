//! The exported outcomes of a run that is done: columns as copies, rows as objects, exports in
//! slices.

use super::client::number;
use super::clock;
use super::convert::object;
use super::driver::Shared;
use super::error::misused;
use super::intake::{bytes, longs, problem_list};
use crate::id::CustomerId;
use crate::job::Job;
use crate::outcome::{Cause, Outcome};
use crate::report::{self, Detail, Row};
use js_sys::{Array, BigInt64Array, Uint8Array, Uint16Array};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub struct Outcomes {
    shared: Rc<Shared>,
    /// Rows in the order of their ids, for look-ups; made at the first one.
    by_id: std::cell::OnceCell<Box<[u32]>>,
}

impl Outcomes {
    pub(super) fn new(shared: Rc<Shared>) -> Self {
        Self { shared, by_id: std::cell::OnceCell::new() }
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
        self.with(|job| {
            let Some(stopped) = job.stopped() else { return JsValue::NULL };
            let said = stopped.said.as_ref();
            let reason = match said.is_empty() {
                true => stopped.code.advice().into(),
                false => [stopped.code.advice(), " The service said: ", said].concat(),
            };
            object(&[
                ("code", stopped.code.code().into()),
                ("reason", reason.into()),
                ("status", stopped.status.into()),
                ("serviceCode", stopped.service_code.map_or(JsValue::NULL, integer)),
                ("requestId", stopped.request_id.as_deref().map_or(JsValue::NULL, Into::into)),
            ])
        })
    }

    pub fn notes(&self) -> Result<Array, JsValue> {
        self.with(|job| {
            let note = |note: &crate::job::Note| {
                object(&[
                    ("code", note.code.into()),
                    ("message", note.message.into()),
                    ("count", note.count.into()),
                ])
            };
            job.notes().iter().map(note).collect()
        })
    }

    pub fn problems(&self) -> JsValue {
        problem_list(&self.shared.problems)
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
        self.with(|job| report::row(job, row).as_ref().map(row_object))?.ok_or_else(misused)
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
    pub fn cause_table(&self) -> Result<Array, JsValue> {
        self.with(|job| {
            job.ledger().cause_table().iter().map(|c| object(&cause_fields(c))).collect()
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
        Ok(super::client::progress_object(&progress, self))
    }
}

fn rows_by_id(ids: &[i64]) -> Box<[u32]> {
    let mut rows: Vec<u32> = (0_u32..).take(ids.len()).collect();
    rows.sort_unstable_by_key(|row| ids.get(*row as usize).copied());
    rows.into()
}

fn times(job: &Job, column: &[i64]) -> BigInt64Array {
    if column.is_empty() {
        return longs(&vec![crate::response::NO_TIME; job.ledger().ids().len()]);
    }
    longs(column)
}

/// An integer of the service: its codes and times are far below 2^53.
fn integer(value: i64) -> JsValue {
    JsValue::from_f64(value as f64)
}

fn row_object(row: &Row<'_>) -> JsValue {
    let customer = row.customer.to_string();
    let start = [("outcome", row.outcome.name().into()), ("customerId", customer.into())];
    match &row.detail {
        Detail::Issued(issued) => {
            let [outcome, customer] = start;
            object(&[
                outcome,
                customer,
                ("id", issued.id.as_ref().into()),
                ("promotionId", issued.promotion.into()),
                ("earnedFromId", issued.earned_from.into()),
                ("eventTime", issued.event_time.map_or(JsValue::NULL, integer)),
                ("validTill", issued.valid_till.map_or(JsValue::NULL, integer)),
            ])
        }
        Detail::Cause(cause) => {
            let [outcome, customer] = start;
            let [reason, code, status, message, request_id] = cause_fields(cause);
            object(&[outcome, customer, reason, code, status, message, request_id])
        }
    }
}

fn cause_fields(cause: &Cause) -> [(&'static str, JsValue); 5] {
    [
        ("reason", cause.reason.code().into()),
        ("code", cause.code.map_or(JsValue::NULL, integer)),
        ("status", cause.status.map_or(JsValue::NULL, |status| number(u64::from(status)))),
        ("message", cause.message.as_ref().into()),
        ("requestId", cause.request_id.as_deref().map_or(JsValue::NULL, Into::into)),
    ]
}
