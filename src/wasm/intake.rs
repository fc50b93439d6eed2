//! The exported intake: bytes and values in, distinct exact ids kept on this side.

use super::client::number;
use super::convert::{Reader, get, object};
use super::error::{error, misused};
use crate::intake::{self, Column, CsvOptions, Dedupe, Delimiter, Format, IntakeError, Layout};
use crate::intake::{Problem, ProblemReason};
use crate::request::RequestError;
use core::cell::{RefCell, RefMut};
use js_sys::{Array, BigInt64Array, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Reads the customers, in pieces of any size.
#[wasm_bindgen]
pub struct Intake {
    intake: RefCell<Option<intake::Intake>>,
}

#[wasm_bindgen]
impl Intake {
    #[wasm_bindgen(constructor)]
    pub fn new(spec: JsValue) -> Result<Self, JsValue> {
        let dedupe = match Reader(&spec).flag("dedupe")? {
            Some(false) => Dedupe::TrustInput,
            Some(true) | None => Dedupe::Exact,
        };
        let intake = intake::Intake::new(format_of(&spec)?, dedupe);
        Ok(Self { intake: RefCell::new(Some(intake)) })
    }

    /// Bytes of a file or a text, as they come.
    #[wasm_bindgen(js_name = pushBytes)]
    pub fn push_bytes(&self, bytes: &[u8]) -> Result<(), JsValue> {
        self.with(|intake| intake.push_bytes(bytes))
    }

    /// One id as text.
    #[wasm_bindgen(js_name = pushText)]
    pub fn push_text(&self, text: &str) -> Result<(), JsValue> {
        self.with(|intake| intake.push_text(text.as_bytes()))
    }

    /// One id as a number.
    #[wasm_bindgen(js_name = pushNumber)]
    pub fn push_number(&self, value: f64) -> Result<(), JsValue> {
        self.with(|intake| intake.push_number(value))
    }

    /// Ids as 64-bit integers.
    #[wasm_bindgen(js_name = pushLongs)]
    pub fn push_longs(&self, values: &[i64]) -> Result<(), JsValue> {
        self.with(|intake| intake.push_longs(values))
    }

    /// Ends the intake and gives what it read.
    pub fn finish(&self) -> Result<Input, JsValue> {
        let intake = self.intake.try_borrow_mut().map_err(|_| misused())?.take();
        let input = intake.ok_or_else(misused)?.finish().map_err(|error| thrown(&error))?;
        let counts = Counts {
            given: input.given,
            invalid: input.invalid,
            duplicate: input.duplicate,
            blank: input.blank,
        };
        let source = Source { ids: input.ids, counts, problems: input.problems };
        Ok(Input { source: RefCell::new(source), layout: input.layout })
    }

    fn with(
        &self,
        step: impl FnOnce(&mut intake::Intake) -> Result<(), IntakeError>,
    ) -> Result<(), JsValue> {
        let mut intake = self.intake.try_borrow_mut().map_err(|_| misused())?;
        step(intake.as_mut().ok_or_else(misused)?).map_err(|error| thrown(&error))
    }
}

/// What the input held, apart from the ids.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) given: u64,
    pub(super) invalid: u64,
    pub(super) duplicate: u64,
    pub(super) blank: u64,
}

/// What a run takes from an input.
#[derive(Default)]
pub(super) struct Source {
    pub(super) ids: Vec<i64>,
    pub(super) counts: Counts,
    pub(super) problems: Vec<Problem>,
}

/// The customers as read: ready for a plan or a run.
#[wasm_bindgen]
pub struct Input {
    source: RefCell<Source>,
    layout: Layout,
}

#[wasm_bindgen]
impl Input {
    pub fn summary(&self) -> Result<JsValue, JsValue> {
        let source = self.borrow_mut()?;
        let counts = source.counts;
        let header: Array = self.layout.header.iter().map(|name| text(name)).collect();
        Ok(object(&[
            ("given", number(counts.given)),
            ("invalid", number(counts.invalid)),
            ("duplicate", number(counts.duplicate)),
            ("blank", number(counts.blank)),
            ("distinct", number(source.ids.len() as u64)),
            ("format", self.layout.kind.code().into()),
            ("column", self.layout.name.as_deref().map_or(JsValue::NULL, text)),
            ("header", header.into()),
        ]))
    }

    pub fn problems(&self) -> Result<JsValue, JsValue> {
        Ok(problem_list(&self.borrow_mut()?.problems))
    }

    pub(super) fn borrow_mut(&self) -> Result<RefMut<'_, Source>, JsValue> {
        self.source.try_borrow_mut().map_err(|_| misused())
    }
}

/// Problems with their place, as plain objects.
pub(super) fn problem_list(problems: &[Problem]) -> JsValue {
    let list: Array = problems.iter().map(problem_object).collect();
    list.into()
}

fn problem_object(problem: &Problem) -> JsValue {
    let first_line = match problem.reason {
        ProblemReason::Duplicate { first_line } => number(first_line),
        _ => JsValue::NULL,
    };
    object(&[
        ("line", number(problem.line)),
        ("column", problem.column.into()),
        ("reason", problem.reason.code().into()),
        ("text", text(&String::from_utf8_lossy(&problem.text))),
        ("firstLine", first_line),
    ])
}

fn text(text: &str) -> JsValue {
    text.into()
}

fn thrown(intake_error: &IntakeError) -> JsValue {
    let thrown = error(intake_error.code(), &intake_error.message());
    let header: Array = intake_error.header().iter().map(|name| text(name)).collect();
    if header.length() > 0 {
        // Setting a property of a plain object cannot fail.
        let _ = js_sys::Reflect::set(&thrown, &"header".into(), &header);
    }
    thrown
}

const INVALID_INPUT: RequestError = RequestError {
    code: "invalid-input",
    message: "input.format must be auto, lines, csv, ndjson or json; input.column a name or a \
              number from 1; input.delimiter one character.",
};

/// A column or a delimiter means CSV, a field means NDJSON, where no format is named.
fn format_of(spec: &JsValue) -> Result<Format, JsValue> {
    let fields = Reader(spec);
    let (format, field) = (fields.text("format")?, fields.text("field")?);
    let column = column_of(&get(spec, "column"))?;
    let delimiter = match fields.text("delimiter")?.as_deref().map(str::as_bytes) {
        None => Delimiter::Auto,
        Some([byte]) => Delimiter::Byte(*byte),
        Some(_) => return Err(INVALID_INPUT.into()),
    };
    let csv = column != Column::Auto || delimiter != Delimiter::Auto;
    match format.as_deref() {
        Some("csv") => Ok(Format::Csv(CsvOptions { column, delimiter })),
        Some("auto") | None if csv => Ok(Format::Csv(CsvOptions { column, delimiter })),
        Some("ndjson") => Ok(Format::Ndjson { field: field.map(String::into_boxed_str) }),
        Some("auto") | None if field.is_some() => {
            Ok(Format::Ndjson { field: field.map(String::into_boxed_str) })
        }
        Some("auto") | None => Ok(Format::Auto),
        Some("lines") => Ok(Format::Lines),
        Some("json") => Ok(Format::Json),
        Some(_) => Err(INVALID_INPUT.into()),
    }
}

fn column_of(value: &JsValue) -> Result<Column, JsValue> {
    if value.is_undefined() || value.is_null() {
        return Ok(Column::Auto);
    }
    if let Some(name) = value.as_string() {
        return Ok(Column::Name(name.into()));
    }
    match value.as_f64() {
        Some(n) if n >= 1.0 && n <= f64::from(u32::MAX) && n % 1.0 == 0.0 => {
            Ok(Column::Number(n as u32))
        }
        _ => Err(INVALID_INPUT.into()),
    }
}

/// A copy of ids for JavaScript, which reads them as bigints.
pub(super) fn longs(values: &[i64]) -> BigInt64Array {
    BigInt64Array::from(values)
}

pub(super) fn bytes(values: &[u8]) -> Uint8Array {
    Uint8Array::from(values)
}
