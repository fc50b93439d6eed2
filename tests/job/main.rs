//! The machine against a scripted service, on virtual time.

#![cfg(not(target_arch = "wasm32"))]

mod course;
mod credentials;
mod extension;
mod header;
mod hold;
mod journal;
mod recovery;
mod retries;
mod telling;
mod verdicts;
mod world;
