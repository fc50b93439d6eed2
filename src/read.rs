//! The machine behind everything that only reads: GETs that change nothing at the service, so that
//! whatever fails may be asked again. It shares pace, credentials and backoff with the job, and is
//! driven like it; what an answer means is for its owner ([`Answered`]).
//!
//! ```text
//!          +-------- 401, 429, a failure: again, after a wait --------+
//!          v                                                          |
//!  asked --+-- Send --> in flight -- head, chunks, end | failure -----+--> Answered | GaveUp
//! ```

use crate::backoff::full_jitter;
use crate::budget::RetryBudget;
use crate::id::{AttemptNumber, BatchId};
use crate::job::credentials::{Credentials, Epoch, Refusal};
use crate::job::pace::Pace;
use crate::limits;
use crate::outcome::{StopCode, Stopped};
use crate::response::{Body, Caps, Expected, Flow, Reader, ServiceError};
use crate::rng::Rng;
use crate::secrets::Secrets;
use crate::time::Instant;
use crate::traffic::{CredentialsFailure, Head, Output};
use crate::verdict::Failure;
use alloc::boxed::Box;
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::time::Duration;

/// How fast and how often is read.
#[derive(Clone, Copy, Debug)]
pub struct Pacing {
    pub timeout: Duration,
    /// Askings of one question whose answers fail; a 429 is none.
    pub attempts_max: u32,
    pub rate_per_minute: Option<u32>,
    pub concurrency_max: u32,
}

/// Questions, each named by a number that its owner chose; its exchanges have that as their batch.
pub struct Reads {
    pacing: Pacing,
    pace: Pace,
    credentials: Credentials,
    retries: RetryBudget,
    rng: Rng,
    waiting: BinaryHeap<Reverse<Question>>,
    flights: Vec<Flight>,
    calls: u32,
    gave_up_in_row: u32,
    paused: bool,
    stopped: Option<Stopped>,
    secrets: Secrets,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    not_before: Instant,
    number: u32,
    /// Failures so far.
    failures: u32,
}

struct Flight {
    question: Question,
    attempt: AttemptNumber,
    epoch: Epoch,
    sent_at: Instant,
    expires_at: Instant,
    head: Head,
    body: Vec<u8>,
    too_long: bool,
}

/// What became of a question.
pub enum Ended {
    /// It is asked again, or the reading has stopped.
    Open,
    Answered(Answered),
    /// It failed too often.
    GaveUp {
        question: u32,
    },
}

/// A complete answer: 200, or a 400, 404 or 422 that may speak of what was asked.
pub struct Answered {
    pub question: u32,
    pub head: Head,
    pub errors: Vec<ServiceError>,
    /// The whole text of the answer.
    pub text: Vec<u8>,
    failures: u32,
}

impl Reads {
    /// `fetched` credentials are asked for before the first call.
    pub fn new(pacing: Pacing, fetched: bool, seed: u64) -> Self {
        Self {
            pace: Pace::new(pacing.rate_per_minute, pacing.concurrency_max),
            pacing,
            credentials: Credentials::new(fetched),
            retries: RetryBudget::default(),
            rng: Rng::new(seed),
            waiting: BinaryHeap::new(),
            flights: Vec::new(),
            calls: 0,
            gave_up_in_row: 0,
            paused: false,
            stopped: None,
            secrets: Secrets::default(),
        }
    }

    /// What must not be read in the service's words.
    pub const fn secrets(&mut self) -> &mut Secrets {
        &mut self.secrets
    }

    /// The service's word without what it has of a secret.
    pub fn hide(&self, text: &str) -> Box<str> {
        self.secrets.hide(text)
    }

    /// Asks a question, not before `not_before`.
    pub fn ask(&mut self, question: u32, not_before: Instant) {
        self.waiting.push(Reverse(Question { not_before, number: question, failures: 0 }));
    }

    /// The next thing to do; ask for [`Reads::expired`] before.
    pub fn poll_output(&mut self, now: Instant) -> Output {
        if self.stopped.is_some() {
            // Nothing that is still on its way can change anything.
            return self.flights.pop().map_or(Output::Done, |flight| Output::Abort {
                batch: BatchId(flight.question.number),
                attempt: flight.attempt,
            });
        }
        if self.credentials.overdue(now) {
            self.handle_credentials_failure(now, CredentialsFailure::UNAVAILABLE);
            return self.poll_output(now);
        }
        let Some(Reverse(next)) = self.waiting.peek() else {
            return if self.flights.is_empty() { Output::Done } else { self.wait(None) };
        };
        let asked_at = next.not_before;
        if self.paused {
            return self.wait(None);
        }
        let Some(paced_at) = self.pace.ready_at(self.flights.len(), 0) else {
            return self.wait(None);
        };
        let ready_at = asked_at.max(paced_at);
        if ready_at > now {
            return self.wait(Some(ready_at));
        }
        if !self.credentials.ready(now) {
            if self.credentials.ask(now, now.after(self.pacing.timeout)) {
                return Output::FetchCredentials;
            }
            return self.wait(self.credentials.next_event());
        }
        self.send(now).unwrap_or(Output::Wait { until: None })
    }

    fn send(&mut self, now: Instant) -> Option<Output> {
        let Reverse(question) = self.waiting.pop()?;
        if question.failures == 0 {
            self.retries.deposit();
        }
        self.pace.sent(now);
        self.calls = self.calls.saturating_add(1);
        let attempt = AttemptNumber(self.calls);
        self.flights.push(Flight {
            question,
            attempt,
            epoch: self.credentials.epoch(),
            sent_at: now,
            expires_at: now.after(self.pacing.timeout),
            head: Head::default(),
            body: Vec::new(),
            too_long: false,
        });
        Some(Output::Send { batch: BatchId(question.number), attempt })
    }

    fn wait(&self, until: Option<Instant>) -> Output {
        let expiry = self.flights.iter().map(|flight| flight.expires_at).min();
        Output::Wait { until: [until, expiry].into_iter().flatten().min() }
    }

    /// The first exchange whose time is over: tell of it as a [`Failure::Timeout`].
    pub fn expired(&self, now: Instant) -> Option<(BatchId, AttemptNumber)> {
        let flight = self.flights.iter().find(|flight| flight.expires_at <= now)?;
        Some((BatchId(flight.question.number), flight.attempt))
    }

    pub fn handle_head(&mut self, batch: BatchId, attempt: AttemptNumber, mut head: Head) {
        head.request_id = head.request_id.map(|id| self.hide(&id));
        if let Some(flight) = self.flight(batch, attempt) {
            flight.head = head;
        }
    }

    pub fn handle_chunk(&mut self, batch: BatchId, attempt: AttemptNumber, bytes: &[u8]) -> Flow {
        let Some(flight) = self.flight(batch, attempt) else { return Flow::Enough };
        let size = flight.body.len().saturating_add(bytes.len());
        flight.too_long |= size > limits::READ_BYTES_MAX;
        if flight.too_long {
            return Flow::Enough;
        }
        flight.body.extend_from_slice(bytes);
        Flow::More
    }

    fn flight(&mut self, batch: BatchId, attempt: AttemptNumber) -> Option<&mut Flight> {
        let is_it = |it: &&mut Flight| it.question.number == batch.0 && it.attempt == attempt;
        self.flights.iter_mut().find(is_it)
    }

    /// An exchange is over, completely where there is no failure.
    pub fn handle_end(
        &mut self,
        now: Instant,
        batch: BatchId,
        attempt: AttemptNumber,
        failure: Option<Failure>,
    ) -> Ended {
        let is_it = |it: &Flight| it.question.number == batch.0 && it.attempt == attempt;
        let Some(place) = self.flights.iter().position(is_it) else { return Ended::Open };
        let flight = self.flights.swap_remove(place);
        // A redirect that a page is not shown has no number.
        let status = flight.head.status.number().unwrap_or(300);
        match status {
            401 => return self.refused(now, &flight),
            429 => return self.throttled(now, &flight),
            _ if failure.is_some() || flight.too_long => return self.failed(now, &flight),
            300..=399 => return self.stop_for(&flight, StopCode::Redirected),
            403 => return self.stop_for(&flight, StopCode::AccessDenied),
            405 | 406 | 411 | 414 | 415 | 417 | 421 | 431 => {
                return self.stop_for(&flight, StopCode::EndpointRefuses);
            }
            200 | 400 | 404 | 422 | 498 => {}
            _ => return self.failed(now, &flight),
        }
        let Body::Answer(answer) = whole(&flight.body) else {
            // Not the service's own words: something else answers at this address.
            return match status {
                404 => self.stop_for(&flight, StopCode::EndpointRefuses),
                _ => self.failed(now, &flight),
            };
        };
        if answer.errors.iter().any(|error| matches!(error.code, Some(401 | 498))) {
            return self.refused(now, &flight);
        }
        self.pace.succeeded();
        self.credentials.accepted();
        let Flight { question, head, body: text, .. } = flight;
        Ended::Answered(Answered {
            question: question.number,
            head,
            errors: answer.errors,
            text,
            failures: question.failures,
        })
    }

    /// An answer that its owner understands.
    pub const fn accept(&mut self) {
        self.gave_up_in_row = 0;
    }

    /// An answer that its owner can make nothing of counts as a failure.
    pub fn reject(&mut self, now: Instant, answered: &Answered) -> Ended {
        let (number, failures) = (answered.question, answered.failures);
        self.again(now, Question { not_before: now, number, failures })
    }

    fn failed(&mut self, now: Instant, flight: &Flight) -> Ended {
        self.again(now, flight.question)
    }

    fn again(&mut self, now: Instant, mut question: Question) -> Ended {
        question.failures = question.failures.saturating_add(1);
        let tired = question.failures >= self.pacing.attempts_max || !self.retries.withdraw();
        if tired {
            self.gave_up_in_row = self.gave_up_in_row.saturating_add(1);
            if self.gave_up_in_row >= limits::STOP_AMBIGUOUS_IN_ROW {
                self.stop(StopCode::TooManyFailures);
            }
            return Ended::GaveUp { question: question.number };
        }
        let step = question.failures.saturating_sub(1);
        let wait = full_jitter(limits::BACKOFF_BASE, limits::BACKOFF_MAX, step, &mut self.rng);
        question.not_before = now.after(wait);
        self.waiting.push(Reverse(question));
        Ended::Open
    }

    /// 429: as in a job, the gate closes for all and the asking does not count.
    fn throttled(&mut self, now: Instant, flight: &Flight) -> Ended {
        let step = self.pace.throttles_in_row();
        let base = limits::BACKOFF_BASE_THROTTLED;
        let own = full_jitter(base, limits::BACKOFF_MAX, step, &mut self.rng);
        let asked = flight.head.retry_after;
        if asked.is_some_and(|asked| asked > limits::RETRY_AFTER_MAX) {
            return self.stop_for(flight, StopCode::RetryAfterTooLong);
        }
        if !self.retries.withdraw() {
            return self.stop_for(flight, StopCode::Throttled);
        }
        self.pace.throttled(
            now,
            flight.sent_at,
            now.after(asked.map_or(own, |asked| asked.max(own))),
        );
        self.waiting.push(Reverse(flight.question));
        Ended::Open
    }

    fn refused(&mut self, now: Instant, flight: &Flight) -> Ended {
        if self.credentials.refused(flight.epoch, now) == Refusal::Final {
            return self.stop_for(flight, StopCode::Unauthorised);
        }
        self.waiting.push(Reverse(flight.question));
        Ended::Open
    }

    fn stop_for(&mut self, flight: &Flight, code: StopCode) -> Ended {
        let head = &flight.head;
        self.stop_with(Stopped {
            status: head.status.number(),
            request_id: head.request_id.clone(),
            ..Stopped::plain(code)
        });
        Ended::Open
    }

    /// Ends the reading: what was not answered stays open.
    pub fn stop(&mut self, code: StopCode) {
        self.stop_with(Stopped::plain(code));
    }

    fn stop_with(&mut self, stopped: Stopped) {
        self.stopped.get_or_insert(stopped);
        self.waiting.clear();
    }

    pub fn handle_credentials(&mut self, now: Instant, renew_after: Option<Duration>) {
        if self.credentials.asked() {
            self.credentials.renewed(renew_after.map(|duration| now.after(duration)));
        }
    }

    pub fn handle_credentials_failure(&mut self, now: Instant, failure: CredentialsFailure) {
        if !self.credentials.asked() {
            return;
        }
        let step = self.credentials.failures();
        let wait = full_jitter(limits::BACKOFF_BASE, limits::BACKOFF_MAX, step, &mut self.rng);
        let failures = self.credentials.failed(now.after(wait));
        if failure.is_final() || failures >= self.pacing.attempts_max {
            self.stop_with(failure.stopped());
        }
    }

    /// Nothing is asked until [`Reads::resume`].
    pub const fn pause(&mut self) {
        self.paused = true;
    }

    pub const fn resume(&mut self) {
        self.paused = false;
    }

    pub const fn is_paused(&self) -> bool {
        self.paused
    }

    /// Why the reading ended early, if it did.
    pub const fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// Nothing is asked any more.
    pub fn is_over(&self) -> bool {
        self.waiting.is_empty() && self.flights.is_empty()
    }

    /// Calls so far.
    pub const fn calls(&self) -> u32 {
        self.calls
    }
}

/// Reads an answer's envelope, and so makes sure that all of it is JSON within the caps.
fn whole(text: &[u8]) -> Body {
    let expected = Expected { ids: &[0], promotion: "", context: "" };
    let caps = Caps { keys_per_id: limits::READ_KEYS_MAX, ..Caps::default() };
    let mut reader = Reader::new(1, caps);
    let _all = reader.feed(&expected, text);
    reader.finish(&expected)
}
