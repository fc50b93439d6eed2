//! What JavaScript does for a run. Code of the caller runs behind these functions in a microtask
//! of its own, right after the instance was found sound. What they return settles by callbacks that
//! JavaScript guards, so that a trap in a callback ends the instance instead of getting lost.

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

    /// Asks for a turn by timer after so many milliseconds, in place of the one asked for before.
    #[wasm_bindgen(method, js_name = setTimer)]
    pub(super) fn set_timer(this: &Host, delay_ms: f64);

    #[wasm_bindgen(method, js_name = clearTimer)]
    pub(super) fn clear_timer(this: &Host);

    /// Something may have moved that a progress shows.
    #[wasm_bindgen(method)]
    pub(super) fn changed(this: &Host);

    /// Whether the caller gave a transport.
    #[wasm_bindgen(method, getter, js_name = hasTransport)]
    pub(super) fn has_transport(this: &Host) -> bool;

    /// Whether the caller gave hooks.
    #[wasm_bindgen(method, getter, js_name = hasHooks)]
    pub(super) fn has_hooks(this: &Host) -> bool;

    /// Whether the caller gave an `onOutcomes`.
    #[wasm_bindgen(method, getter, js_name = hasTaker)]
    pub(super) fn has_taker(this: &Host) -> bool;

    /// The answer of the caller's transport, or of the runtime's `fetch`. The package calls that in
    /// JavaScript, to gather evidence of what left (`pkg/src/evidence.ts`).
    #[wasm_bindgen(method)]
    pub(super) fn send(this: &Host, url: &str, init: &RequestInit) -> Promise;

    /// The next bytes of a stream; undefined at its end.
    #[wasm_bindgen(method)]
    pub(super) fn next(this: &Host, reader: &JsValue) -> Promise;

    /// The bytes of a body that comes as a whole.
    #[wasm_bindgen(method)]
    pub(super) fn whole(this: &Host, response: &JsValue) -> Promise;

    /// The end of a body that hands its bytes to [`super::run::Run::push`] by itself.
    #[wasm_bindgen(method)]
    pub(super) fn pushed(this: &Host, body: &JsValue, batch: u32, attempt: u32) -> Promise;

    /// The bytes of a body that hands them out, one more than the bound where there are more.
    #[wasm_bindgen(method)]
    pub(super) fn gathered(this: &Host, body: &JsValue, bytes_max: u32) -> Promise;

    /// Cancels a reader; nobody waits for it.
    #[wasm_bindgen(method)]
    pub(super) fn leave(this: &Host, reader: &JsValue);

    /// Headers of the caller's credentials function: name, value, name, value ...
    #[wasm_bindgen(method)]
    pub(super) fn credentials(this: &Host) -> Promise;

    /// Resolves once the bytes are in the journal, where they last.
    #[wasm_bindgen(method)]
    pub(super) fn append(this: &Host, bytes: &Uint8Array) -> Promise;

    /// Calls the caller's hook of that name; nobody waits for it.
    #[wasm_bindgen(method)]
    pub(super) fn hook(this: &Host, name: &str, event: &JsValue);

    /// Resolves with whether `onOutcomes` took the rows.
    #[wasm_bindgen(method)]
    pub(super) fn give(this: &Host, rows: &Array) -> Promise;

    /// The run no longer waits for the journal or for `onOutcomes`, by the name of which.
    #[wasm_bindgen(method, js_name = letGo)]
    pub(super) fn let_go(this: &Host, what: &str);

    /// Milliseconds of a clock that no correction moves.
    #[wasm_bindgen(js_namespace = performance)]
    pub(super) fn now() -> f64;
}
