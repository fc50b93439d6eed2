//! Traps on demand, for tests of what a trap ends. The feature `traps` is in no shipped artifact.

/// Traps where `globalThis.issueBulkTrap` says so of this place: `"trap"` as a fault of the core
/// would, `"memory"` as memory that the engine refuses.
#[cfg(feature = "traps")]
pub(super) fn trap_at(place: &str) {
    use wasm_bindgen::{JsCast, JsValue};

    let asked = js_sys::Reflect::get(&js_sys::global(), &"issueBulkTrap".into());
    let Some(ask) = asked.ok().and_then(|value| value.dyn_into::<js_sys::Function>().ok()) else {
        return;
    };
    let wanted = ask.call1(&JsValue::UNDEFINED, &place.into()).ok().and_then(|how| how.as_string());
    match wanted.as_deref() {
        Some("trap") => core::arch::wasm32::unreachable(),
        Some("memory") => drop(core::hint::black_box(alloc::vec![1_u8; isize::MAX as usize])),
        _ => {}
    }
}

#[cfg(not(feature = "traps"))]
#[inline(always)]
pub(super) const fn trap_at(_place: &str) {}
