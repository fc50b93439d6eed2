//! The wasm shell: a synchronous border between JavaScript and the core. It turns what crosses
//! from one side's form into the other's, and decides nothing.
//!
//! JavaScript (`pkg/src`) owns all that waits: `fetch`, streams, timers, promises. It asks a
//! [`run::Run`] what to do next and tells it what happened, with the time of both clocks as
//! arguments. So no call comes back into JavaScript, nothing is borrowed across a wait, and a trap
//! always ends in the caller's hands instead of in a promise that never settles.
//!
//! The exports are made for the npm package's hand-written face; users never meet them.

mod convert;
mod error;
mod intake;
mod journal;
mod observe;
mod options;
mod outcomes;
mod plan;
mod run;
mod runtime;
mod strict;
mod subject;
mod summary;

#[cfg(test)]
mod options_tests;
#[cfg(test)]
mod tests;
