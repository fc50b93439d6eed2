//! The observers of an issuing run: hooks, which are called for its attempts and batches, and
//! `onOutcomes`, which takes outcomes as they settle, one list after the other.

use super::convert::{parsed, plain};
use super::host::{Host, now};
use super::run::instant;
use crate::id::{AttemptNumber, BatchId};
use crate::job::{Conclusion, Job};
use crate::json;
use crate::ledger::State;
use crate::report;
use crate::time::Instant;
use crate::verdict::Verdict;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::ops::Range;
use js_sys::{Array, Date};
use serde::Serialize;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// Lists of outcomes that may wait before sends are held: a few batches in memory.
const WAITING_MAX: usize = 4;
/// Rows in one of the lists at the end.
const ROWS_SLICE: u32 = 1_000;

pub(super) struct Observer {
    job: Rc<RefCell<Job>>,
    host: Host,
    watch: Option<RefCell<Watch>>,
    drain: Option<OutcomeLists>,
}

/// The start of something by the wall clock and by the steady clock.
#[derive(Clone, Copy)]
struct Beginning {
    epoch_ms: f64,
    at: f64,
}

/// Its data for the hooks at its end.
#[derive(Default)]
struct Watch {
    attempts: Vec<Attempt>,
    /// Batches that were sent and have not ended.
    batches: Vec<(BatchId, Beginning)>,
}

struct Attempt {
    name: (BatchId, AttemptNumber),
    begun: Beginning,
    ids: u32,
    bytes_sent: usize,
    bytes_received: usize,
}

/// Outcomes on their way to `onOutcomes`.
#[derive(Default)]
struct OutcomeLists {
    /// Settled rows that wait, the list being taken first.
    waiting: RefCell<VecDeque<Range<u32>>>,
    /// True while a task hands them out.
    is_under_way: Cell<bool>,
    /// The time at which the list being taken was given.
    since: Cell<Option<Instant>>,
    /// `onOutcomes` failed, or did not answer in time after a cancel: the report has the rest.
    is_broken: Cell<bool>,
}

impl Observer {
    /// The observers that the caller gave; `None` without hooks and `onOutcomes`.
    pub(super) fn new(job: &Rc<RefCell<Job>>, host: &Host) -> Option<Self> {
        let watch = host.has_hooks().then(RefCell::default);
        let drain = host.has_taker().then(OutcomeLists::default);
        (watch.is_some() || drain.is_some()).then(|| Self {
            job: Rc::clone(job),
            host: host.clone(),
            watch,
            drain,
        })
    }

    pub(super) fn attempt_started(&self, batch: BatchId, attempt: AttemptNumber, bytes: usize) {
        let Some(watch) = &self.watch else { return };
        let begun = Beginning::now();
        let ids = self.job.borrow().batch_len(batch);
        {
            let mut watch = watch.borrow_mut();
            let name = (batch, attempt);
            let known = Attempt { name, begun, ids, bytes_sent: bytes, bytes_received: 0 };
            watch.attempts.push(known);
            if watch.batches.iter().all(|(known, _)| *known != batch) {
                watch.batches.push((batch, begun));
            }
        }
        let bytes_sent = bytes as f64;
        let (epoch_ms, batch, attempt) = (begun.epoch_ms, batch.0, attempt.0);
        let event = AttemptStart { epoch_ms, batch, attempt, ids, bytes_sent };
        self.host.hook("onAttemptStart", &plain(&event));
    }

    pub(super) fn received(&self, batch: BatchId, attempt: AttemptNumber, bytes: usize) {
        let Some(watch) = &self.watch else { return };
        let mut watch = watch.borrow_mut();
        let known = watch.attempts.iter_mut().find(|known| known.name == (batch, attempt));
        if let Some(known) = known {
            known.bytes_received = known.bytes_received.saturating_add(bytes);
        }
    }

    /// Calls the hooks for the attempt that ended last. True if its outcomes are to be handed out.
    pub(super) fn conclude(&self) -> bool {
        let Some(concluded) = self.job.borrow_mut().take_conclusion() else { return false };
        let counts = self.counts(&concluded.rows);
        self.tell_end(&concluded, counts);
        let Some(drain) = &self.drain else { return false };
        if counts.queued > 0 || drain.is_broken.get() {
            return false;
        }
        drain.waiting.borrow_mut().push_back(concluded.rows);
        true
    }

    fn counts(&self, rows: &Range<u32>) -> Counts {
        let job = self.job.borrow();
        let rows = rows.start as usize..rows.end as usize;
        let mut counts = Counts::default();
        for state in job.ledger().states().get(rows).unwrap_or_default() {
            let count = match state {
                State::Queued => &mut counts.queued,
                State::InFlight => continue,
                State::Issued => &mut counts.issued,
                State::Rejected => &mut counts.rejected,
                State::Unsent => &mut counts.unsent,
                State::Unknown => &mut counts.unknown,
            };
            *count = count.saturating_add(1);
        }
        counts
    }

    fn tell_end(&self, concluded: &Conclusion, counts: Counts) {
        let (batch, attempt) = (concluded.batch.0, concluded.attempt.0);
        let Some(watch) = &self.watch else { return };
        let Some(known) = watch.borrow_mut().take(concluded) else { return };
        let (verdict, reason) = concluded.verdict.words();
        let event = AttemptEnd {
            epoch_ms: known.begun.epoch_ms,
            duration_ms: known.begun.duration_ms(),
            batch,
            attempt,
            ids: known.ids,
            bytes_sent: known.bytes_sent as f64,
            bytes_received: known.bytes_received as f64,
            status: concluded.status,
            request_id: concluded.request_id.as_deref(),
            verdict,
            reason,
        };
        self.host.hook("onAttemptEnd", &plain(&event));
        if counts.queued > 0 && !matches!(concluded.verdict, Verdict::Split { .. }) {
            return;
        }
        let Some(begun) = watch.borrow_mut().end_batch(concluded.batch) else { return };
        let event = BatchEnd {
            epoch_ms: begun.epoch_ms,
            duration_ms: begun.duration_ms(),
            batch,
            attempts: attempt,
            ids: known.ids,
            issued: counts.issued,
            rejected: counts.rejected,
            unsent: counts.unsent,
            unknown: counts.unknown,
        };
        self.host.hook("onBatchEnd", &plain(&event));
    }

    /// True if outcomes are handed out as they settle.
    pub(super) fn hands_out(&self) -> bool {
        self.drain.as_ref().is_some_and(|drain| !drain.is_broken.get())
    }

    /// True if so many lists wait that sends are to be held.
    pub(super) fn is_full(&self) -> bool {
        let waiting = |drain: &OutcomeLists| drain.waiting.borrow().len();
        self.drain.as_ref().is_some_and(|drain| waiting(drain) >= WAITING_MAX)
    }

    /// The time since which `onOutcomes` has been taking a list.
    pub(super) fn giving_since(&self) -> Option<Instant> {
        self.drain.as_ref()?.since.get()
    }

    /// Hands out nothing more.
    pub(super) fn break_off(&self) {
        if let Some(drain) = &self.drain {
            drain.is_broken.set(true);
            drain.since.set(None);
            drain.waiting.borrow_mut().clear();
        }
    }

    /// Claims the handing out: true if no task does it yet.
    pub(super) fn begins_to_hand_out(&self) -> bool {
        self.drain.as_ref().is_some_and(|drain| !drain.is_under_way.replace(true))
    }

    /// Hands out the waiting lists, one after the other, and calls back after each.
    pub(super) async fn hand_out(&self, taken: impl Fn()) {
        let Some(drain) = &self.drain else { return };
        loop {
            let Some(rows) = drain.waiting.borrow().front().cloned() else { break };
            self.give(drain, rows).await;
            drain.waiting.borrow_mut().pop_front();
            taken();
        }
        drain.is_under_way.set(false);
    }

    /// At the end of a run, hands out rows that no call settled or that another process did.
    pub(super) async fn hand_out_rest(&self) {
        let Some(drain) = &self.drain else { return };
        let kept_from = |row| self.job.borrow().ledger().kept_from(row);
        let mut next = kept_from(0);
        while let Some(start) = next.filter(|_| !drain.is_broken.get()) {
            let end = start.saturating_add(ROWS_SLICE);
            self.give(drain, start..end).await;
            next = kept_from(end);
        }
    }

    async fn give(&self, drain: &OutcomeLists, rows: Range<u32>) {
        let outcomes = self.outcomes(&rows);
        if drain.is_broken.get() || outcomes.length() == 0 {
            return;
        }
        drain.since.set(Some(instant(now())));
        let taken = JsFuture::from(self.host.give(&outcomes)).await;
        // The run may have dropped it meanwhile.
        if drain.since.take().is_none() {
            return;
        }
        if taken.is_ok_and(|taken| taken.is_truthy()) {
            self.job.borrow_mut().forget(&rows);
        } else {
            self.break_off();
        }
    }

    /// The rows that are settled and were not given yet, as a list of objects.
    fn outcomes(&self, rows: &Range<u32>) -> Array {
        let mut out = Vec::new();
        {
            let job = self.job.borrow();
            let settled = rows.clone().filter_map(|row| report::row(&*job, row));
            json::list(&mut out, settled, |row, out| report::write_json(&row, out));
        }
        parsed(&out).unchecked_into()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttemptStart {
    epoch_ms: f64,
    batch: u32,
    attempt: u32,
    ids: u32,
    bytes_sent: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttemptEnd<'a> {
    epoch_ms: f64,
    duration_ms: f64,
    batch: u32,
    attempt: u32,
    ids: u32,
    bytes_sent: f64,
    bytes_received: f64,
    status: Option<u16>,
    request_id: Option<&'a str>,
    verdict: &'a str,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchEnd {
    epoch_ms: f64,
    duration_ms: f64,
    batch: u32,
    attempts: u32,
    ids: u32,
    issued: u32,
    rejected: u32,
    unsent: u32,
    unknown: u32,
}

/// Counts of an attempt's ids by state.
#[derive(Clone, Copy, Default)]
struct Counts {
    /// They are resent.
    queued: u32,
    issued: u32,
    rejected: u32,
    unsent: u32,
    unknown: u32,
}

impl Watch {
    fn take(&mut self, concluded: &Conclusion) -> Option<Attempt> {
        let name = (concluded.batch, concluded.attempt);
        let place = self.attempts.iter().position(|known| known.name == name)?;
        Some(self.attempts.swap_remove(place))
    }

    fn end_batch(&mut self, batch: BatchId) -> Option<Beginning> {
        let place = self.batches.iter().position(|(known, _)| *known == batch)?;
        Some(self.batches.swap_remove(place).1)
    }
}

impl Beginning {
    fn now() -> Self {
        Self { epoch_ms: Date::now(), at: now() }
    }

    fn duration_ms(self) -> f64 {
        now() - self.at
    }
}
