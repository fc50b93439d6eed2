//! Between JavaScript values and ours. Few options cross inwards, so they are read one by one;
//! outwards rows and summaries cross as one JSON text, which is smaller and faster than setting
//! properties; bulk data crosses as bytes and typed arrays.

use super::error::error;
use crate::json::Object;
use alloc::string::String;
use alloc::vec::Vec;
use js_sys::{JSON, Reflect};
use wasm_bindgen::JsValue;

/// A property, or undefined where there is none, also of null and undefined.
#[inline(never)]
pub(super) fn get(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

/// The value that a JSON text stands for, undefined for anything else. Bytes that are no UTF-8 are
/// replaced.
#[inline(never)]
pub(super) fn parsed(json: &[u8]) -> JsValue {
    JSON::parse(&String::from_utf8_lossy(json)).unwrap_or(JsValue::UNDEFINED)
}

/// A plain object with the fields that `write` writes.
pub(super) fn object(write: impl FnOnce(&mut Object<'_>)) -> JsValue {
    let mut out = Vec::new();
    let mut object = Object::begin(&mut out);
    write(&mut object);
    object.end();
    parsed(&out)
}

/// Reads the caller's options with their types. The first one of a wrong type is kept for
/// [`Reader::done`], so that reading needs no way out after each field.
pub(super) struct Reader<'a> {
    given: &'a JsValue,
    wrong: Option<[&'static str; 2]>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(given: &'a JsValue) -> Self {
        Self { given, wrong: None }
    }

    #[inline(never)]
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        let text = value.as_string();
        self.expect(text.is_some(), key, "a string");
        text
    }

    #[inline(never)]
    pub(super) fn number(&mut self, key: &'static str) -> Option<f64> {
        let value = self.value(key)?;
        let number = value.as_f64();
        self.expect(number.is_some(), key, "a number");
        number
    }

    #[inline(never)]
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.as_bool();
        self.expect(flag.is_some(), key, "true or false");
        flag
    }

    /// An option that is itself an object; absent ones read as empty.
    #[inline(never)]
    pub(super) fn inner(&mut self, key: &'static str) -> JsValue {
        let Some(value) = self.value(key) else { return JsValue::UNDEFINED };
        self.expect(value.is_object(), key, "an object");
        value
    }

    /// Refuses the options if one that was read had a wrong type.
    #[inline(never)]
    pub(super) fn done(self) -> Result<(), JsValue> {
        let Some([key, expected]) = self.wrong else { return Ok(()) };
        let message = ["The option ", key, " must be ", expected, "."].concat();
        Err(error("invalid-option", &message))
    }

    fn value(&self, key: &str) -> Option<JsValue> {
        Some(get(self.given, key)).filter(|value| !value.is_undefined() && !value.is_null())
    }

    fn expect(&mut self, right: bool, key: &'static str, expected: &'static str) {
        if !right && self.wrong.is_none() {
            self.wrong = Some([key, expected]);
        }
    }
}
