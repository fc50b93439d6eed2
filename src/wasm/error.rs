//! What crosses the border as an error: `{ code, message }`, which the face turns into an
//! `IssueBulkError`.

use super::convert::object;
use crate::request::RequestError;
use wasm_bindgen::JsValue;

#[inline(never)]
pub(super) fn error(code: &str, message: &str) -> JsValue {
    object(|error| {
        error.text("code", Some(code));
        error.text("message", Some(message));
    })
}

impl From<&RequestError> for JsValue {
    #[inline(never)]
    fn from(refused: &RequestError) -> Self {
        error(refused.code, refused.message)
    }
}
