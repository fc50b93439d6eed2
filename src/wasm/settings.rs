//! What the caller chose, by name: texts and numbers, their types already seen to in JavaScript.

use alloc::string::String;
use alloc::vec::Vec;
use wasm_bindgen::prelude::wasm_bindgen;

/// Options on their way in. Names within an option are joined by a point (`rate.perMinute`); a
/// name that nobody asks for changes nothing.
#[wasm_bindgen]
#[derive(Default)]
pub struct Settings {
    texts: Vec<(String, String)>,
    numbers: Vec<(String, f64)>,
}

#[wasm_bindgen]
impl Settings {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    pub fn text(&mut self, name: String, value: String) {
        self.texts.push((name, value));
    }

    /// Also for true and false, as 1 and 0.
    pub fn number(&mut self, name: String, value: f64) {
        self.numbers.push((name, value));
    }
}

impl Settings {
    #[inline(never)]
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.texts.iter().find(|(key, _)| key == name)?;
        Some(&found.1)
    }

    #[inline(never)]
    pub(super) fn get_number(&self, name: &str) -> Option<f64> {
        let found = self.numbers.iter().find(|(key, _)| key == name)?;
        Some(found.1)
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.get_number(name) == Some(1.0)
    }
}
