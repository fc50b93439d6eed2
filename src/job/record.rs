//! The result of a run, of which a report is made.

use super::{Job, Note, Progress, RunState, Tally};
use crate::ledger::Ledger;
use crate::outcome::{StopCode, Stopped};
use crate::plan::Plan;
use crate::policy::Ambiguous;
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
    /// It was read back already.
    pub was_read_back: bool,
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
            was_read_back: false,
        }
    }
}

impl Record {
    /// The final counts, as a progress.
    pub fn progress(&self, state: RunState) -> Progress {
        Progress::of(&self.ledger, state, self.tally, millis(self.elapsed))
    }

    /// Whether a read-back of what is unknown follows, as the policy asks for. Whoever cancelled, a
    /// moment after the end included, wants no more calls.
    pub fn is_to_be_read_back(&self, is_cancelled: bool) -> bool {
        let is_asked_for = self.plan.policy().ambiguous == Ambiguous::Reconcile;
        let was_cancelled =
            self.stopped.as_ref().is_some_and(|stopped| stopped.code == StopCode::Cancelled);
        is_asked_for && !self.was_read_back && !is_cancelled && !was_cancelled
    }

    pub(crate) fn note(&mut self, code: &'static str, message: &'static str, times: u32) {
        super::status::add_note(&mut self.notes, code, message, times);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Options;
    use crate::time::Instant;
    use crate::traffic::Machine;

    fn job(ambiguous: Option<&str>) -> Job {
        let options = Options {
            promotion_id: "67dd4210ef21a64211227e04",
            context_id: "973",
            host: "eu.api.capillarytech.com",
            ambiguous,
            ..Options::default()
        };
        Job::new(Plan::new(&options).unwrap(), alloc::vec![1], false, 7, Instant::START)
    }

    fn record_of(job: Job) -> Record {
        job.into_record(UnixTime::from_millis(0), UnixTime::from_millis(1))
    }

    #[test]
    fn a_read_back_follows_a_run_that_asked_for_it_and_was_not_cancelled() {
        let cases = [
            (None, false),
            (Some("hold"), false),
            (Some("retry"), false),
            (Some("reconcile"), true),
        ];
        for (ambiguous, follows) in cases {
            let record = record_of(job(ambiguous));
            assert_eq!(record.is_to_be_read_back(false), follows, "{ambiguous:?}");
            // The caller cancelled after its end, or before.
            assert!(!record.is_to_be_read_back(true));
            let mut cancelled = job(ambiguous);
            cancelled.cancel();
            assert!(!record_of(cancelled).is_to_be_read_back(false));
            let read = Record { was_read_back: true, ..record };
            assert!(!read.is_to_be_read_back(false));
        }
    }
}
