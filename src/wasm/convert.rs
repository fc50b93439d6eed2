//! Between JavaScript values and ours. Few fields cross, so they are read one by one; bulk data
//! crosses as bytes and typed arrays.

use super::error::error;
use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// A property, or undefined where there is none, also of null and undefined.
#[inline(never)]
pub(super) fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

#[inline(never)]
pub(super) fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in fields {
        // Setting a property of a new plain object cannot fail.
        let _ = Reflect::set(&object, &(*key).into(), value);
    }
    object.into()
}

/// The caller's options, each read once with its type. Not inlined: a call is smaller than a copy.
pub(super) struct Reader<'a>(pub(super) &'a JsValue);

impl Reader<'_> {
    #[inline(never)]
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, JsValue> {
        let value = self.given(key);
        let text = value.as_ref().and_then(JsValue::as_string);
        typed(text, value.is_none(), key, "a string")
    }

    #[inline(never)]
    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, JsValue> {
        let value = self.given(key);
        let number = value.as_ref().and_then(JsValue::as_f64);
        typed(number, value.is_none(), key, "a number")
    }

    #[inline(never)]
    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, JsValue> {
        let value = self.given(key);
        let flag = value.as_ref().and_then(JsValue::as_bool);
        typed(flag, value.is_none(), key, "true or false")
    }

    /// An option that is itself an object; absent ones read as empty.
    #[inline(never)]
    pub(super) fn inner(&self, key: &str) -> Result<JsValue, JsValue> {
        let Some(value) = self.given(key) else { return Ok(JsValue::UNDEFINED) };
        if value.is_object() { Ok(value) } else { Err(wrong_type(key, "an object")) }
    }

    fn given(&self, key: &str) -> Option<JsValue> {
        Some(get(self.0, key)).filter(|value| !value.is_undefined() && !value.is_null())
    }
}

fn typed<T>(
    read: Option<T>,
    absent: bool,
    key: &str,
    expected: &str,
) -> Result<Option<T>, JsValue> {
    if read.is_none() && !absent { Err(wrong_type(key, expected)) } else { Ok(read) }
}

#[inline(never)]
fn wrong_type(key: &str, expected: &str) -> JsValue {
    error("invalid-option", &["The option ", key, " must be ", expected, "."].concat())
}
