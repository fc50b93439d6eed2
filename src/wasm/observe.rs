//! What somebody who observes a run learns while it goes: how attempts ended, which outcomes
//! settled.

use super::convert::object;
use super::intake::bytes;
use super::outcomes::written;
use super::run::Run;
use super::subject::Subject;
use crate::ledger::State;
use crate::report;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
impl Run {
    /// What became of the attempt that ended last, once; else undefined. The counts are those of
    /// its ids; `queued` ones come back.
    #[wasm_bindgen(js_name = takeConclusion)]
    pub fn take_conclusion(&mut self) -> JsValue {
        let Subject::Issue(job) = &mut self.subject else { return JsValue::UNDEFINED };
        let Some(concluded) = job.take_conclusion() else { return JsValue::UNDEFINED };
        let rows = concluded.rows.start as usize..concluded.rows.end as usize;
        let states = job.ledger().states().get(rows).unwrap_or_default();
        let (verdict, reason) = concluded.verdict.words();
        object(|object| {
            object.count("batch", concluded.batch.0.into());
            object.count("attempt", concluded.attempt.0.into());
            object.count("firstRow", concluded.rows.start.into());
            object.count("ids", states.len() as u64);
            object.number("status", concluded.status.map(i64::from));
            object.text("requestId", concluded.request_id.as_deref());
            object.text("verdict", Some(verdict));
            object.text("reason", reason);
            for (name, wanted) in STATES {
                let count = states.iter().filter(|state| **state == wanted).count();
                object.count(name, count as u64);
            }
        })
    }

    /// The outcome of a row as an object; undefined where it has none yet or was given away.
    pub fn at(&self, row: u32) -> JsValue {
        match &self.subject {
            Subject::Issue(job) => written(report::row(&**job, row)),
            Subject::ReadBack(_) | Subject::Check(_) => JsValue::UNDEFINED,
        }
    }

    /// Rows for making many objects: see [`report::page`].
    pub fn page(&self, from: u32, count: u32) -> Uint8Array {
        match &self.subject {
            Subject::Issue(job) => bytes(&report::page(job.ledger(), from, count)),
            Subject::ReadBack(_) | Subject::Check(_) => bytes(&[]),
        }
    }

    /// The first row from `row` on that was not given away, or -1.
    #[wasm_bindgen(js_name = keptFrom)]
    pub fn kept_from(&self, row: u32) -> f64 {
        let Subject::Issue(job) = &self.subject else { return -1.0 };
        job.ledger().kept_from(row).map_or(-1.0, f64::from)
    }

    /// Nothing new is sent while whoever takes the outcomes is behind.
    pub fn hold(&mut self) {
        self.machine().hold();
    }

    pub fn release(&mut self) {
        self.machine().release();
    }

    /// Somebody has these rows; they are kept no more.
    pub fn forget(&mut self, from: u32, count: u32) {
        if let Subject::Issue(job) = &mut self.subject {
            job.forget(&(from..from.saturating_add(count)));
        }
    }
}

const STATES: [(&str, State); 5] = [
    ("queued", State::Queued),
    ("issued", State::Issued),
    ("rejected", State::Rejected),
    ("unsent", State::Unsent),
    ("unknown", State::Unknown),
];
