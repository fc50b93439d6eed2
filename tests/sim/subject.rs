//! What a world drives: the real job, or one that a saboteur stands in front of.

use core::time::Duration;
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::job::{Job, Progress};
use issue_bulk::ledger::State;
use issue_bulk::report;
use issue_bulk::response::Flow;
use issue_bulk::time::Instant;
use issue_bulk::traffic::{CredentialsFailure, Head, Machine, Output};
use issue_bulk::verdict::Failure;

/// The driving contract of `issue_bulk::traffic`, and what a caller can read.
pub trait Subject {
    fn job(&self) -> &Job;
    fn job_mut(&mut self) -> &mut Job;

    /// The job as a machine, whose methods have the same names as those here.
    fn machine(&mut self) -> &mut dyn Machine {
        self.job_mut()
    }

    fn poll_output(&mut self, now: Instant) -> Output {
        self.machine().poll_output(now)
    }

    fn body(&self, batch: BatchId) -> Vec<u8> {
        self.job().request(batch).body.unwrap_or_default()
    }

    fn head(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber, head: Head) {
        self.job_mut().handle_head(now, batch, attempt, head);
    }

    fn chunk(&mut self, batch: BatchId, attempt: AttemptNumber, bytes: &[u8]) -> Flow {
        self.job_mut().handle_chunk(batch, attempt, bytes)
    }

    fn end(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber) {
        self.job_mut().handle_end(now, batch, attempt);
    }

    fn failure(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber, how: Failure) {
        self.job_mut().handle_failure(now, batch, attempt, how);
    }

    fn credentials(&mut self, now: Instant, renew_after: Option<Duration>) {
        self.job_mut().handle_credentials(now, renew_after);
    }

    fn credentials_failure(&mut self, now: Instant, failure: CredentialsFailure) {
        self.job_mut().handle_credentials_failure(now, failure);
    }

    fn take_journal(&mut self) -> Vec<u8> {
        self.machine().take_journal()
    }

    fn persisted(&mut self) {
        self.job_mut().handle_persisted();
    }

    fn persist_failure(&mut self) {
        self.job_mut().handle_persist_failure();
    }

    fn pause(&mut self) {
        self.machine().pause();
    }

    fn resume(&mut self, now: Instant) {
        self.machine().resume(now);
    }

    fn hold(&mut self) {
        self.machine().hold();
    }

    fn release(&mut self) {
        self.machine().release();
    }

    fn cancel(&mut self) {
        self.machine().cancel();
    }

    fn progress(&self, now: Instant) -> Progress {
        self.job().progress(now)
    }

    /// The state of every row.
    fn states(&self, out: &mut Vec<State>) {
        out.clear();
        out.extend_from_slice(self.job().ledger().states());
    }

    /// The whole report as the caller gets it.
    fn exports(&self) -> Vec<u8> {
        let mut out = Vec::new();
        report::write_csv(self.job(), 0, u32::MAX, &mut out);
        report::write_ndjson(self.job(), 0, u32::MAX, &mut out);
        out
    }
}

impl Subject for Job {
    fn job(&self) -> &Job {
        self
    }

    fn job_mut(&mut self) -> &mut Job {
        self
    }
}
