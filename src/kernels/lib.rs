//! What runs once for each id, or for each byte of an input or an answer.
//!
//! The wasm is compiled for size, and that makes these loops up to twice as slow; compiled for
//! speed the whole of it would be a tenth larger. Optimisation levels differ per package, so the
//! loops are a package, and `[profile.wasm.package]` in the workspace's manifest sets its level.
//! Measured in wasm under Node 20, `s` is as fast as `3` here and smaller.
//!
//! Nothing in here decides what an answer or an input means: what is out of the ordinary goes back
//! to the caller, in the crate `issue_bulk`. Functions that must be fast stay out of line or are
//! always inlined, as one that the caller's package instantiates is compiled at its level.

#![cfg_attr(not(test), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

extern crate alloc;

pub mod columns;
pub mod decimal;
pub mod digits;
pub mod distinct;
pub mod fields;
pub mod ids;
pub mod list;
pub mod lookup;
pub mod page;
pub mod places;
pub mod records;
pub mod swar;
pub mod template;
pub mod token;
