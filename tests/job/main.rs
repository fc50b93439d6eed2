//! The machine against a scripted service, on virtual time.

mod course;
mod retries;
mod verdicts;
mod world;
