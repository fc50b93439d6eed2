//! What the standard library would bring: the heap, and the end of a panic.

use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

/// A quarter of the size of the standard library's, and faster.
#[global_allocator]
static HEAP: WasmDynamicTalc = new_wasm_dynamic_allocator();

/// A trap, as with the standard library's `panic = "abort"`, but without composing a message that
/// nobody would see. The face takes a trap for the end of the core. Only in the artifact: crates
/// that test it bring `std`, whose handler would be a second one.
#[cfg(feature = "artifact")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
