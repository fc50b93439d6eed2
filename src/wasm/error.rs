//! What crosses the border as an error: `{ code, message }`, which the face turns into an
//! `IssueBulkError`.

use super::convert::object;
use crate::request::RequestError;
use wasm_bindgen::JsValue;

pub(super) fn error(code: &str, message: &str) -> JsValue {
    object(&[("code", code.into()), ("message", message.into())])
}

impl From<RequestError> for JsValue {
    fn from(refused: RequestError) -> Self {
        error(refused.code, refused.message)
    }
}

/// The face never calls so; a mistake of ours must still not be a panic.
pub(super) fn misused() -> JsValue {
    error("internal-error", "The core was called in a way that it does not allow; please report.")
}
