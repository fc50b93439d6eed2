//! Errors for JavaScript: `{ code, message }`, of which the package makes an `IssueBulkError`.

use super::convert::plain;
use crate::request::RequestError;
use alloc::string::String;
use alloc::vec::Vec;
use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::JsValue;

/// An error of the caller's input: its code and sentence.
#[derive(Serialize)]
pub(super) struct Refusal {
    code: &'static str,
    message: String,
    /// The cells of a CSV's header, if the column is unclear.
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<Vec<String>>,
    /// The error that the caller's code threw.
    #[serde(skip)]
    cause: Option<JsValue>,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: &str) -> Self {
        Self { code, message: message.into(), header: None, cause: None }
    }

    pub(super) fn because(self, cause: JsValue) -> Self {
        Self { cause: Some(cause), ..self }
    }

    pub(super) fn about(self, header: Vec<String>) -> Self {
        Self { header: Some(header), ..self }
    }
}

impl From<&RequestError> for Refusal {
    fn from(refused: &RequestError) -> Self {
        Self::new(refused.code, refused.message)
    }
}

impl From<Refusal> for JsValue {
    #[inline(never)]
    fn from(refusal: Refusal) -> Self {
        let error = plain(&refusal);
        if let Some(cause) = &refusal.cause {
            // A new plain object accepts any property.
            let _ = Reflect::set(&error, &"cause".into(), cause);
        }
        error
    }
}

impl From<&RequestError> for JsValue {
    #[inline(never)]
    fn from(refused: &RequestError) -> Self {
        Refusal::from(refused).into()
    }
}
