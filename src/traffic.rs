//! The traffic of every machine: the price of a call, the time at which it may be sent, and the
//! effect of a 401, a 429, a timeout and fetched credentials. The machine itself reads the answers.
//!
//! [`Machine`] is the driving contract. [`Traffic`] holds the calls in flight and all that decides
//! when the next is sent; [`Calls`] is the machine behind small answers: reads, revocations.

mod calls;
mod credentials;
mod flights;
mod machine;
mod pace;

pub use calls::{Answered, CallOwner, Calls, Ended};
pub use credentials::AfterRefusal;
pub use flights::Flight;
pub use machine::{CredentialsFailure, CredentialsFailureKind, Head, Machine, Output};

use crate::backoff::full_jitter;
use crate::budget::RetryBudget;
use crate::id::{AttemptNumber, BatchId};
use crate::limits;
use crate::outcome::{StopCode, Stopped};
use crate::plan::Service;
use crate::rng::Rng;
use crate::secrets::Secrets;
use crate::status::Status;
use crate::time::Instant;
use core::time::Duration;
use credentials::CredentialsState;
use flights::Flights;
use pace::Pace;

/// Bounds on the pace and the repetition of calls.
#[derive(Clone, Copy, Debug)]
pub struct Pacing {
    /// One attempt, from the first byte sent to the last byte read.
    pub timeout: Duration,
    /// Attempts of one call, or of one fetch of credentials; a 429 counts for none.
    pub attempts_max: u32,
    pub rate_per_minute: Option<u32>,
    pub concurrency_max: u32,
}

impl Pacing {
    /// As the options of the service say.
    pub const fn of(service: &Service) -> Self {
        Self {
            timeout: service.timeout,
            attempts_max: service.attempts_max,
            rate_per_minute: service.rate_per_minute,
            concurrency_max: service.concurrency_max,
        }
    }
}

/// Jitter after a Retry-After, so that not all runs resume in the same millisecond.
const JITTER_AFTER_GATE: Duration = Duration::from_secs(1);

/// The calls of one machine. `T` is what the machine keeps with a call in flight.
pub struct Traffic<T> {
    pacing: Pacing,
    flights: Flights<T>,
    pace: Pace,
    credentials: CredentialsState,
    retry_budget: RetryBudget,
    rng: Rng,
    secrets: Secrets,
}

impl<T> Traffic<T> {
    /// With `fetched` credentials are asked for before the first call; `seed` decides the jitter.
    pub fn new(pacing: Pacing, fetched: bool, seed: u64) -> Self {
        Self {
            pacing,
            flights: Flights::default(),
            pace: Pace::new(pacing.rate_per_minute, pacing.concurrency_max),
            credentials: CredentialsState::new(fetched),
            retry_budget: RetryBudget::default(),
            rng: Rng::new(seed),
            secrets: Secrets::default(),
        }
    }

    /// Replaces credentials and seed, as for a machine that begins in another process.
    pub fn restart(&mut self, fetched: bool, seed: u64) {
        self.credentials = CredentialsState::new(fetched);
        self.rng = Rng::new(seed);
    }

    pub const fn attempts_max(&self) -> u32 {
        self.pacing.attempts_max
    }

    pub const fn secrets(&mut self) -> &mut Secrets {
        &mut self.secrets
    }

    /// A text of the service with all secrets redacted.
    pub fn redact(&self, text: &str) -> alloc::boxed::Box<str> {
        self.secrets.hide(text)
    }

    /// True if the credentials are good for a call at `now`. Starts their renewal when it is due.
    pub fn has_credentials(&mut self, now: Instant) -> bool {
        self.credentials.ready(now)
    }

    /// The output while there are no credentials: fetch them, or wait for them.
    pub fn want_credentials(&mut self, now: Instant) -> Output {
        if self.credentials.ask(now, now.after(self.pacing.timeout)) {
            return Output::FetchCredentials;
        }
        Output::Wait { until: self.credentials.next_event() }
    }

    /// True once, if the fetch of credentials has timed out.
    pub fn are_credentials_overdue(&self, now: Instant) -> bool {
        self.credentials.overdue(now)
    }

    /// The instant at which one more call may be sent, after `ahead` others; `None` while too many
    /// are in flight.
    pub fn ready_at(&self, ahead: usize) -> Option<Instant> {
        self.pace.ready_at(self.flights.len(), ahead)
    }

    /// True while a 429 holds all calls back.
    pub fn is_closed(&self, now: Instant) -> bool {
        self.pace.is_closed(now)
    }

    /// Counts a call that is sent. Each `is_first` one adds to the retry budget.
    pub fn depart(
        &mut self,
        now: Instant,
        (batch, attempt): (BatchId, AttemptNumber),
        is_first: bool,
        call: T,
    ) -> Output {
        if is_first {
            self.retry_budget.deposit();
        }
        self.pace.sent(now);
        self.flights.push(Flight {
            batch,
            attempt,
            epoch: self.credentials.epoch(),
            sent_at: now,
            expires_at: now.after(self.pacing.timeout),
            head: None,
            call,
        });
        Output::Send { batch, attempt }
    }

    pub const fn is_idle(&self) -> bool {
        self.flights.is_empty()
    }

    pub fn flight(&self, batch: BatchId) -> Option<&Flight<T>> {
        self.flights.get(batch)
    }

    pub fn flight_mut(&mut self, batch: BatchId, attempt: AttemptNumber) -> Option<&mut Flight<T>> {
        self.flights.get_mut(batch, attempt)
    }

    /// Removes a call that is over from those in flight.
    pub fn land(&mut self, batch: BatchId, attempt: AttemptNumber) -> Option<Flight<T>> {
        self.flights.take(batch, attempt)
    }

    /// Removes any call in flight, whose answer is not wanted any more.
    pub fn abandon(&mut self) -> Option<Flight<T>> {
        self.flights.pop()
    }

    /// The first call that has timed out.
    pub fn expired(&self, now: Instant) -> Option<(BatchId, AttemptNumber)> {
        self.flights.expired(now)
    }

    /// The instant of the next timeout, of a call or of a fetch of credentials.
    pub fn next_expiry(&self) -> Option<Instant> {
        [self.flights.next_expiry(), self.credentials.expiry()].into_iter().flatten().min()
    }

    /// Keeps the head of an answer. A 429 closes the gate at once, before its body has arrived;
    /// returns an obstacle if it is one.
    pub fn handle_head(
        &mut self,
        now: Instant,
        batch: BatchId,
        attempt: AttemptNumber,
        mut head: Head,
    ) -> Option<Stopped> {
        let flight = self.flights.get_mut(batch, attempt)?;
        head.request_id = head.request_id.map(|id| self.secrets.hide(&id));
        let is_news = flight.head.is_none() && head.status == Status::Http(429);
        let (sent_at, asked) = (flight.sent_at, head.retry_after);
        let request_id = head.request_id.clone();
        flight.head = Some(head);
        if !is_news {
            return None;
        }
        let code = self.throttle(now, sent_at, asked)?;
        Some(Stopped { status: Some(429), request_id, ..Stopped::plain(code) })
    }

    /// A 429 closes the gate for all calls. Once the retry budget is used up, or if the service
    /// asks for too long a wait, it is an obstacle, since every call would meet the same.
    fn throttle(
        &mut self,
        now: Instant,
        sent_at: Instant,
        asked: Option<Duration>,
    ) -> Option<StopCode> {
        let own = self.backoff(limits::BACKOFF_BASE_THROTTLED, self.pace.throttles_in_row());
        // A longer wait is an obstacle and closes no gate, so that a resumed run is not held back
        // for days.
        let honoured = asked.map(|asked| asked.min(limits::RETRY_AFTER_MAX));
        let wait = honoured.map_or(own, |wait| wait.saturating_add(own.min(JITTER_AFTER_GATE)));
        self.pace.throttled(now, sent_at, now.after(wait));
        if asked.is_some_and(|asked| asked > limits::RETRY_AFTER_MAX) {
            return Some(StopCode::RetryAfterTooLong);
        }
        (!self.retry_budget.withdraw()).then_some(StopCode::Throttled)
    }

    /// Counts a successful call.
    pub fn succeeded(&mut self) {
        self.pace.succeeded();
        self.credentials.accepted();
    }

    /// The service refused the credentials that a call carried.
    pub fn refused(&mut self, now: Instant, flight: &Flight<T>) -> AfterRefusal {
        self.credentials.refused(flight.epoch, now)
    }

    /// Resumed after an obstacle: counts refusals from zero.
    pub fn forget_refusals(&mut self, now: Instant) {
        self.credentials.forget_refusals(now);
    }

    /// New credentials came; `renew_after` says how long they are good for.
    pub fn handle_credentials(&mut self, now: Instant, renew_after: Option<Duration>) {
        if self.credentials.asked() {
            self.credentials.renewed(renew_after.map(|duration| now.after(duration)));
        }
    }

    /// Credentials could not be had. Returns an obstacle if they are not asked for again.
    pub fn handle_credentials_failure(
        &mut self,
        now: Instant,
        failure: CredentialsFailure,
    ) -> Option<Stopped> {
        if !self.credentials.asked() {
            return None;
        }
        let wait = self.backoff(limits::BACKOFF_BASE, self.credentials.failures());
        let failures = self.credentials.failed(now.after(wait));
        let is_over = failure.is_final() || failures >= self.pacing.attempts_max;
        is_over.then(|| failure.stopped())
    }

    /// Pays for a retry; false if the attempts or the retry budget are used up.
    pub fn may_retry(&mut self) -> bool {
        self.retry_budget.withdraw()
    }

    /// The wait after the given number of failed attempts, from 1.
    pub fn retry_wait(&mut self, failures: u32) -> Duration {
        self.backoff(limits::BACKOFF_BASE, failures.saturating_sub(1))
    }

    fn backoff(&mut self, base: Duration, step: u32) -> Duration {
        full_jitter(base, limits::BACKOFF_MAX, step, &mut self.rng)
    }
}
