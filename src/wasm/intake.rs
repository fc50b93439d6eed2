//! The exported intake: bytes and values in, distinct exact ids kept on this side.

use super::error::Refusal;
use super::summary::{input_object, problems_list};
use crate::id::IdList;
use crate::intake::{self, Dedupe, Findings, Format, IntakeError, Layout};
use crate::journal::Header;
use alloc::string::String;
use alloc::vec::Vec;
use js_sys::{BigInt64Array, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Reads the customers, in pieces of any size.
#[wasm_bindgen]
pub struct Intake {
    intake: intake::Intake,
}

#[wasm_bindgen]
impl Intake {
    /// Bytes of a file or a text, as they come.
    #[wasm_bindgen(js_name = pushBytes)]
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        done(self.intake.push_bytes(bytes))
    }

    /// One id as text.
    #[wasm_bindgen(js_name = pushText)]
    pub fn push_text(&mut self, text: &str) -> Result<(), JsValue> {
        done(self.intake.push_text(text.as_bytes()))
    }

    /// One id as a number.
    #[wasm_bindgen(js_name = pushNumber)]
    pub fn push_number(&mut self, value: f64) -> Result<(), JsValue> {
        done(self.intake.push_number(value))
    }

    /// Ids as 64-bit integers.
    #[wasm_bindgen(js_name = pushLongs)]
    pub fn push_longs(&mut self, values: &[i64]) -> Result<(), JsValue> {
        done(self.intake.push_longs(values))
    }

    /// Ends the intake and returns the customers that it read.
    pub fn finish(self) -> Result<Input, JsValue> {
        let input = self.intake.finish().map_err(|error| thrown(&error))?;
        let source = Source {
            ids: input.ids,
            findings: Findings {
                given: input.given,
                invalid: input.invalid,
                duplicate: input.duplicate,
                blank: input.blank,
                problems: input.problems,
            },
        };
        Ok(Input { source, layout: input.layout })
    }
}

impl Intake {
    pub(super) fn new(format: Format, dedupe: Dedupe) -> Self {
        Self { intake: intake::Intake::new(format, dedupe) }
    }
}

#[inline(never)]
fn done(result: Result<(), IntakeError>) -> Result<(), JsValue> {
    result.map_err(|error| thrown(&error))
}

/// The ids and findings of an input.
#[derive(Clone, Default)]
pub(super) struct Source {
    pub(super) ids: IdList,
    /// The rest of the input.
    pub(super) findings: Findings,
}

impl Source {
    /// The input as a journal has it; its ids are in the ledger.
    pub(super) fn of_journal(header: &Header) -> Self {
        Self { ids: IdList::default(), findings: header.findings.clone() }
    }
}

/// The customers as read: ready for a plan or a run.
#[wasm_bindgen]
pub struct Input {
    pub(super) source: Source,
    layout: Layout,
}

#[wasm_bindgen]
impl Input {
    pub fn summary(&self) -> JsValue {
        input_object(&self.source, &self.layout)
    }

    pub fn problems(&self) -> JsValue {
        problems_list(&self.source.findings.problems)
    }
}

#[inline(never)]
fn thrown(error: &IntakeError) -> JsValue {
    let refusal = Refusal::new(error.code(), &error.message());
    let header: Vec<String> = error.header().iter().map(|name| (**name).into()).collect();
    if header.is_empty() { refusal } else { refusal.about(header) }.into()
}

/// A copy of ids for JavaScript, which reads them as bigints.
pub(super) fn longs(values: &[i64]) -> BigInt64Array {
    BigInt64Array::from(values)
}

pub(super) fn bytes(values: &[u8]) -> Uint8Array {
    Uint8Array::from(values)
}
