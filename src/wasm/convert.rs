//! Between JavaScript values and ours. Few fields cross, so they are read one by one; bulk data
//! crosses as bytes and typed arrays.

use super::error::error;
use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// A property, or undefined where there is none, also of null and undefined.
pub(super) fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

pub(super) fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in fields {
        // Setting a property of a new plain object cannot fail.
        let _ = Reflect::set(&object, &(*key).into(), value);
    }
    object.into()
}

/// The caller's options, each read once with its type.
pub(super) struct Reader<'a>(pub(super) &'a JsValue);

impl Reader<'_> {
    pub(super) fn text(&self, key: &str) -> Result<Option<String>, JsValue> {
        self.typed(key, "a string", JsValue::as_string)
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, JsValue> {
        self.typed(key, "a number", JsValue::as_f64)
    }

    pub(super) fn flag(&self, key: &str) -> Result<Option<bool>, JsValue> {
        self.typed(key, "true or false", JsValue::as_bool)
    }

    /// An option that is itself an object; absent ones read as empty.
    pub(super) fn inner(&self, key: &str) -> Result<JsValue, JsValue> {
        let inner =
            self.typed(key, "an object", |value| value.is_object().then(|| value.clone()))?;
        Ok(inner.unwrap_or(JsValue::UNDEFINED))
    }

    fn typed<T>(
        &self,
        key: &str,
        expected: &str,
        read: impl Fn(&JsValue) -> Option<T>,
    ) -> Result<Option<T>, JsValue> {
        let value = get(self.0, key);
        if value.is_undefined() || value.is_null() {
            return Ok(None);
        }
        read(&value).map(Some).ok_or_else(|| {
            error("invalid-option", &["The option ", key, " must be ", expected, "."].concat())
        })
    }
}
