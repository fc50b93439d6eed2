//! The vocabulary of all readers: tokens of JSON and CSV, digits, entries of a learnt form.
//!
//! These loops run once for each byte of an input or an answer. None of them decides what an input
//! or an answer means: what they do not read goes back to the caller, who has a slower way for it.
//!
//! The wasm is compiled for size, where a plain `#[inline]` has no effect. So the small steps of a
//! loop are `inline(always)`: without it reading an answer takes a sixth longer, and the wasm is
//! 0.2 kB smaller.

pub mod digits;
pub mod records;
pub mod swar;
pub mod template;
pub mod token;
