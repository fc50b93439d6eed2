//! What a world drives: the real job, or one that a saboteur stands in front of.

use core::time::Duration;
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::job::{CredentialsFailure, Head, Job, Output, Progress};
use issue_bulk::ledger::State;
use issue_bulk::report;
use issue_bulk::response::Flow;
use issue_bulk::time::Instant;
use issue_bulk::verdict::Failure;

/// The driving contract of `issue_bulk::job`, and what a caller can read.
pub trait Subject {
    fn job(&self) -> &Job;
    fn job_mut(&mut self) -> &mut Job;

    fn poll_output(&mut self, now: Instant) -> Output {
        self.job_mut().poll_output(now)
    }

    fn write_body(&self, batch: BatchId, out: &mut Vec<u8>) {
        self.job().write_body(batch, out);
    }

    fn head(&mut self, batch: BatchId, attempt: AttemptNumber, head: Head) {
        self.job_mut().handle_head(batch, attempt, head);
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
        self.job_mut().take_journal()
    }

    fn persisted(&mut self) {
        self.job_mut().handle_persisted();
    }

    fn persist_failure(&mut self) {
        self.job_mut().handle_persist_failure();
    }

    fn pause(&mut self) {
        self.job_mut().pause();
    }

    fn resume(&mut self, now: Instant) {
        self.job_mut().resume(now);
    }

    fn cancel(&mut self) {
        self.job_mut().cancel();
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
