//! Progress, notes and attempts of a run, while it runs and at its end.

use super::{Job, Paused};
use crate::id::{AttemptNumber, BatchId};
use crate::ledger::{Ledger, State};
use crate::outcome::StopCode;
use crate::time::{Instant, millis};
use crate::verdict::Verdict;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

/// An event that changes no outcome but that the caller should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub code: &'static str,
    pub message: &'static str,
    /// Number of times.
    pub count: u32,
}

/// Adds to the count of a note, creating it if needed.
pub(super) fn add_note(
    notes: &mut Vec<Note>,
    code: &'static str,
    message: &'static str,
    times: u32,
) {
    match notes.iter_mut().find(|note| note.code == code) {
        Some(note) => note.count = note.count.saturating_add(times),
        None => notes.push(Note { code, message, count: times }),
    }
}

/// The result of the last ended attempt, for hooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    pub batch: BatchId,
    pub attempt: AttemptNumber,
    pub rows: Range<u32>,
    /// HTTP status; `None` where no head of an answer came.
    pub status: Option<u16>,
    pub request_id: Option<Box<str>>,
    pub verdict: Verdict,
}

/// Counts of the traffic of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests sent.
    pub attempts: u32,
    /// Requests that resent a batch: all but the first of each.
    pub resends: u32,
    /// Bytes of request bodies.
    pub bytes_sent: u64,
    /// Bytes of answers' bodies, decoded.
    pub bytes_received: u64,
    pub(super) probes: u32,
    pub(super) exchanges: u32,
    pub(super) failures: u32,
    pub(super) ambiguous_in_row: u32,
}

impl Tally {
    pub(super) fn sent(&mut self, bytes: usize) {
        self.attempts = self.attempts.saturating_add(1);
        self.bytes_sent = self.bytes_sent.saturating_add(bytes as u64);
    }

    /// An exchange that proved nothing.
    pub(super) fn ambiguous(&mut self) {
        self.ambiguous_in_row = self.ambiguous_in_row.saturating_add(1);
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) fn received(&mut self, bytes: usize) {
        self.bytes_received = self.bytes_received.saturating_add(bytes as u64);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    Running,
    Paused,
    /// Stopped; requests in flight are still awaited.
    Stopping,
    /// All was sent; unknown ids are being read back.
    Reconciling,
    Done,
}

/// A run at one moment. The counts of ids always add up to `distinct`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub state: RunState,
    pub distinct: u32,
    pub queued: u32,
    pub in_flight: u32,
    pub issued: u32,
    pub rejected: u32,
    pub unsent: u32,
    pub unknown: u32,
    pub tally: Tally,
    pub elapsed_ms: u64,
    /// Remaining time at this process's pace so far; `None` before it settled an id and while
    /// paused.
    pub eta_ms: Option<u64>,
    /// The obstacle that paused the run, if the caller did not.
    pub paused_by: Option<StopCode>,
}

impl Progress {
    /// The counts of a ledger, without a phase or an expected end.
    pub(super) fn of(ledger: &Ledger, state: RunState, tally: Tally, elapsed_ms: u64) -> Self {
        let count = |state| ledger.count(state);
        Self {
            state,
            distinct: ledger.rows(),
            queued: count(State::Queued),
            in_flight: count(State::InFlight),
            issued: count(State::Issued),
            rejected: count(State::Rejected),
            unsent: count(State::Unsent),
            unknown: count(State::Unknown),
            tally,
            elapsed_ms,
            eta_ms: None,
            paused_by: None,
        }
    }
}

impl Job {
    pub fn progress(&self, now: Instant) -> Progress {
        let state = self.state();
        let elapsed_ms = millis(self.ended.unwrap_or(now).since(self.started));
        Progress {
            eta_ms: if state == RunState::Running { self.eta_ms(elapsed_ms) } else { None },
            paused_by: match &self.paused {
                // The calls that were in flight may have been the last.
                Some(Paused::ByObstacle(stopped)) if state == RunState::Paused => {
                    Some(stopped.code)
                }
                _ => None,
            },
            ..Progress::of(&self.ledger, state, self.tally, elapsed_ms)
        }
    }

    /// Takes the result of the attempt that ended last; `None` if it was taken before.
    pub const fn take_conclusion(&mut self) -> Option<Conclusion> {
        self.concluded.take()
    }

    /// Keeps issuances only until [`Job::forget`], so that a run has flat memory.
    pub fn drain(&mut self) {
        self.ledger.drain();
    }

    /// Drops the issuances of these rows: the caller has them from now on.
    pub fn forget(&mut self, rows: &Range<u32>) {
        self.ledger.forget(rows);
    }

    /// Number of ids of a batch in flight.
    pub fn batch_len(&self, batch: BatchId) -> u32 {
        self.traffic.flight(batch).map_or(0, |flight| flight.call.batch.len())
    }

    /// Events that changed no outcome, one entry a kind.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    fn state(&self) -> RunState {
        if self.ended.is_some() {
            RunState::Done
        } else if self.stopped.is_some() {
            RunState::Stopping
        } else if self.paused.is_some() {
            RunState::Paused
        } else {
            RunState::Running
        }
    }

    fn eta_ms(&self, elapsed_ms: u64) -> Option<u64> {
        let settled = self.ledger.settled();
        let left = self.ledger.rows().saturating_sub(settled);
        let here = settled.saturating_sub(self.settled_before);
        elapsed_ms.saturating_mul(left.into()).checked_div(here.into())
    }
}
