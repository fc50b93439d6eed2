//! The exported intake: bytes and values in, distinct exact ids kept on this side.

use super::convert::{object, parsed};
use super::error::Refusal;
use crate::id::List;
use crate::intake::{self, Dedupe, Format, IntakeError, Layout};
use crate::intake::{Findings, Problem, ProblemReason};
use crate::journal::Header;
use crate::json::{self, Object};
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

    /// Ends the intake and gives what it read.
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

/// What a run takes from an input.
#[derive(Clone, Default)]
pub(super) struct Source {
    pub(super) ids: List,
    /// The rest of the input.
    pub(super) findings: Findings,
}

impl Source {
    pub(super) fn write_counts(&self, object: &mut Object<'_>) {
        let Findings { given, invalid, duplicate, blank, .. } = self.findings;
        object.count("given", given);
        object.count("invalid", invalid);
        object.count("duplicate", duplicate);
        object.count("blank", blank);
    }

    /// Problems with their place, as plain objects.
    pub(super) fn problems(&self) -> JsValue {
        parsed(&written(&self.findings.problems))
    }

    /// What a journal says of the input; its ids are in the ledger.
    pub(super) fn of_journal(header: &Header) -> Self {
        Self { ids: List::default(), findings: header.findings.clone() }
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
        object(|object| {
            self.source.write_counts(object);
            object.count("distinct", self.source.ids.len() as u64);
            object.text("format", Some(self.layout.kind.code()));
            object.text("column", self.layout.name.as_deref());
            object.texts("header", self.layout.header.iter().map(|name| &**name));
        })
    }

    pub fn problems(&self) -> JsValue {
        self.source.problems()
    }
}

#[inline(never)]
fn written(problems: &[Problem]) -> Vec<u8> {
    let mut out = Vec::new();
    json::list(&mut out, problems, write_problem);
    out
}

fn write_problem(problem: &Problem, out: &mut Vec<u8>) {
    let first_line = match problem.reason {
        ProblemReason::Duplicate { first_line } => i64::try_from(first_line).ok(),
        _ => None,
    };
    let mut object = Object::begin(out);
    object.count("line", problem.line);
    object.count("column", problem.column.into());
    object.text("reason", Some(problem.reason.code()));
    object.bytes("text", Some(&problem.text));
    object.number("firstLine", first_line);
    object.end();
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
