//! The one thing a driver drives, whatever it is made for: issuing, reading back, checking.
//!
//! All three want the same of the world: exchanges, credentials, time. What differs is what goes
//! out and what is left at the end.

use crate::id::{AttemptNumber, BatchId};
use crate::job::{CredentialsFailure, Head, Job, Output};
use crate::plan::Plan;
use crate::promotion::Check;
use crate::reconcile::Reconcile;
use crate::response::Flow;
use crate::secrets::Secrets;
use crate::time::Instant;
use crate::verdict::Failure;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// What is driven.
pub enum Machine {
    Issue(Box<Job>),
    ReadBack(Box<Reconcile>),
    Check(Box<Check>),
}

impl Machine {
    /// Starts the clock.
    pub fn start(&mut self, now: Instant) {
        if let Self::Issue(job) = self {
            job.start(now);
        }
    }

    pub fn poll_output(&mut self, now: Instant) -> Output {
        match self {
            Self::Issue(job) => job.poll_output(now),
            Self::ReadBack(reconcile) => reconcile.poll_output(now),
            Self::Check(check) => check.poll_output(now),
        }
    }

    /// Where an exchange goes.
    pub fn url(&self, batch: BatchId) -> String {
        match self {
            Self::Issue(job) => {
                let plan = job.plan();
                plan.endpoint().issue_url(plan.promotion(), plan.context())
            }
            Self::ReadBack(reconcile) => reconcile.url(batch),
            Self::Check(check) => check.url(),
        }
    }

    /// The body of an exchange, which is a POST; without one it is a GET.
    pub fn body(&self, batch: BatchId) -> Option<Vec<u8>> {
        let Self::Issue(job) = self else { return None };
        let mut body = Vec::new();
        job.write_body(batch, &mut body);
        Some(body)
    }

    pub fn handle_head(&mut self, batch: BatchId, attempt: AttemptNumber, head: Head) {
        match self {
            Self::Issue(job) => job.handle_head(batch, attempt, head),
            Self::ReadBack(reconcile) => reconcile.handle_head(batch, attempt, head),
            Self::Check(check) => check.handle_head(batch, attempt, head),
        }
    }

    pub fn handle_chunk(&mut self, batch: BatchId, attempt: AttemptNumber, bytes: &[u8]) -> Flow {
        match self {
            Self::Issue(job) => job.handle_chunk(batch, attempt, bytes),
            Self::ReadBack(reconcile) => reconcile.handle_chunk(batch, attempt, bytes),
            Self::Check(check) => check.handle_chunk(batch, attempt, bytes),
        }
    }

    /// An exchange is over, completely where there is no failure.
    pub fn handle_end(
        &mut self,
        now: Instant,
        batch: BatchId,
        attempt: AttemptNumber,
        failure: Option<Failure>,
    ) {
        match (self, failure) {
            (Self::Issue(job), None) => job.handle_end(now, batch, attempt),
            (Self::Issue(job), Some(failure)) => job.handle_failure(now, batch, attempt, failure),
            (Self::ReadBack(it), failure) => it.handle_end(now, batch, attempt, failure),
            (Self::Check(it), failure) => it.handle_end(now, batch, attempt, failure),
        }
    }

    pub fn handle_credentials(&mut self, now: Instant, renew_after: Option<Duration>) {
        match self {
            Self::Issue(job) => job.handle_credentials(now, renew_after),
            Self::ReadBack(reconcile) => reconcile.handle_credentials(now, renew_after),
            Self::Check(check) => check.handle_credentials(now, renew_after),
        }
    }

    pub fn handle_credentials_failure(&mut self, now: Instant, failure: CredentialsFailure) {
        match self {
            Self::Issue(job) => job.handle_credentials_failure(now, failure),
            Self::ReadBack(it) => it.handle_credentials_failure(now, failure),
            Self::Check(check) => check.handle_credentials_failure(now, failure),
        }
    }

    /// What must not be read in the service's words.
    pub const fn secrets(&mut self) -> &mut Secrets {
        match self {
            Self::Issue(job) => job.secrets(),
            Self::ReadBack(reconcile) => reconcile.secrets(),
            Self::Check(check) => check.secrets(),
        }
    }

    /// Nothing new leaves; a check is too short to pause.
    pub fn pause(&mut self) {
        match self {
            Self::Issue(job) => job.pause(),
            Self::ReadBack(reconcile) => reconcile.pause(),
            Self::Check(_) => {}
        }
    }

    pub fn resume(&mut self, now: Instant) {
        match self {
            Self::Issue(job) => job.resume(now),
            Self::ReadBack(reconcile) => reconcile.resume(),
            Self::Check(_) => {}
        }
    }

    pub fn cancel(&mut self) {
        match self {
            Self::Issue(job) => job.cancel(),
            Self::ReadBack(reconcile) => reconcile.cancel(),
            Self::Check(check) => check.cancel(),
        }
    }

    pub const fn plan(&self) -> &Plan {
        match self {
            Self::Issue(job) => job.plan(),
            Self::ReadBack(reconcile) => reconcile.plan(),
            Self::Check(check) => check.plan(),
        }
    }
}
