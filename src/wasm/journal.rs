//! The exported reading of a journal: bytes in, a run to go on with or its report out.

use super::error::Refusal;
use super::intake::{Input, Source};
use super::outcomes::Outcomes;
use super::plan::{Plan, journalled};
use super::run::{instant, unix_time};
use crate::job::Job;
use crate::journal::{self, Damage};
use alloc::format;
use alloc::vec::Vec;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Reads a journal, in pieces of any size.
#[wasm_bindgen]
#[derive(Default)]
pub struct Recovery {
    reader: journal::Reader,
}

#[wasm_bindgen]
impl Recovery {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn feed(&mut self, bytes: &[u8]) {
        self.reader.feed(bytes);
    }

    /// The recovered run; undefined if the journal was torn before a run could begin.
    pub fn finish(self) -> Result<Option<Recovered>, JsValue> {
        let recovered = self.reader.finish().map_err(damaged)?;
        Ok(recovered.map(|inner| Recovered { inner }))
    }
}

#[inline(never)]
fn damaged(damage: Damage) -> JsValue {
    let Damage { offset, .. } = damage;
    let message = format!("{} (at byte {offset}); it is left as it is.", damage.what());
    Refusal::new(damage.code(), &message).into()
}

/// The run of a journal.
#[wasm_bindgen]
pub struct Recovered {
    pub(super) inner: journal::Recovered,
}

#[wasm_bindgen]
impl Recovered {
    /// Length of the sound part in bytes; a torn tail follows.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> f64 {
        self.inner.bytes as f64
    }

    /// Compares a given input with the journal's. One with all customers of the journal and more
    /// extends the run by the new ones. One in which some are missing is refused, and so is one
    /// that is not the confirmed one.
    pub fn admit(&mut self, plan: &Plan, input: Input) -> Result<(), JsValue> {
        plan.check_customers(&input.source.ids)?;
        Ok(self.inner.admit(&input.source.ids, input.source.findings)?)
    }

    /// The customers who were not sent are about to be given out as a list: the bytes to append
    /// first, none where there are no such customers.
    #[wasm_bindgen(js_name = giveOut)]
    pub fn give_out(&mut self, wall_clock: f64) -> Vec<u8> {
        self.inner.give_out(unix_time(wall_clock))
    }

    /// The outcomes as the journal has them. Nothing goes on.
    pub fn review(self, now: f64, wall_clock: f64) -> Result<Outcomes, JsValue> {
        let plan = journalled(&self.inner.header)?;
        let source = Source::of_journal(&self.inner.header);
        let started = self.inner.header.started;
        let job = Job::review(plan, self.inner, instant(now))?;
        // Calls in flight may have been sent a moment ago.
        let record = job.into_record(started, unix_time(wall_clock));
        Ok(Outcomes::new(record, None, source, true))
    }
}
