//! The runtime's two clocks and its chance, read here and passed on as arguments.

use crate::time::{Instant, UnixTime};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds of `performance.now()`, which no correction of the wall clock moves.
pub(super) fn now() -> Instant {
    // A float-to-int cast saturates; the fraction is below the job's grain.
    Instant::from_millis(performance_now() as u64)
}

pub(super) fn wall_clock() -> UnixTime {
    UnixTime::from_millis(js_sys::Date::now() as i64)
}

/// A seed for jitter, which needs no secrecy.
pub(super) fn seed() -> u64 {
    (js_sys::Math::random() * 9_007_199_254_740_991.0) as u64
}
