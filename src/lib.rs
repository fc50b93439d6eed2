//! Issue a Capillary cart promotion to many customers, with exactly one outcome per customer.
//!
//! A sans-IO core and, behind `cfg(target_arch = "wasm32")`, the shell that gives it a runtime.
//! Time, randomness and I/O are arguments of the core; a file uses only lower levels:
//!
//! | level | modules | what they hold |
//! | --- | --- | --- |
//! | 0 | `scan` `decimal` `text` `time` `rng` `id` | tokens, digits, texts, time, chance, ids |
//! | 1 | `limits` `backoff` `budget` `outcome` `policy` `json` `secrets` `digest` | bounds, words |
//! | 1 | `status` `retry_after` `clock` `csv` | what the head of an answer says; cells |
//! | 2 | `intake` `request` `response` | bytes to ids, one call on the wire, bytes to columns |
//! | 3 | `attribution` `batch` `verdict` | for whom, ids of one request, what an exchange proves |
//! | 4 | `plan` `ledger` | a validated request, where each id is |
//! | 5 | `journal` | the past of a run, from which another process goes on |
//! | 6 | `traffic` | the trait of all machines, and the traffic that they have in common |
//! | 7 | `job` | the machine: inputs are methods, output is one enum |
//! | 8 | `forecast` `auth` `report` | the dry run, credentials, outcomes as rows |
//! | 8 | `reconcile` `promotion` | what only reads: unknown ids, a promotion before a run |
//! | 8 | `revoke` | what takes issuances back |
//! | 9 | `wasm` | the border to JavaScript, which owns all that waits |
//!
//! The driving contract is in [`traffic`], the rule for every answer in [`verdict`].

// Without `std` the core cannot even name a clock, a thread or a file.
#![cfg_attr(not(test), no_std)]
// A panic in wasm leaves a promise that never settles, so the core may not be able to panic:
// whatever could is denied, and bad input becomes a value instead.
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

pub mod attribution;
pub mod auth;
pub mod backoff;
pub mod batch;
pub mod budget;
pub mod clock;
pub mod csv;
pub mod decimal;
pub mod digest;
pub mod forecast;
pub mod id;
pub mod intake;
pub mod job;
pub mod journal;
pub mod json;
pub mod ledger;
pub mod limits;
pub mod outcome;
pub mod plan;
pub mod policy;
pub mod promotion;
pub mod reconcile;
pub mod report;
pub mod request;
pub mod response;
pub mod retry_after;
pub mod revoke;
pub mod rng;
pub mod scan;
pub mod secrets;
pub mod status;
pub mod text;
pub mod time;
pub mod traffic;
pub mod verdict;

#[cfg(target_arch = "wasm32")]
mod wasm;
