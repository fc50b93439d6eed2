//! The run and its journal: a batch leaves once its intent is stored, and a run ends once its last
//! outcome is. Intents and outcomes that come together are stored together.
//!
//! ```text
//!  Queue --intent--> intended --stored--> may leave --Send--> in flight --> outcome | came back
//!    ^                  |                     |
//!    +----- recalled ---+---------------------+   paused, stopped, gate closed, credentials due
//! ```

use super::Job;
use crate::batch::{Batch, Queue};
use crate::id::AttemptNumber;
use crate::intake::Findings;
use crate::journal::{AmbiguousRows, Header, Intent, Recovered, Writer};
use crate::limits::{JOURNAL_IDS_PER_RECORD, JOURNAL_PIECE_BYTES};
use crate::outcome::{Reason, StopCode, Stopped, Unsent};
use crate::plan::Plan;
use crate::policy::Ambiguous;
use crate::request::RequestError;
use crate::time::{Instant, UnixTime};
use crate::traffic::Output;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

/// The journal of a run: its writer, the bytes being stored, the batches that wait for them.
pub(super) struct Journal {
    writer: Writer,
    /// The row of the first id that is not in a record yet.
    ids_next: usize,
    /// The wall-clock time at an instant, from which later ones are computed.
    clock: (Instant, UnixTime),
    /// Batches whose intent is written; the first `stored` of them may be sent.
    intended: VecDeque<Batch>,
    stored: usize,
    /// While bytes are being stored: the number of `intended` batches whose intents they hold.
    under_way: Option<usize>,
    /// The stop's record, held back while ids are left to write, so that it comes after theirs.
    stop_due: bool,
    /// The last record is written.
    closed: bool,
}

impl Journal {
    fn new(writer: Writer, ids_next: usize, now: Instant, wall: UnixTime) -> Self {
        Self {
            writer,
            ids_next,
            clock: (now, wall),
            intended: VecDeque::new(),
            stored: 0,
            under_way: None,
            stop_due: false,
            closed: false,
        }
    }

    fn wall(&self, now: Instant) -> UnixTime {
        let (then, wall) = self.clock;
        let since = i64::try_from(crate::time::millis(now.since(then))).unwrap_or(i64::MAX);
        UnixTime::from_millis(wall.as_millis().saturating_add(since))
    }
}

impl Job {
    /// Keeps a journal of the run, which has not begun: `wall` is the wall clock at `now`.
    #[must_use]
    pub fn with_journal(mut self, now: Instant, wall: UnixTime, findings: Findings) -> Self {
        let writer = Writer::begin(&Header {
            promotion: self.plan.promotion().as_str().into(),
            context: self.plan.context().as_str().into(),
            origin: self.plan.endpoint().origin().into(),
            base_path: self.plan.endpoint().base_path().into(),
            batch_size: self.plan.batch_size(),
            started: wall,
            ids: self.ledger.rows(),
            attribution: self.plan.attribution().cloned(),
            findings,
        });
        self.journal = Some(Journal::new(writer, 0, now, wall));
        self
    }

    /// Goes on with the run of a journal. Settled rows stay settled; rows that were in flight are
    /// unknown (`interrupted`), unless the policy resends ambiguous ones; all others are queued.
    ///
    /// # Errors
    /// `journal-mismatch` where the plan is not that of the journal.
    pub fn from_journal(
        plan: Plan,
        recovered: Recovered,
        fetched_credentials: bool,
        seed: u64,
        now: Instant,
        wall: UnixTime,
    ) -> Result<Self, &'static RequestError> {
        let mut writer = recovered.writer();
        let requeue = plan.policy().ambiguous == Ambiguous::Retry;
        writer.resumed(wall, requeue);
        let ids_stored = recovered.ids_stored();
        if ids_stored < recovered.ledger.ids().len() {
            writer.extended(recovered.ledger.rows(), &recovered.header.findings);
        }
        let mut job = Self::recovered(plan, recovered, requeue, now)?;
        job.traffic.restart(fetched_credentials, seed);
        job.journal = Some(Journal::new(writer, ids_stored, now, wall));
        Ok(job)
    }

    /// Reads the report of a journal: sends and writes nothing. Waiting rows are unsent for the
    /// reason of the last stop, or `interrupted`.
    ///
    /// # Errors
    /// As for [`Job::from_journal`].
    pub fn review(
        plan: Plan,
        mut recovered: Recovered,
        now: Instant,
    ) -> Result<Self, &'static RequestError> {
        let stopped = recovered.stopped.take().and_then(|cause| match cause.reason {
            Reason::Unsent(Unsent::Stopped(code)) => Some(Stopped::by(code, cause)),
            _ => None,
        });
        let open = !recovered.open.is_empty() || !recovered.ambiguous.is_empty();
        let mut job = Self::recovered(plan, recovered, false, now)?;
        if stopped.is_some() || open || job.has_waiting() {
            job.stop(stopped.unwrap_or_else(|| Stopped::plain(StopCode::Interrupted)));
        }
        Ok(job)
    }

    fn recovered(
        plan: Plan,
        mut recovered: Recovered,
        requeue: bool,
        now: Instant,
    ) -> Result<Self, &'static RequestError> {
        recovered.header.check(&plan)?;
        let sound = recovered.settle_open(requeue).is_some();
        let size = recovered.size_max.map_or(plan.batch_size(), |max| max.min(plan.batch_size()));
        let mut queue = Queue::of(recovered.waiting(), size, recovered.batches);
        for AmbiguousRows { rows, cause } in recovered.ambiguous {
            queue.push_ambiguous(rows, cause);
        }
        let (attempts, firsts) = (recovered.intents, recovered.first_intents);
        let given_out = recovered.given_out;
        let mut job = Self::over(plan, recovered.ledger, queue, false, 0, now);
        if let Some(given_out) = given_out {
            job.note_times("given-out", GIVEN_OUT, given_out.ids);
        }
        job.tally.attempts = attempts;
        job.tally.resends = attempts.saturating_sub(firsts);
        if !sound {
            let _stopped = job.break_down();
        }
        Ok(job)
    }

    /// The bytes of an [`Output::Persist`], to be appended to the journal.
    pub(super) fn journal_bytes(&mut self) -> Vec<u8> {
        let Some(journal) = &mut self.journal else { return Vec::new() };
        let all = self.ledger.ids();
        while journal.writer.pending() < JOURNAL_PIECE_BYTES {
            let end = journal.ids_next.saturating_add(JOURNAL_IDS_PER_RECORD).min(all.len());
            let ids = all.slice(journal.ids_next..end).unwrap_or_default();
            if ids.is_empty() {
                break;
            }
            journal.writer.ids(&ids);
            journal.ids_next = end;
        }
        journal.under_way = Some(journal.intended.len());
        journal.writer.take()
    }

    /// The bytes of [`Job::journal_bytes`] are stored durably.
    pub(super) fn persisted(&mut self) {
        if let Some(journal) = &mut self.journal
            && let Some(covered) = journal.under_way.take()
        {
            journal.stored = covered;
        }
    }

    /// The bytes could not be stored. The run stops, because no batch may be sent without its
    /// intent.
    pub(super) fn persist_failed(&mut self) {
        if self.journal.as_ref().is_none_or(|journal| journal.under_way.is_none()) {
            return;
        }
        self.recall();
        self.journal = None;
        if self.stopped.is_some() {
            self.note("journal-failed", "The journal could not be written to its end.");
        }
        self.stop(Stopped::plain(StopCode::JournalFailed));
    }

    /// Takes back intended batches that may not be sent now; they go first once they may.
    pub(super) fn recall(&mut self) {
        let Some(journal) = &mut self.journal else { return };
        while let Some(batch) = journal.intended.pop_back() {
            journal.writer.came_back(batch.id, false, batch.ambiguity.as_deref());
            self.queue.put_back(batch);
        }
        journal.stored = 0;
        journal.under_way = journal.under_way.map(|_| 0);
    }

    /// Writes the intent to send the next batch. False if that has to wait.
    pub(super) fn intend(&mut self, now: Instant) -> bool {
        let Some(journal) = &mut self.journal else { return false };
        if journal.ids_next < self.ledger.ids().len() {
            return false;
        }
        let Some(batch) = self.queue.pop(now) else { return false };
        journal.writer.intent(&Intent {
            batch: batch.id,
            attempt: AttemptNumber(batch.sendings.saturating_add(1)),
            rows: batch.rows.clone(),
            at: journal.wall(now),
        });
        journal.intended.push_back(batch);
        true
    }

    /// The number of intended batches, and if the first of them is stored.
    pub(super) fn intended(&self) -> (usize, bool) {
        self.journal.as_ref().map_or((0, false), |j| (j.intended.len(), j.stored > 0))
    }

    /// The first batch whose intent is stored.
    pub(super) fn next_stored(&mut self) -> Option<Batch> {
        let journal = self.journal.as_mut()?;
        journal.stored = journal.stored.checked_sub(1)?;
        journal.under_way = journal.under_way.map(|covered| covered.saturating_sub(1));
        journal.intended.pop_front()
    }

    /// True if there are bytes to store and none being stored.
    pub(super) fn wants_to_persist(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| {
            let pending = journal.writer.pending() > 0;
            let ids_left = journal.ids_next < self.ledger.ids().len();
            journal.under_way.is_none() && (pending || ids_left)
        })
    }

    /// Writes the end of the run once every id is settled; `None` when that is stored or cannot be.
    pub(super) fn close_journal(&mut self) -> Option<Output> {
        let ids = self.ledger.ids().len();
        let journal = self.journal.as_mut()?;
        if !journal.closed && journal.ids_next == ids {
            journal.closed = true;
            if let Some(stopped) = self.stopped.as_ref().filter(|_| journal.stop_due) {
                journal.writer.stopped(&stopped.cause());
            }
            journal.writer.done();
        }
        let stored = journal.under_way.is_none() && journal.writer.pending() == 0;
        if journal.closed && stored { None } else { Some(self.wait(None)) }
    }

    pub(super) fn is_journal_closed(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| journal.closed)
    }

    /// Every row of the batch is settled.
    pub(super) fn record_outcome(&mut self, batch: &Batch) {
        if let Some(journal) = &mut self.journal {
            journal.writer.outcome(batch.id, &batch.rows, &self.ledger);
        }
    }

    /// Records that the batch was sent and not processed.
    pub(super) fn record_return(&mut self, batch: &Batch) {
        if let Some(journal) = &mut self.journal {
            journal.writer.came_back(batch.id, true, batch.ambiguity.as_deref());
        }
    }

    pub(super) fn record_stop(&mut self, stopped: &Stopped) {
        let Some(journal) = &mut self.journal else { return };
        journal.stop_due = journal.ids_next < self.ledger.ids().len();
        if !journal.stop_due {
            journal.writer.stopped(&stopped.cause());
        }
    }

    /// Limits batches that are sealed from now on to this many ids.
    pub(super) fn shrink(&mut self, size: u32) {
        self.queue.shrink(size);
        self.recall();
        if let Some(journal) = &mut self.journal {
            journal.writer.shrunk(size);
        }
    }
}

const GIVEN_OUT: &str = "Customers of this journal who had not been sent were given out as a list: \
                         a run of that list beside this one issues them twice.";
