//! The trait of all machines that a driver drives.
//!
//! A driver does this and nothing else:
//! 1. call [`Machine::poll_output`] until it answers [`Output::Wait`] or [`Output::Done`], and act
//!    on each output;
//! 2. wait until something comes in or the instant of `Wait` has come;
//! 3. feed it back by the method named after it, or by none when only time has passed;
//! 4. go to 1.
//!
//! An exchange is named by its batch and its attempt. Inputs for one that is over change nothing.

use crate::id::{AttemptNumber, BatchId};
use crate::outcome::{FailureCause, StopCode, Stopped};
use crate::request::Request;
use crate::response::Flow;
use crate::secrets::Secrets;
use crate::status::Status;
use crate::time::{Instant, UnixTime};
use crate::verdict::Failure;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

/// A machine: inputs are methods, output is one enum, time is an argument.
pub trait Machine {
    /// Starts the machine at `now`: the time since it was made does not count.
    fn start(&mut self, now: Instant);

    /// The next output. Call it until it is `Wait` or `Done`.
    fn poll_output(&mut self, now: Instant) -> Output;

    /// Method, address and body of an exchange in flight. The driver adds the headers.
    fn request(&self, batch: BatchId) -> Request;

    /// The head of an answer came.
    fn handle_head(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber, head: Head);

    /// Bytes of an answer's body, decoded by the runtime. At [`Flow::Enough`] the rest need not be
    /// read: call [`Machine::handle_end`].
    fn handle_chunk(&mut self, batch: BatchId, attempt: AttemptNumber, bytes: &[u8]) -> Flow;

    /// The answer is complete.
    fn handle_end(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber);

    /// The exchange failed before or during its answer.
    fn handle_failure(
        &mut self,
        now: Instant,
        batch: BatchId,
        attempt: AttemptNumber,
        failure: Failure,
    );

    /// New credentials came; they are to be renewed after `renew_after`.
    fn handle_credentials(&mut self, now: Instant, renew_after: Option<Duration>);

    /// Credentials could not be had.
    fn handle_credentials_failure(&mut self, now: Instant, failure: CredentialsFailure);

    /// The secrets to redact in every text of the service.
    fn secrets(&mut self) -> &mut Secrets;

    /// Sends nothing new until [`Machine::resume`]; calls in flight are awaited.
    fn pause(&mut self);

    fn resume(&mut self, now: Instant);

    /// Sends nothing more.
    fn cancel(&mut self);

    /// Sends nothing new until [`Machine::release`], because the taker of outcomes is slow. Unlike
    /// a pause it changes no state that a caller sees.
    fn hold(&mut self) {}

    fn release(&mut self) {}

    /// The bytes of an [`Output::Persist`], to be appended to the journal.
    fn take_journal(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// The bytes of [`Machine::take_journal`] are stored durably.
    fn handle_persisted(&mut self) {}

    /// They could not be stored.
    fn handle_persist_failure(&mut self) {}
}

/// The next thing for the driver to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the [`Machine::request`] of the batch.
    Send { batch: BatchId, attempt: AttemptNumber },
    /// The attempt timed out: drop its connection. The machine has already judged it.
    Abort { batch: BatchId, attempt: AttemptNumber },
    /// Fetch credentials and answer with [`Machine::handle_credentials`] or
    /// [`Machine::handle_credentials_failure`].
    FetchCredentials,
    /// Store the bytes of [`Machine::take_journal`] durably, and answer with
    /// [`Machine::handle_persisted`] or [`Machine::handle_persist_failure`]. There is one at a
    /// time, and none without a journal.
    Persist,
    /// Nothing to do before `until` (before the next input if it is `None`).
    Wait { until: Option<Instant> },
    /// The machine is done, and its journal is stored.
    Done,
}

/// The parts of an answer's head that a machine reads.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub status: Status,
    /// The wait that the service asks for, read by `retry_after`.
    pub retry_after: Option<Duration>,
    /// The answer's `Date`, if it has one that can be read.
    pub date: Option<UnixTime>,
    /// Offset of the service's clock from ours in milliseconds, by its `Date`.
    pub clock_ahead_ms: Option<i64>,
    /// `X-Cap-Requestid` in either spelling (api.md 12).
    pub request_id: Option<Box<str>>,
}

/// The reason why credentials could not be fetched, with its evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialsFailure {
    pub kind: CredentialsFailureKind,
    /// HTTP status of the token endpoint, if it answered.
    pub status: Option<u16>,
    /// The network's error, if it did not.
    pub cause: Option<FailureCause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialsFailureKind {
    /// They were refused; asking again would not help.
    Refused,
    /// The answer is no token, or no headers that can be sent; asking again would not help.
    Unreadable,
    /// The network or the service failed; asking again may help.
    Unavailable,
}

impl CredentialsFailure {
    pub const REFUSED: Self = Self::of(CredentialsFailureKind::Refused);
    pub const UNREADABLE: Self = Self::of(CredentialsFailureKind::Unreadable);
    pub const UNAVAILABLE: Self = Self::of(CredentialsFailureKind::Unavailable);

    const fn of(kind: CredentialsFailureKind) -> Self {
        Self { kind, status: None, cause: None }
    }

    /// True if asking again would bring the same.
    pub fn is_final(&self) -> bool {
        self.kind != CredentialsFailureKind::Unavailable
    }

    /// The stop that it leads to, if it is not tried again.
    pub fn stopped(&self) -> Stopped {
        let code = match self.kind {
            CredentialsFailureKind::Refused => StopCode::Unauthorised,
            CredentialsFailureKind::Unreadable => StopCode::CredentialsUnreadable,
            CredentialsFailureKind::Unavailable => StopCode::CredentialsUnavailable,
        };
        Stopped { status: self.status, cause: self.cause, ..Stopped::plain(code) }
    }
}
