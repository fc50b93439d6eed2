//! The result of a run, of which a report is made.

use super::{Job, Note, Progress, RunState, Tally};
use crate::ledger::Ledger;
use crate::outcome::Stopped;
use crate::plan::Plan;
use crate::time::{UnixTime, millis};
use alloc::vec::Vec;
use core::time::Duration;

/// The result of a finished run. A read-back makes a new one of it and leaves this one unchanged.
#[derive(Clone)]
pub struct Record {
    pub plan: Plan,
    pub ledger: Ledger,
    pub tally: Tally,
    pub stopped: Option<Stopped>,
    pub notes: Vec<Note>,
    /// Wall-clock start of the run (of its first process, if it was resumed).
    pub started: UnixTime,
    /// Wall-clock time at which the last request had ended.
    pub ended: UnixTime,
    /// Duration in the last process.
    pub elapsed: Duration,
}

impl Job {
    /// The result of a finished run; `started` and `ended` are wall-clock times.
    pub fn into_record(self, started: UnixTime, wall_ended: UnixTime) -> Record {
        let ended = self.ended.unwrap_or(self.started);
        Record {
            plan: self.plan,
            ledger: self.ledger,
            tally: self.tally,
            stopped: self.stopped,
            notes: self.notes,
            started,
            ended: wall_ended,
            elapsed: ended.since(self.started),
        }
    }
}

impl Record {
    /// The final counts, as a progress.
    pub fn progress(&self, state: RunState) -> Progress {
        Progress::of(&self.ledger, state, self.tally, millis(self.elapsed))
    }

    pub(crate) fn note(&mut self, code: &'static str, message: &'static str, times: u32) {
        super::status::add_note(&mut self.notes, code, message, times);
    }
}
