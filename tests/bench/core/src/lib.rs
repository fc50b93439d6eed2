//! The reader of answers and the writer of bodies, exported for the benchmark.
//!
//! The package has no such exports: there an answer is read inside of a run, whose batches end at
//! 10,000 ids. This crate links the whole shipped core under the profile of the artifact and adds
//! these two, so what is timed is the code that is shipped.

#![no_std]
#![cfg(target_arch = "wasm32")]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;
use issue_bulk::request::write_body;
use issue_bulk::response::{Body, Caps, Entries, Expected, Flow, Reader, SlotState};
use js_sys::{BigInt64Array, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;

/// Reads one answer into columns in request order.
#[wasm_bindgen]
pub struct Answer {
    ids: Vec<i64>,
    promotion: String,
    context: String,
    reader: Option<Reader>,
    entries: Entries,
}

#[wasm_bindgen]
impl Answer {
    /// A reader for the answer to a batch of these ids.
    #[wasm_bindgen(constructor)]
    pub fn new(ids: Vec<i64>, promotion: String, context: String) -> Self {
        // The benchmark's largest answers have ten times the ids of a batch.
        let caps = Caps { bytes: u64::from(u32::MAX), ..Caps::default() };
        let reader = Some(Reader::new(ids.len(), caps));
        Self { ids, promotion, context, reader, entries: Entries::default() }
    }

    /// Takes the next piece; false when the rest need not be read.
    pub fn feed(&mut self, piece: &[u8]) -> bool {
        let expected =
            Expected { ids: &self.ids, promotion: &self.promotion, context: &self.context };
        let reader = self.reader.as_mut();
        reader.is_some_and(|reader| reader.feed(&expected, piece) == Flow::More)
    }

    /// Ends the answer and says how many of its ids were issued.
    pub fn finish(&mut self) -> u32 {
        let expected =
            Expected { ids: &self.ids, promotion: &self.promotion, context: &self.context };
        if let Some(Body::Answer(answer)) = self.reader.take().map(|read| read.finish(&expected)) {
            self.entries = answer.entries;
        }
        let issued = self.entries.states.iter().filter(|state| **state == SlotState::Issued);
        u32::try_from(issued.count()).unwrap_or(u32::MAX)
    }

    /// 12 bytes for each id of the batch.
    #[wasm_bindgen(js_name = issuanceIds)]
    pub fn issuance_ids(&self) -> Uint8Array {
        let bytes: Vec<u8> = self.entries.issuance.iter().flatten().copied().collect();
        Uint8Array::from(bytes.as_slice())
    }

    /// One for each id of the batch; -2^63 where there is none.
    #[wasm_bindgen(js_name = eventTimes)]
    pub fn event_times(&self) -> BigInt64Array {
        BigInt64Array::from(self.entries.event_time.as_slice())
    }
}

/// Writes the bodies of batches, each in a buffer of its own as a call needs it.
#[wasm_bindgen]
pub struct Bodies {
    ids: Vec<i64>,
}

#[wasm_bindgen]
impl Bodies {
    #[wasm_bindgen(constructor)]
    pub fn new(ids: Vec<i64>) -> Self {
        Self { ids }
    }

    /// The body of the batch that begins at this id.
    pub fn write(&self, from: usize, len: usize) -> Uint8Array {
        let mut body = Vec::new();
        let batch = self.ids.get(from..from.saturating_add(len)).unwrap_or_default();
        write_body(batch, &mut body);
        Uint8Array::from(body.as_slice())
    }
}
