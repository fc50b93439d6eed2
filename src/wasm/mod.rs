//! The wasm shell: the border between JavaScript and the core, and the driver of a run. It converts
//! values between both sides; decisions are the core's.
//!
//! A run is driven in turns: JavaScript calls [`run::Run::turn`] when a promise settled, the timer
//! fired or the caller told the run something; the turn polls the tasks of the run and asks the
//! machine what to do next ([`driver`]). Futures belong to an [`executor`] of our own, which polls
//! them only inside of such calls: so a trap always ends in the hands of JavaScript, which rejects
//! every promise of the instance, and not in a callback that nobody guards. For the same reason
//! promises come from the [`host`] as thenables whose callbacks JavaScript guards, and there is no
//! `Closure` and no `spawn_local` here.
//!
//! The exports are for `pkg/src` only; users of the package never see them.

mod convert;
mod credentials;
mod driver;
mod error;
mod executor;
mod fetch;
mod hooks;
mod host;
mod intake;
mod journal;
mod options;
mod outcomes;
mod plan;
mod revocation;
mod run;
mod runtime;
mod strict;
mod summary;
mod trap;

#[cfg(test)]
mod options_tests;
#[cfg(test)]
mod tests;
