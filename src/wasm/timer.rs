//! One timer of the runtime, cleared when it is dropped.

use super::clock;
use super::signal::Signal;
use crate::time::{Instant, millis};
use alloc::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Closure<dyn FnMut()>, delay_ms: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(handle: &JsValue);
}

/// A longer delay would wrap and fire at once; waking early is harmless, since the job is asked
/// again and waits on.
const DELAY_MS_MAX: u64 = 0x7fff_fffe;

pub(super) struct Timer {
    handle: JsValue,
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    /// Raises `signal` at `until`, or earlier.
    pub(super) fn arm(until: Instant, signal: &Rc<Signal>) -> Self {
        let signal = Rc::clone(signal);
        let callback = Closure::new(move || signal.raise());
        let delay_ms = millis(until.since(clock::now())).min(DELAY_MS_MAX);
        // Timers may fire a fraction of a millisecond early; one more makes the wait complete.
        let handle = set_timeout(&callback, delay_ms.saturating_add(1) as f64);
        Self { handle, _callback: callback }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.handle);
    }
}
