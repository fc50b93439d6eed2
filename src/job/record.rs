//! What a run leaves: all that a report is made of.

use super::{Job, Note, Progress, RunState, Tally};
use crate::ledger::Ledger;
use crate::outcome::Stopped;
use crate::plan::Plan;
use crate::time::{UnixTime, millis};
use alloc::vec::Vec;
use core::time::Duration;

/// A run that is over. A read-back makes a new record of it and leaves this one as it is.
#[derive(Clone)]
pub struct Record {
    pub plan: Plan,
    pub ledger: Ledger,
    pub tally: Tally,
    pub stopped: Option<Stopped>,
    pub notes: Vec<Note>,
    /// The wall clock when the run began, in its first process where it had several ...
    pub started: UnixTime,
    /// ... and when nothing of it was on its way any more.
    pub ended: UnixTime,
    /// How long it took, in its last process.
    pub elapsed: Duration,
}

impl Job {
    /// What is left of a run that is done, with the wall clock at its start and its end.
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
    /// The sums, as a progress that no longer moves.
    pub fn progress(&self, state: RunState) -> Progress {
        Progress::of(&self.ledger, state, self.tally, millis(self.elapsed))
    }

    pub(crate) fn note(&mut self, code: &'static str, message: &'static str, times: u32) {
        super::status::add_note(&mut self.notes, code, message, times);
    }
}
