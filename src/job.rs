//! The machine of one bulk run, driven as [`Machine`] says.
//!
//! ```text
//!             +------ Retry, Refresh, Hold where the policy says so: come back +
//!             v                                                                |
//!  Queue -- Send --> in flight -- head, chunks, end | failure | timeout --> verdict --> settled
//!             ^                                                                |
//!             +--------------------- Split: two halves ------------------------+
//! ```

pub(crate) mod credentials;
mod flight;
pub(crate) mod pace;
mod persist;
mod record;
mod settle;
mod status;

use alloc::boxed::Box;
use alloc::vec::Vec;
pub use record::Record;
pub use status::{Conclusion, Note, Progress, RunState, Tally};

use crate::batch::Queue;
use crate::budget::RetryBudget;
use crate::clock::ServiceClock;
use crate::id::{AttemptNumber, BatchId, List};
use crate::ledger::{Conflict, Ledger, State};
use crate::limits;
use crate::outcome::{FailureCause, StopCode, Stopped};
use crate::plan::Plan;
use crate::request::{self, Request};
use crate::response::{Expected, Flow, Reader};
use crate::rng::Rng;
use crate::secrets::Secrets;
use crate::time::{Instant, UnixTime, millis};
use crate::traffic::{CredentialsFailure, Head, Machine, Output};
use crate::verdict::Failure;
use core::time::Duration;
use credentials::Credentials;
use flight::{Flight, Flights};
use pace::Pace;
use persist::Journal;

pub struct Job {
    plan: Plan,
    ledger: Ledger,
    queue: Queue,
    flights: Flights,
    pace: Pace,
    credentials: Credentials,
    service_clock: ServiceClock,
    retries: RetryBudget,
    rng: Rng,
    started: Instant,
    /// Rows that earlier processes settled.
    settled_before: u32,
    ended: Option<Instant>,
    paused: Option<Paused>,
    /// Whoever takes the outcomes is behind: nothing new is sent.
    held: bool,
    stopped: Option<Stopped>,
    tally: Tally,
    /// What the network said at the last call that failed, since the last that went through.
    failure_cause: Option<FailureCause>,
    notes: Vec<Note>,
    concluded: Option<Conclusion>,
    journal: Option<Journal>,
    secrets: Secrets,
}

/// Who paused the run.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Paused {
    ByCaller,
    ByObstacle(Stopped),
}

impl Job {
    /// A run over distinct positive `ids` that starts at `now`. `seed` decides the jitter;
    /// `fetched_credentials` says that [`Output::FetchCredentials`] can bring new ones.
    pub fn new(
        plan: Plan,
        ids: impl Into<List>,
        fetched_credentials: bool,
        seed: u64,
        now: Instant,
    ) -> Self {
        let ledger = Ledger::new(ids);
        let queue = Queue::new(ledger.rows(), plan.batch_size());
        Self::over(plan, ledger, queue, fetched_credentials, seed, now)
    }

    fn over(
        plan: Plan,
        ledger: Ledger,
        queue: Queue,
        fetched_credentials: bool,
        seed: u64,
        now: Instant,
    ) -> Self {
        let pace = Pace::new(plan.rate_per_minute(), plan.concurrency_max());
        let settled_before = ledger.settled();
        Self {
            plan,
            ledger,
            queue,
            flights: Flights::default(),
            pace,
            credentials: Credentials::new(fetched_credentials),
            service_clock: ServiceClock::default(),
            retries: RetryBudget::default(),
            rng: Rng::new(seed),
            started: now,
            settled_before,
            ended: None,
            paused: None,
            held: false,
            stopped: None,
            tally: Tally::default(),
            failure_cause: None,
            notes: Vec::new(),
            concluded: None,
            journal: None,
            secrets: Secrets::default(),
        }
    }

    fn poll_send(&mut self, now: Instant) -> Output {
        if !self.has_waiting() {
            return self.wait(None);
        }
        if !self.credentials.ready(now) {
            self.recall();
            if self.credentials.ask(now, now.after(self.plan.policy().timeout)) {
                return Output::FetchCredentials;
            }
            return self.wait(self.credentials.next_event());
        }
        loop {
            let (intended, stored) = self.intended();
            let ahead = if stored { 0 } else { intended };
            let queued_at = if stored { Some(Instant::START) } else { self.queue.ready_at() };
            let paced_at = self.pace.ready_at(self.flights.len(), ahead);
            let Some(ready_at) = queued_at.zip(paced_at).map(|(queued, paced)| queued.max(paced))
            else {
                return self.wait(None);
            };
            if ready_at > now {
                return self.wait(Some(ready_at));
            }
            if stored || self.journal.is_none() {
                return self.send(now).unwrap_or_else(|Conflict| self.break_down());
            }
            if !self.intend(now) {
                return self.wait(None);
            }
        }
    }

    /// Whether something is left to be sent.
    fn has_waiting(&self) -> bool {
        self.queue.ready_at().is_some() || self.intended().0 > 0
    }

    fn send(&mut self, now: Instant) -> Result<Output, Conflict> {
        let batch = if self.journal.is_some() { self.next_stored() } else { self.queue.pop(now) };
        let mut batch = batch.ok_or(Conflict)?;
        self.ledger.depart(&batch.rows)?;
        if batch.is_new() {
            self.retries.deposit();
        } else {
            self.tally.retries = self.tally.retries.saturating_add(1);
        }
        if batch.doubt.is_some() {
            let message = "Ids whose exchange was ambiguous were sent again, as asked for.";
            self.note_times("resent-after-ambiguity", message, batch.len());
        }
        batch.sendings = batch.sendings.saturating_add(1);
        batch.attempts = batch.attempts.saturating_add(1);
        let ids = self.ledger.ids_of(&batch.rows).ok_or(Conflict)?;
        self.tally.sent(request::body_bytes(&ids));
        self.pace.sent(now);
        let (id, attempt) = (batch.id, AttemptNumber(batch.sendings));
        self.flights.push(Flight {
            attempt,
            epoch: self.credentials.epoch(),
            sent_at: now,
            expires_at: now.after(self.plan.policy().timeout),
            sent_by_own: None,
            head: None,
            reader: Some(Box::new(Reader::new(ids.len(), self.plan.reply_caps()))),
            ids,
            batch,
        });
        Ok(Output::Send { batch: id, attempt })
    }

    /// Waits for `until`, for the next timeout of a call or of a fetch of credentials, or for the
    /// deadline while it still has something to stop, whichever comes first; but not before
    /// everything is on its way to the journal.
    fn wait(&self, until: Option<Instant>) -> Output {
        if self.wants_to_persist() {
            return Output::Persist;
        }
        let limited = self.plan.policy().deadline.is_some() && self.has_waiting();
        let deadline = limited.then(|| self.deadline());
        let expiries = [self.flights.next_expiry(), self.credentials.expiry()];
        let until = [until, deadline].into_iter().chain(expiries).flatten().min();
        Output::Wait { until }
    }

    fn deadline(&self) -> Instant {
        self.plan.policy().deadline.map_or(Instant::NEVER, |deadline| self.started.after(deadline))
    }

    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Why the run ended before its ids did; `None` for a run that went through.
    pub const fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// Ends the run: all that waits becomes unsent. The first reason counts, and a run that is done
    /// went through.
    fn stop(&mut self, stopped: Stopped) {
        if self.stopped.is_some() || self.ended.is_some() || self.is_journal_closed() {
            return;
        }
        self.record_stop(&stopped);
        self.stopped = Some(stopped);
        self.paused = None;
        self.recall();
        self.settle_if_stopped();
    }

    /// In a stopped run nothing waits: what is queued, or comes back now, is unsent.
    fn settle_if_stopped(&mut self) {
        let Some(stopped) = &self.stopped else { return };
        let unsent = self.ledger.cause(stopped.cause());
        for (rows, doubt) in self.queue.drain() {
            let cause = doubt.map_or(unsent, |doubt| self.ledger.cause(*doubt));
            if self.ledger.settle_all(&rows, State::Queued, cause).is_err() {
                self.note("internal-error", "A row was settled from a state it was not in.");
            }
        }
    }

    /// An obstacle that somebody could remove: pauses a run that is attended, stops another.
    fn meet_obstacle(&mut self, stopped: Stopped) {
        match self.plan.policy().on_obstacle {
            crate::policy::OnObstacle::Pause if self.stopped.is_none() => {
                self.paused = Some(Paused::ByObstacle(stopped));
            }
            _ => self.stop(stopped),
        }
    }

    /// The books do not fit: a mistake of this machine. Nothing more is sent.
    fn break_down(&mut self) -> Output {
        self.stop(Stopped::plain(StopCode::InternalError));
        self.wait(None)
    }

    fn backoff(&mut self, base: Duration, step: u32) -> Duration {
        crate::backoff::full_jitter(base, limits::BACKOFF_MAX, step, &mut self.rng)
    }

    fn note(&mut self, code: &'static str, message: &'static str) {
        self.note_times(code, message, 1);
    }

    fn note_times(&mut self, code: &'static str, message: &'static str, times: u32) {
        status::add_note(&mut self.notes, code, message, times);
    }
}

impl Machine for Job {
    fn start(&mut self, now: Instant) {
        self.started = now;
    }

    fn poll_output(&mut self, now: Instant) -> Output {
        if let Some((batch, attempt)) = self.flights.expired(now) {
            self.handle_failure(now, batch, attempt, Failure::Timeout);
            return Output::Abort { batch, attempt };
        }
        if self.credentials.overdue(now) {
            self.handle_credentials_failure(now, CredentialsFailure::UNAVAILABLE);
        }
        if now >= self.deadline() && self.has_waiting() {
            self.stop(Stopped::plain(StopCode::Deadline));
        }
        let halted = self.held || self.paused.is_some() || self.stopped.is_some();
        if halted || self.pace.is_closed(now) {
            self.recall();
        }
        if !self.has_waiting() && self.flights.is_empty() {
            return self.close_journal().unwrap_or_else(|| {
                self.ended = self.ended.or(Some(now));
                Output::Done
            });
        }
        if halted {
            return self.wait(None);
        }
        self.poll_send(now)
    }

    fn request(&self, batch: BatchId) -> Request {
        let mut body = Vec::new();
        if let Some(flight) = self.flights.get(batch) {
            request::write_body(&flight.ids, &mut body);
        }
        let plan = &self.plan;
        Request::post(plan.endpoint().issue_url(plan.promotion(), plan.context()), body)
    }

    fn handle_head(
        &mut self,
        now: Instant,
        batch: BatchId,
        attempt: AttemptNumber,
        mut head: Head,
    ) {
        if let Some(flight) = self.flights.get_mut(batch, attempt) {
            if let (Some(date), Some(ahead_ms)) = (head.date, head.clock_ahead_ms) {
                self.service_clock.learn(date, now);
                let under_way = millis(now.since(flight.sent_at));
                let own = date.as_millis().saturating_sub(ahead_ms);
                let sent = own.saturating_sub_unsigned(under_way);
                flight.sent_by_own = Some(UnixTime::from_millis(sent));
            }
            head.request_id = head.request_id.map(|id| self.secrets.hide(&id));
            flight.head = Some(head);
        }
    }

    fn handle_chunk(&mut self, batch: BatchId, attempt: AttemptNumber, bytes: &[u8]) -> Flow {
        let Some(flight) = self.flights.get_mut(batch, attempt) else { return Flow::Enough };
        self.tally.received(bytes.len());
        let Some(reader) = &mut flight.reader else { return Flow::Enough };
        reader.feed(&expected(&self.plan, &flight.ids), bytes)
    }

    fn handle_end(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber) {
        if let Some(flight) = self.flights.take(batch, attempt) {
            self.conclude(now, flight, None);
        }
    }

    fn handle_failure(
        &mut self,
        now: Instant,
        batch: BatchId,
        attempt: AttemptNumber,
        failure: Failure,
    ) {
        if let Some(flight) = self.flights.take(batch, attempt) {
            self.conclude(now, flight, Some(failure));
        }
    }

    fn handle_credentials(&mut self, now: Instant, renew_after: Option<Duration>) {
        if self.credentials.asked() {
            self.credentials.renewed(renew_after.map(|duration| now.after(duration)));
        }
    }

    fn handle_credentials_failure(&mut self, now: Instant, failure: CredentialsFailure) {
        if !self.credentials.asked() {
            return;
        }
        let wait = self.backoff(limits::BACKOFF_BASE, self.credentials.failures());
        let failures = self.credentials.failed(now.after(wait));
        if failure.is_final() || failures >= self.plan.policy().attempts_max {
            self.meet_obstacle(failure.stopped());
        }
    }

    fn secrets(&mut self) -> &mut Secrets {
        &mut self.secrets
    }

    fn pause(&mut self) {
        if self.paused.is_none() {
            self.paused = Some(Paused::ByCaller);
        }
    }

    fn resume(&mut self, now: Instant) {
        if let Some(Paused::ByObstacle(_)) = self.paused.take() {
            self.credentials.forget_refusals(now);
        }
    }

    fn cancel(&mut self) {
        self.stop(Stopped::plain(StopCode::Cancelled));
    }

    fn hold(&mut self) {
        self.held = true;
    }

    fn release(&mut self) {
        self.held = false;
    }

    fn take_journal(&mut self) -> Vec<u8> {
        self.journal_bytes()
    }

    fn handle_persisted(&mut self) {
        self.persisted();
    }

    fn handle_persist_failure(&mut self) {
        self.persist_failed();
    }
}

fn expected<'a>(plan: &'a Plan, ids: &'a [i64]) -> Expected<'a> {
    Expected { ids, promotion: plan.promotion().as_str(), context: plan.context().as_str() }
}
