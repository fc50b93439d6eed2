//! The wasm shell: the only part that knows JavaScript. It moves bytes and time between the
//! runtime and the job, and decides nothing.
//!
//! The exports are the boundary of the npm package's hand-written face (`pkg/src`); users never
//! meet them. Every export returns a `Result` or cannot fail: a panic would leave a promise that
//! never settles.

mod abort;
mod client;
mod clock;
mod convert;
mod driver;
mod error;
mod fetch;
mod intake;
mod outcomes;
mod runtime;
mod signal;
mod timer;

#[cfg(test)]
mod tests;
