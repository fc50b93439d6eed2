//! The trait of all machines that a driver drives.
//!
//! A driver does this and nothing else:
//! 1. call [`Machine::poll_output`] until it answers [`Output::Wait`] or [`Output::Done`], and act
//!    on each output;
//! 2. wait until something comes in or the instant of `Wait` has come;
//! 3. feed it back by the method named after it, or by none when only time has passed;
//! 4. go to 1.
//!
//! An exchange is named by its batch and its attempt. Whatever comes in for one that is over
//! changes nothing.

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
    /// Starts the clock anew: between the making of a machine and its start nothing happens.
    fn start(&mut self, now: Instant);

    /// The next thing to do. Call it until it answers `Wait` or `Done`.
    fn poll_output(&mut self, now: Instant) -> Output;

    /// Method, address and body of an exchange in flight. Its headers are the driver's.
    fn request(&self, batch: BatchId) -> Request;

    /// The head of an answer came.
    fn handle_head(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber, head: Head);

    /// Bytes of an answer's body, as decoded by the runtime. [`Flow::Enough`]: the rest need not
    /// be read; call [`Machine::handle_end`].
    fn handle_chunk(&mut self, batch: BatchId, attempt: AttemptNumber, bytes: &[u8]) -> Flow;

    /// The answer is complete.
    fn handle_end(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber);

    /// The exchange brought no answer, or its answer broke off.
    fn handle_failure(
        &mut self,
        now: Instant,
        batch: BatchId,
        attempt: AttemptNumber,
        failure: Failure,
    );

    /// New credentials are there; `renew_after` says how long they are good for.
    fn handle_credentials(&mut self, now: Instant, renew_after: Option<Duration>);

    /// Credentials could not be had.
    fn handle_credentials_failure(&mut self, now: Instant, failure: CredentialsFailure);

    /// What must not be read in any text that comes from the service.
    fn secrets(&mut self) -> &mut Secrets;

    /// Nothing new is sent until [`Machine::resume`]; what is in flight is awaited.
    fn pause(&mut self);

    fn resume(&mut self, now: Instant);

    /// Nothing more is sent.
    fn cancel(&mut self);

    /// Nothing new is sent until [`Machine::release`], because whoever takes the outcomes is slow.
    /// Unlike a pause it is nobody's decision: no state that a caller sees changes.
    fn hold(&mut self) {}

    fn release(&mut self) {}

    /// The bytes that [`Output::Persist`] speaks of, to be appended to the journal.
    fn take_journal(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// What [`Machine::take_journal`] gave is stored where it lasts.
    fn handle_persisted(&mut self) {}

    /// It could not be stored.
    fn handle_persist_failure(&mut self) {}
}

/// What the driver has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send what [`Machine::request`] gives for the batch.
    Send { batch: BatchId, attempt: AttemptNumber },
    /// The attempt's time is over: drop its connection. The machine has already judged it.
    Abort { batch: BatchId, attempt: AttemptNumber },
    /// Fetch credentials and answer with [`Machine::handle_credentials`] or
    /// [`Machine::handle_credentials_failure`].
    FetchCredentials,
    /// Append what [`Machine::take_journal`] gives to the journal, where it lasts, and answer with
    /// [`Machine::handle_persisted`] or [`Machine::handle_persist_failure`]. There is one at a
    /// time, and none without a journal.
    Persist,
    /// Nothing to do before `until`, or before something comes in where it is `None`.
    Wait { until: Option<Instant> },
    /// Nothing is left to do, and the journal knows.
    Done,
}

/// What the head of an answer says, as far as a machine reads it.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub status: Status,
    /// How long the service asks to wait, already read by `retry_after`.
    pub retry_after: Option<Duration>,
    /// The answer's `Date`, if it has one that can be read.
    pub date: Option<UnixTime>,
    /// How far the service's clock is ahead of ours, in milliseconds, by its `Date`.
    pub clock_ahead_ms: Option<i64>,
    /// `X-Cap-Requestid` in either spelling (api.md 12).
    pub request_id: Option<Box<str>>,
}

/// Why credentials could not be fetched, with what is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialsFailure {
    pub kind: CredentialsFailureKind,
    /// HTTP status of the token endpoint, if it answered.
    pub status: Option<u16>,
    /// What the network said, if it did not.
    pub cause: Option<FailureCause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialsFailureKind {
    /// They were refused: trying again will not help.
    Refused,
    /// What came is no token, or no headers that can be sent: trying again will not help.
    Unreadable,
    /// The network or the service failed: it may work later.
    Unavailable,
}

impl CredentialsFailure {
    pub const REFUSED: Self = Self::of(CredentialsFailureKind::Refused);
    pub const UNREADABLE: Self = Self::of(CredentialsFailureKind::Unreadable);
    pub const UNAVAILABLE: Self = Self::of(CredentialsFailureKind::Unavailable);

    const fn of(kind: CredentialsFailureKind) -> Self {
        Self { kind, status: None, cause: None }
    }

    /// Whether asking again would bring the same.
    pub fn is_final(&self) -> bool {
        self.kind != CredentialsFailureKind::Unavailable
    }

    /// The obstacle that it is once nothing more is tried.
    pub fn stopped(&self) -> Stopped {
        let code = match self.kind {
            CredentialsFailureKind::Refused => StopCode::Unauthorised,
            CredentialsFailureKind::Unreadable => StopCode::CredentialsUnreadable,
            CredentialsFailureKind::Unavailable => StopCode::CredentialsUnavailable,
        };
        Stopped { status: self.status, cause: self.cause, ..Stopped::plain(code) }
    }
}
