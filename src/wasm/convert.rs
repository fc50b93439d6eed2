//! Converts results for JavaScript: summaries are serde structs that become plain objects; rows
//! cross as JSON texts, which is faster for many; bulk data crosses as bytes and typed arrays.

use alloc::string::String;
use js_sys::{JSON, Object};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsCast, JsValue};

/// A plain object with the fields of a struct: numbers for what is below 2^53, null for `None`.
pub(super) fn plain<T: Serialize>(value: &T) -> JsValue {
    let serializer = Serializer::json_compatible();
    value.serialize(&serializer).unwrap_or(JsValue::UNDEFINED)
}

/// One plain object with the fields of two. serde's `flatten` would bring its maps to the wasm.
pub(super) fn merged(object: JsValue, other: &JsValue) -> JsValue {
    let object: Object = object.unchecked_into();
    Object::assign(&object, other.unchecked_ref()).into()
}

/// The value that a JSON text stands for, undefined for anything else. Bytes that are no UTF-8 are
/// replaced.
#[inline(never)]
pub(super) fn parsed(json: &[u8]) -> JsValue {
    JSON::parse(&String::from_utf8_lossy(json)).unwrap_or(JsValue::UNDEFINED)
}
