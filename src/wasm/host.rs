//! The functions that JavaScript provides for a run. Behind them, code of the caller runs in a
//! microtask of its own, after a check that the instance is sound. Their promises settle by
//! callbacks that JavaScript guards, so that a trap in a callback ends the instance instead of
//! getting lost.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::RequestInit;

#[wasm_bindgen]
extern "C" {
    /// The `Host` of `pkg/src/host.ts`, one a run.
    #[derive(Clone)]
    pub type Host;

    /// Asks for a turn of the run, soon.
    #[wasm_bindgen(method)]
    pub(super) fn schedule(this: &Host);

    /// Sets the timer for a turn after so many milliseconds, replacing the one set before.
    #[wasm_bindgen(method, js_name = setTimer)]
    pub(super) fn set_timer(this: &Host, delay_ms: f64);

    #[wasm_bindgen(method, js_name = clearTimer)]
    pub(super) fn clear_timer(this: &Host);

    /// The progress may have changed.
    #[wasm_bindgen(method)]
    pub(super) fn changed(this: &Host);

    /// True if the caller gave a transport.
    #[wasm_bindgen(method, getter, js_name = hasTransport)]
    pub(super) fn has_transport(this: &Host) -> bool;

    /// True if the caller gave hooks.
    #[wasm_bindgen(method, getter, js_name = hasHooks)]
    pub(super) fn has_hooks(this: &Host) -> bool;

    /// True if the caller gave an `onOutcomes`.
    #[wasm_bindgen(method, getter, js_name = hasTaker)]
    pub(super) fn has_taker(this: &Host) -> bool;

    /// The answer of the caller's transport, or of the runtime's `fetch`, which is called in
    /// JavaScript to gather evidence of what was sent (`pkg/src/evidence.ts`).
    #[wasm_bindgen(method)]
    pub(super) fn send(this: &Host, url: &str, init: &RequestInit) -> Promise;

    /// The next bytes of a stream; undefined at its end.
    #[wasm_bindgen(method)]
    pub(super) fn next(this: &Host, reader: &JsValue) -> Promise;

    /// The bytes of a body that comes as a whole.
    #[wasm_bindgen(method)]
    pub(super) fn whole(this: &Host, response: &JsValue) -> Promise;

    /// The end of a body that pushes its bytes to [`super::run::Run::push`].
    #[wasm_bindgen(method)]
    pub(super) fn pushed(this: &Host, body: &JsValue, batch: u32, attempt: u32) -> Promise;

    /// The bytes of a pushed body, truncated to one more than the bound.
    #[wasm_bindgen(method)]
    pub(super) fn gathered(this: &Host, body: &JsValue, bytes_max: u32) -> Promise;

    /// Cancels a reader, without waiting.
    #[wasm_bindgen(method)]
    pub(super) fn leave(this: &Host, reader: &JsValue);

    /// Headers of the caller's credentials function: name, value, name, value ...
    #[wasm_bindgen(method)]
    pub(super) fn credentials(this: &Host) -> Promise;

    /// Resolves once the bytes are stored durably in the journal.
    #[wasm_bindgen(method)]
    pub(super) fn append(this: &Host, bytes: &Uint8Array) -> Promise;

    /// Calls the caller's hook of that name, without waiting.
    #[wasm_bindgen(method)]
    pub(super) fn hook(this: &Host, name: &str, event: &JsValue);

    /// Resolves with true if `onOutcomes` took the rows.
    #[wasm_bindgen(method)]
    pub(super) fn give(this: &Host, rows: &Array) -> Promise;

    /// The run no longer waits for the named one: the journal or `onOutcomes`.
    #[wasm_bindgen(method, js_name = letGo)]
    pub(super) fn let_go(this: &Host, what: &str);

    /// Milliseconds of a monotonic clock.
    #[wasm_bindgen(js_namespace = performance)]
    pub(super) fn now() -> f64;
}
