//! The machine behind calls with small answers: reads of customers and promotions, which may be
//! repeated at will, and revocations, which may not. The table of its kind tells what an answer
//! proves; the owner ([`CallOwner`]) reads it.
//!
//! ```text
//!          +-------- 401, 429, a failure that may be repeated --------+
//!          v                                                          |
//!  asked --+-- Send --> in flight -- head, chunks, end | failure -----+--> Answered | GaveUp
//! ```

use super::credentials::AfterRefusal;
use super::{CredentialsFailure, Flight, Head, Machine, Output, Pacing, Traffic};
use crate::id::{AttemptNumber, BatchId};
use crate::limits;
use crate::outcome::{Reason, StopCode, Stopped, Unsent};
use crate::request::Request;
use crate::response::{Body, Broken, Caps, Flow, ServiceError, envelope};
use crate::secrets::Secrets;
use crate::time::Instant;
use crate::verdict::{CallVerdict, Exchange, Failure};
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

/// Calls, each with a number that its owner chose, which is also the batch of its exchanges.
pub struct Calls {
    traffic: Traffic<Small>,
    /// The table of this kind of call.
    judge: fn(&Exchange<'_>) -> CallVerdict,
    waiting: BinaryHeap<Reverse<Call>>,
    calls: u32,
    gave_up_in_row: u32,
    paused: bool,
    /// True if a stopped machine still awaits calls in flight.
    awaits_answers: bool,
    stopped: Option<Stopped>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    not_before: Instant,
    number: u32,
    /// Failed attempts so far.
    failures: u32,
}

/// The state of a call in flight.
struct Small {
    call: Call,
    body: Vec<u8>,
    is_too_long: bool,
}

/// The result of a call.
pub enum Ended {
    /// It is resent, or the machine has stopped.
    Open,
    /// An answer of the service itself.
    Answered(Answered),
    /// It failed too often, or failed and must not be resent.
    GaveUp(Answered),
    /// It was refused, and so would be all others: the machine stops.
    Refused(Answered),
}

/// The reply to a call.
pub struct Answered {
    pub number: u32,
    /// `None` if no answer came.
    pub head: Option<Head>,
    /// The failure; `None` if the answer is complete.
    pub failure: Option<Failure>,
    /// The errors of a complete answer.
    pub errors: Vec<ServiceError>,
    /// The whole text of the answer.
    pub text: Vec<u8>,
    failures: u32,
}

impl Answered {
    /// HTTP status; `None` where no head of an answer came.
    pub fn http_status(&self) -> Option<u16> {
        self.head.as_ref().and_then(|head| head.status.number())
    }
}

impl Calls {
    /// With `fetched` credentials are asked for before the first call.
    pub fn new(
        pacing: Pacing,
        fetched: bool,
        seed: u64,
        judge: fn(&Exchange<'_>) -> CallVerdict,
    ) -> Self {
        Self {
            traffic: Traffic::new(pacing, fetched, seed),
            judge,
            waiting: BinaryHeap::new(),
            calls: 0,
            gave_up_in_row: 0,
            paused: false,
            awaits_answers: false,
            stopped: None,
        }
    }

    /// Marks the calls as changing: their answers are awaited even when the machine has stopped.
    #[must_use]
    pub const fn awaiting_answers(mut self) -> Self {
        self.awaits_answers = true;
        self
    }

    /// A text of the service with all secrets redacted.
    pub fn redact(&self, text: &str) -> alloc::boxed::Box<str> {
        self.traffic.redact(text)
    }

    /// Queues a call, to be sent at `not_before` or later.
    pub fn ask(&mut self, number: u32, not_before: Instant) {
        self.waiting.push(Reverse(Call { not_before, number, failures: 0 }));
    }

    fn poll(&mut self, now: Instant) -> Output {
        if self.stopped.is_some() && self.awaits_answers {
            return if self.traffic.is_idle() { Output::Done } else { self.wait(None) };
        }
        if self.stopped.is_some() {
            // No call in flight can change anything, so none is awaited.
            return self.traffic.abandon().map_or(Output::Done, |flight| Output::Abort {
                batch: flight.batch,
                attempt: flight.attempt,
            });
        }
        let Some(Reverse(next)) = self.waiting.peek() else {
            return if self.traffic.is_idle() { Output::Done } else { self.wait(None) };
        };
        let asked_at = next.not_before;
        if self.paused {
            return self.wait(None);
        }
        let Some(paced_at) = self.traffic.ready_at(0) else {
            return self.wait(None);
        };
        let ready_at = asked_at.max(paced_at);
        if ready_at > now {
            return self.wait(Some(ready_at));
        }
        if !self.traffic.has_credentials(now) {
            return match self.traffic.want_credentials(now) {
                Output::Wait { until } => self.wait(until),
                output => output,
            };
        }
        self.send(now).unwrap_or(Output::Wait { until: None })
    }

    fn send(&mut self, now: Instant) -> Option<Output> {
        let Reverse(call) = self.waiting.pop()?;
        self.calls = self.calls.saturating_add(1);
        let name = (BatchId(call.number), AttemptNumber(self.calls));
        let small = Small { call, body: Vec::new(), is_too_long: false };
        Some(self.traffic.depart(now, name, call.failures == 0, small))
    }

    fn wait(&self, until: Option<Instant>) -> Output {
        Output::Wait { until: [until, self.traffic.next_expiry()].into_iter().flatten().min() }
    }

    fn end(
        &mut self,
        now: Instant,
        batch: BatchId,
        attempt: AttemptNumber,
        failure: Option<Failure>,
    ) -> Ended {
        let Some(flight) = self.traffic.land(batch, attempt) else { return Ended::Open };
        let body = match flight.call.is_too_long {
            true => Body::Broken(Broken::TooLarge),
            false => envelope(
                &flight.call.body,
                Caps { keys_per_id: limits::READ_KEYS_MAX, ..Caps::default() },
            ),
        };
        let verdict = (self.judge)(&Exchange { status: flight.status(), body: &body, failure });
        match verdict {
            CallVerdict::Answered => {
                self.traffic.succeeded();
                Ended::Answered(answered(flight, body, failure))
            }
            CallVerdict::Again => self.again(now, answered(flight, body, failure)),
            CallVerdict::Throttled => self.return_call(flight, body, failure),
            CallVerdict::Refresh
                if self.traffic.refused(now, &flight) == AfterRefusal::TryAgain =>
            {
                self.return_call(flight, body, failure)
            }
            CallVerdict::Refresh => self.refuse(flight, body, StopCode::Unauthorised),
            CallVerdict::Stop(code) => self.refuse(flight, body, code),
            CallVerdict::Unknown => Ended::GaveUp(answered(flight, body, failure)),
        }
    }

    /// Nothing was done: queues the call again, unless the machine has stopped meanwhile.
    fn return_call(
        &mut self,
        flight: Flight<Small>,
        body: Body,
        failure: Option<Failure>,
    ) -> Ended {
        if self.stopped.is_some() {
            return Ended::Refused(answered(flight, body, failure));
        }
        self.waiting.push(Reverse(flight.call.call));
        Ended::Open
    }

    fn refuse(&mut self, flight: Flight<Small>, body: Body, code: StopCode) -> Ended {
        let cause = flight.cause(Reason::Unsent(Unsent::Stopped(code)));
        self.stop_with(Stopped::by(code, cause));
        Ended::Refused(answered(flight, body, None))
    }

    /// Counts an answer that the owner could read.
    pub const fn accept(&mut self) {
        self.gave_up_in_row = 0;
    }

    /// Counts an answer that the owner could not read as a failure.
    pub fn reject(&mut self, now: Instant, answered: Answered) -> Ended {
        self.again(now, answered)
    }

    fn again(&mut self, now: Instant, answered: Answered) -> Ended {
        let failures = answered.failures.saturating_add(1);
        let is_last = self.stopped.is_some()
            || failures >= self.traffic.attempts_max()
            || !self.traffic.may_retry();
        if is_last {
            self.count_failure(StopCode::TooManyFailures, answered.failure);
            return Ended::GaveUp(answered);
        }
        let not_before = now.after(self.traffic.retry_wait(failures));
        self.waiting.push(Reverse(Call { not_before, number: answered.number, failures }));
        Ended::Open
    }

    /// Counts a failed call; too many in a row stop the machine.
    pub fn count_failure(&mut self, code: StopCode, failure: Option<Failure>) {
        self.gave_up_in_row = self.gave_up_in_row.saturating_add(1);
        if self.gave_up_in_row >= limits::STOP_AMBIGUOUS_IN_ROW {
            let cause = match failure {
                Some(Failure::NotSent(cause) | Failure::Network(cause)) => cause,
                Some(Failure::Timeout) | None => None,
            };
            self.stop_with(Stopped { cause, ..Stopped::plain(code) });
        }
    }

    /// Ends the machine; unanswered calls stay open.
    pub fn stop(&mut self, code: StopCode) {
        self.stop_with(Stopped::plain(code));
    }

    /// Stops the machine; only the first reason counts.
    pub fn stop_with(&mut self, stopped: Stopped) {
        self.stopped.get_or_insert(stopped);
        self.waiting.clear();
    }

    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    /// The reason why the machine ended early, if it did.
    pub const fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// True if no call is queued or in flight.
    pub fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.traffic.is_idle()
    }

    /// Calls sent so far.
    pub const fn calls(&self) -> u32 {
        self.calls
    }
}

fn answered(flight: Flight<Small>, body: Body, failure: Option<Failure>) -> Answered {
    let errors = match body {
        Body::Answer(answer) => answer.errors,
        Body::Broken(_) => Vec::new(),
    };
    let Small { call, body: text, .. } = flight.call;
    let Call { number, failures, .. } = call;
    Answered { number, head: flight.head, failure, errors, text, failures }
}

/// A machine that consists of small calls. It gives the request of each call and takes its result;
/// all else is shared.
pub trait CallOwner {
    fn calls(&self) -> &Calls;
    fn calls_mut(&mut self) -> &mut Calls;

    /// Method, address and body of the call with this number.
    fn request_of(&self, number: u32) -> Request;

    /// Takes the result of a call that is over.
    fn conclude(&mut self, now: Instant, ended: Ended);
}

impl<T: CallOwner> Machine for T {
    fn start(&mut self, _now: Instant) {}

    fn poll_output(&mut self, now: Instant) -> Output {
        if let Some((batch, attempt)) = self.calls().traffic.expired(now) {
            self.handle_failure(now, batch, attempt, Failure::Timeout);
            return Output::Abort { batch, attempt };
        }
        if self.calls().traffic.are_credentials_overdue(now) {
            self.handle_credentials_failure(now, CredentialsFailure::UNAVAILABLE);
        }
        self.calls_mut().poll(now)
    }

    fn request(&self, batch: BatchId) -> Request {
        self.request_of(batch.0)
    }

    fn handle_head(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber, head: Head) {
        let calls = self.calls_mut();
        if let Some(stopped) = calls.traffic.handle_head(now, batch, attempt, head) {
            calls.stop_with(stopped);
        }
    }

    fn handle_chunk(&mut self, batch: BatchId, attempt: AttemptNumber, bytes: &[u8]) -> Flow {
        let Some(flight) = self.calls_mut().traffic.flight_mut(batch, attempt) else {
            return Flow::Enough;
        };
        let small = &mut flight.call;
        let size = small.body.len().saturating_add(bytes.len());
        small.is_too_long |= size > limits::READ_BYTES_MAX;
        if small.is_too_long {
            return Flow::Enough;
        }
        small.body.extend_from_slice(bytes);
        Flow::More
    }

    fn handle_end(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber) {
        let ended = self.calls_mut().end(now, batch, attempt, None);
        self.conclude(now, ended);
    }

    fn handle_failure(
        &mut self,
        now: Instant,
        batch: BatchId,
        attempt: AttemptNumber,
        failure: Failure,
    ) {
        let ended = self.calls_mut().end(now, batch, attempt, Some(failure));
        self.conclude(now, ended);
    }

    fn handle_credentials(&mut self, now: Instant, renew_after: Option<Duration>) {
        self.calls_mut().traffic.handle_credentials(now, renew_after);
    }

    fn handle_credentials_failure(&mut self, now: Instant, failure: CredentialsFailure) {
        let calls = self.calls_mut();
        if let Some(stopped) = calls.traffic.handle_credentials_failure(now, failure) {
            calls.stop_with(stopped);
        }
    }

    fn secrets(&mut self) -> &mut Secrets {
        self.calls_mut().traffic.secrets()
    }

    fn pause(&mut self) {
        self.calls_mut().paused = true;
    }

    fn resume(&mut self, _now: Instant) {
        self.calls_mut().paused = false;
    }

    fn cancel(&mut self) {
        self.calls_mut().stop(StopCode::Cancelled);
    }
}
