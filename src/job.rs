//! The machine of one bulk run, driven as [`Machine`] says.
//!
//! ```text
//!             +------ Retry, Refresh, Hold where the policy says so: come back +
//!             v                                                                |
//!  Queue -- Send --> in flight -- head, chunks, end | failure | timeout --> verdict --> settled
//!             ^                                                                |
//!             +--------------------- Split: two halves ------------------------+
//! ```

mod persist;
mod record;
mod settle;
mod status;

use alloc::boxed::Box;
use alloc::vec::Vec;
pub use record::Record;
pub use status::{Conclusion, Note, Progress, RunState, Tally};

use crate::batch::{Batch, Queue};
use crate::clock::ServiceClock;
use crate::id::{AttemptNumber, BatchId, IdList};
use crate::ledger::{Conflict, Ledger, State};
use crate::outcome::{FailureCause, StopCode, Stopped};
use crate::plan::Plan;
use crate::request::{self, Request};
use crate::response::{Expected, Flow, Reader};
use crate::secrets::Secrets;
use crate::time::{Instant, UnixTime, millis};
use crate::traffic::{CredentialsFailure, Head, Machine, Output, Pacing, Traffic};
use crate::verdict::Failure;
use core::time::Duration;
use persist::Journal;

pub struct Job {
    plan: Plan,
    ledger: Ledger,
    queue: Queue,
    traffic: Traffic<Sending>,
    service_clock: ServiceClock,
    started: Instant,
    /// Number of rows that earlier processes settled.
    settled_before: u32,
    ended: Option<Instant>,
    paused: Option<Paused>,
    /// The taker of outcomes is behind: nothing new is sent.
    held: bool,
    stopped: Option<Stopped>,
    tally: Tally,
    /// The network's error of the last failed call, since the last successful one.
    failure_cause: Option<FailureCause>,
    notes: Vec<Note>,
    concluded: Option<Conclusion>,
    journal: Option<Journal>,
}

/// The state of a batch in flight.
struct Sending {
    batch: Batch,
    /// Ids of its rows, unpacked while in flight.
    ids: Vec<i64>,
    /// Wall-clock time at which it was sent; known once a head has shown the service's clock.
    sent_by_own: Option<UnixTime>,
    /// Reader of the answer, until it ends. Boxed, because flights move and it is large.
    reader: Option<Box<Reader>>,
}

type Flight = crate::traffic::Flight<Sending>;

/// The reason for a pause.
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
        ids: impl Into<IdList>,
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
        let pacing = Pacing::of(plan.service());
        let settled_before = ledger.settled();
        Self {
            plan,
            ledger,
            queue,
            traffic: Traffic::new(pacing, fetched_credentials, seed),
            service_clock: ServiceClock::default(),
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
        }
    }

    fn poll_send(&mut self, now: Instant) -> Output {
        if !self.has_waiting() {
            return self.wait(None);
        }
        if !self.traffic.has_credentials(now) {
            self.recall();
            return match self.traffic.want_credentials(now) {
                Output::Wait { until } => self.wait(until),
                output => output,
            };
        }
        loop {
            let (intended, stored) = self.intended();
            let ahead = if stored { 0 } else { intended };
            let queued_at = if stored { Some(Instant::START) } else { self.queue.ready_at() };
            let paced_at = self.traffic.ready_at(ahead);
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

    /// True if something is left to send.
    fn has_waiting(&self) -> bool {
        self.queue.ready_at().is_some() || self.intended().0 > 0
    }

    fn send(&mut self, now: Instant) -> Result<Output, Conflict> {
        let batch = if self.journal.is_some() { self.next_stored() } else { self.queue.pop(now) };
        let mut batch = batch.ok_or(Conflict)?;
        self.ledger.depart(&batch.rows)?;
        let is_first = batch.is_new();
        if !is_first {
            self.tally.resends = self.tally.resends.saturating_add(1);
        }
        if batch.ambiguity.is_some() {
            let message = "Ids whose exchange was ambiguous were sent again, as asked for.";
            self.note_times("resent-after-ambiguity", message, batch.len());
        }
        batch.sendings = batch.sendings.saturating_add(1);
        batch.attempts = batch.attempts.saturating_add(1);
        let ids = self.ledger.ids_of(&batch.rows).ok_or(Conflict)?;
        self.tally.sent(request::body_bytes(&ids));
        let name = (batch.id, AttemptNumber(batch.sendings));
        let reader = Some(Box::new(Reader::new(ids.len(), self.plan.reply_caps())));
        let call = Sending { batch, ids, sent_by_own: None, reader };
        Ok(self.traffic.depart(now, name, is_first, call))
    }

    /// Waits for `until`, the next timeout (of a call or of a fetch of credentials) or the deadline
    /// (while there is something to stop), whichever comes first. First hands over what the journal
    /// still lacks.
    fn wait(&self, until: Option<Instant>) -> Output {
        if self.wants_to_persist() {
            return Output::Persist;
        }
        let limited = self.plan.policy().deadline.is_some() && self.has_waiting();
        let deadline = limited.then(|| self.deadline());
        let expiry = self.traffic.next_expiry();
        let until = [until, deadline, expiry].into_iter().flatten().min();
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

    /// The reason why the run ended early; `None` for one that went through.
    pub const fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// Ends the run: all waiting rows become unsent. Only the first reason counts; a finished run
    /// is not stopped.
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

    /// Settles the queue of a stopped run as unsent, also batches that come back later.
    fn settle_if_stopped(&mut self) {
        let Some(stopped) = &self.stopped else { return };
        let unsent = self.ledger.cause(stopped.cause());
        for (rows, ambiguity) in self.queue.drain() {
            let cause = ambiguity.map_or(unsent, |ambiguity| self.ledger.cause(*ambiguity));
            if self.ledger.settle_all(&rows, State::Queued, cause).is_err() {
                self.note("internal-error", "A row was settled from a state it was not in.");
            }
        }
    }

    /// Meets an obstacle that a person could remove: pauses an attended run, stops any other.
    fn meet_obstacle(&mut self, stopped: Stopped) {
        match self.plan.policy().on_obstacle {
            crate::policy::OnObstacle::Pause if self.stopped.is_none() => {
                self.paused = Some(Paused::ByObstacle(stopped));
            }
            _ => self.stop(stopped),
        }
    }

    /// The ledger refused a transition, which is a bug of this machine. Nothing more is sent.
    fn break_down(&mut self) -> Output {
        self.stop(Stopped::plain(StopCode::InternalError));
        self.wait(None)
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
        if let Some((batch, attempt)) = self.traffic.expired(now) {
            self.handle_failure(now, batch, attempt, Failure::Timeout);
            return Output::Abort { batch, attempt };
        }
        if self.traffic.are_credentials_overdue(now) {
            self.handle_credentials_failure(now, CredentialsFailure::UNAVAILABLE);
        }
        if now >= self.deadline() && self.has_waiting() {
            self.stop(Stopped::plain(StopCode::Deadline));
        }
        let halted = self.held || self.paused.is_some() || self.stopped.is_some();
        if halted || self.traffic.is_closed(now) {
            self.recall();
        }
        if !self.has_waiting() && self.traffic.is_idle() {
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
        if let Some(flight) = self.traffic.flight(batch) {
            request::write_body(&flight.call.ids, &mut body);
        }
        let plan = &self.plan;
        Request::post(plan.endpoint().issue_url(plan.promotion(), plan.context()), body)
    }

    fn handle_head(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber, head: Head) {
        if let Some(flight) = self.traffic.flight_mut(batch, attempt)
            && let (Some(date), Some(ahead_ms)) = (head.date, head.clock_ahead_ms)
        {
            self.service_clock.learn(date, now);
            let under_way = millis(now.since(flight.sent_at));
            let own = date.as_millis().saturating_sub(ahead_ms);
            let sent = own.saturating_sub_unsigned(under_way);
            flight.call.sent_by_own = Some(UnixTime::from_millis(sent));
        }
        if let Some(stopped) = self.traffic.handle_head(now, batch, attempt, head) {
            self.meet_obstacle(stopped);
        }
    }

    fn handle_chunk(&mut self, batch: BatchId, attempt: AttemptNumber, bytes: &[u8]) -> Flow {
        let Some(flight) = self.traffic.flight_mut(batch, attempt) else { return Flow::Enough };
        self.tally.received(bytes.len());
        let Sending { ids, reader: Some(reader), .. } = &mut flight.call else {
            return Flow::Enough;
        };
        reader.feed(&expected(&self.plan, ids), bytes)
    }

    fn handle_end(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber) {
        if let Some(flight) = self.traffic.land(batch, attempt) {
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
        if let Some(flight) = self.traffic.land(batch, attempt) {
            self.conclude(now, flight, Some(failure));
        }
    }

    fn handle_credentials(&mut self, now: Instant, renew_after: Option<Duration>) {
        self.traffic.handle_credentials(now, renew_after);
    }

    fn handle_credentials_failure(&mut self, now: Instant, failure: CredentialsFailure) {
        if let Some(stopped) = self.traffic.handle_credentials_failure(now, failure) {
            self.meet_obstacle(stopped);
        }
    }

    fn secrets(&mut self) -> &mut Secrets {
        self.traffic.secrets()
    }

    fn pause(&mut self) {
        if self.paused.is_none() {
            self.paused = Some(Paused::ByCaller);
        }
    }

    fn resume(&mut self, now: Instant) {
        if let Some(Paused::ByObstacle(_)) = self.paused.take() {
            self.traffic.forget_refusals(now);
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
