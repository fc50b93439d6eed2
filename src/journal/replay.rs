//! Replays the records of a journal. The ledger's transitions check that they fit each other.

use super::header::{Version, read_findings};
use super::wire::Cursor;
use super::writer::{DELTAS, RAW};
use super::{Header, Intent, RecordKind, Writer, columns};
use crate::id::{AttemptNumber, BatchId, CustomerId, IdList};
use crate::intake::Findings;
use crate::ledger::{Ledger, State};
use crate::limits::IDS_MAX;
use crate::outcome::{Cause, Reason, Unknown};
use crate::time::UnixTime;
use alloc::vec::Vec;
use core::ops::Range;

/// The replay of a journal.
#[derive(Default)]
pub(super) struct Replay {
    pub(super) version: Version,
    header: Option<Header>,
    ids: IdList,
    /// The run, once all ids are read.
    run: Option<ReplayedRun>,
    extension: Option<Extension>,
}

/// Ids that a resumed run adds, while they are read.
struct Extension {
    /// Number of ids that the run has after the extension.
    rows: usize,
    findings: Findings,
    ids: Vec<i64>,
}

struct ReplayedRun {
    ledger: Ledger,
    open: Vec<Intent>,
    ambiguous: Vec<AmbiguousRows>,
    size_max: Option<u32>,
    stopped: Option<Cause>,
    done: bool,
    intents: u32,
    first_intents: u32,
    batches: u32,
    last_sent: Option<UnixTime>,
    given_out: Option<GivenOut>,
}

/// A list of unsent customers that was given to the caller, who may run it as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenOut {
    /// Wall-clock time at which it was given.
    pub at: UnixTime,
    /// Number of customers.
    pub ids: u32,
}

/// Queued rows that may have been processed, and the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmbiguousRows {
    pub rows: Range<u32>,
    pub cause: Cause,
}

/// The run as its journal tells it.
pub struct Recovered {
    pub header: Header,
    /// Length of the sound part in bytes; a torn tail follows, to be truncated.
    pub bytes: u64,
    /// The ledger. Rows of open intents are in flight.
    pub ledger: Ledger,
    /// Intents without an outcome: their requests may have been processed.
    pub open: Vec<Intent>,
    /// Rows to resend that may have been processed.
    pub ambiguous: Vec<AmbiguousRows>,
    /// The batch size, reduced when the service refused larger batches.
    pub size_max: Option<u32>,
    /// The cause of the last stop; its reason is `Unsent(Stopped(..))`.
    pub stopped: Option<Cause>,
    /// True if the last process finished the run.
    pub done: bool,
    /// Requests that may have been sent, and how many were first attempts of batches not already
    /// ambiguous.
    pub intents: u32,
    pub first_intents: u32,
    /// Batches numbered so far.
    pub batches: u32,
    /// Wall-clock time of the last intent.
    pub last_sent: Option<UnixTime>,
    /// The list that was given out last, also by an earlier process.
    pub given_out: Option<GivenOut>,
    ids_stored: usize,
    chain: u32,
}

impl Replay {
    /// Takes one record; `None` where it does not fit.
    pub(super) fn enter(&mut self, kind: RecordKind, mut cursor: Cursor<'_>) -> Option<()> {
        match (&mut self.run, kind) {
            (None, RecordKind::Header) if self.header.is_none() => {
                self.header = Some(Header::read(self.version, &mut cursor)?);
            }
            (None, RecordKind::Ids) => self.enter_ids(&mut cursor)?,
            (Some(_), RecordKind::Ids) => self.enter_more_ids(&mut cursor)?,
            (Some(_), RecordKind::Extended) => self.enter_extension(&mut cursor)?,
            (Some(run), kind) => {
                // Another process goes on: an extension that the last one did not finish does not
                // count.
                if kind == RecordKind::Resumed {
                    self.extension = None;
                }
                run.enter(kind, &mut cursor)?;
            }
            (None, _) => return None,
        }
        let all = self.header.as_ref().is_some_and(|header| self.ids.len() == place(header.ids));
        if self.run.is_none() && all {
            self.run = Some(ReplayedRun::new(core::mem::take(&mut self.ids)));
        }
        cursor.0.is_empty().then_some(())
    }

    fn enter_ids(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let left = place(self.header.as_ref()?.ids).checked_sub(self.ids.len())?;
        let new = read_ids(cursor)?;
        new.iter().for_each(|id| self.ids.push(*id));
        (new.len() <= left).then_some(())
    }

    fn enter_extension(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let (rows, findings) = (cursor.small()?, read_findings(cursor)?);
        let more = rows > self.run.as_ref()?.ledger.rows() && place(rows) <= IDS_MAX;
        self.extension = Some(Extension { rows: place(rows), findings, ids: Vec::new() });
        more.then_some(())
    }

    /// More ids of an extension, which counts once the last is there.
    fn enter_more_ids(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let ledger = &mut self.run.as_mut()?.ledger;
        let mut extension = self.extension.take()?;
        extension.ids.append(&mut read_ids(cursor)?);
        let rows = ledger.ids().len().saturating_add(extension.ids.len());
        if rows == extension.rows {
            ledger.extend(&extension.ids);
            self.header.as_mut()?.findings = extension.findings;
            return Some(());
        }
        let fits = rows < extension.rows;
        self.extension = Some(extension);
        fits.then_some(())
    }

    /// The end of the journal, where `bytes` of it are sound.
    pub(super) fn close(self, bytes: u64, chain: u32) -> Option<Recovered> {
        let run = self.run?;
        Some(Recovered {
            header: self.header?,
            bytes,
            ids_stored: run.ledger.ids().len(),
            ledger: run.ledger,
            open: run.open,
            ambiguous: run.ambiguous,
            size_max: run.size_max,
            stopped: run.stopped,
            done: run.done,
            intents: run.intents,
            first_intents: run.first_intents,
            batches: run.batches,
            last_sent: run.last_sent,
            given_out: run.given_out,
            chain,
        })
    }
}

impl ReplayedRun {
    fn new(ids: IdList) -> Self {
        Self {
            ledger: Ledger::new(ids),
            open: Vec::new(),
            ambiguous: Vec::new(),
            size_max: None,
            stopped: None,
            done: false,
            intents: 0,
            first_intents: 0,
            batches: 0,
            last_sent: None,
            given_out: None,
        }
    }

    fn enter(&mut self, kind: RecordKind, cursor: &mut Cursor<'_>) -> Option<()> {
        match kind {
            RecordKind::Intent => self.enter_intent(cursor)?,
            RecordKind::Outcome => {
                let rows = self.close(cursor)?.rows;
                columns::read(cursor, &rows, &mut self.ledger)?;
            }
            RecordKind::CameBack => self.enter_return(cursor)?,
            RecordKind::Shrunk => {
                // A batch sealed earlier may be refused late, so sizes only shrink.
                let size = cursor.small()?;
                self.size_max = Some(self.size_max.unwrap_or(size).min(size));
            }
            RecordKind::Stopped => self.stopped = Some(columns::read_cause(cursor)?),
            RecordKind::Resumed => {
                let _at = cursor.signed()?;
                let requeued = flag(cursor)?;
                settle_open(&mut self.ledger, &mut self.open, &mut self.ambiguous, requeued)?;
                (self.stopped, self.done) = (None, false);
            }
            RecordKind::GivenOut => {
                let at = UnixTime::from_millis(cursor.signed()?);
                self.given_out = Some(GivenOut { at, ids: cursor.small()? });
            }
            RecordKind::Done if self.open.is_empty() => self.done = true,
            RecordKind::Done | RecordKind::Header | RecordKind::Ids | RecordKind::Extended => {
                return None;
            }
        }
        Some(())
    }

    fn enter_intent(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let batch = BatchId(cursor.small()?);
        let attempt = AttemptNumber(cursor.small()?);
        let rows = cursor.small()?..cursor.small()?;
        let at = UnixTime::from_millis(cursor.signed()?);
        let new = !self.open.iter().any(|open| open.batch == batch);
        if !new || rows.is_empty() || self.done || self.stopped.is_some() {
            return None;
        }
        self.ledger.depart(&rows).ok()?;
        let is_ambiguous = take_out(&mut self.ambiguous, &rows);
        let is_first = attempt.0 == 1 && !is_ambiguous;
        self.intents = self.intents.saturating_add(1);
        self.first_intents = self.first_intents.saturating_add(u32::from(is_first));
        self.batches = self.batches.max(batch.0.saturating_add(1));
        self.last_sent = self.last_sent.max(Some(at));
        self.open.push(Intent { batch, attempt, rows, at });
        Some(())
    }

    fn enter_return(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let intent = self.close(cursor)?;
        let left = flag(cursor)?;
        let is_ambiguous = flag(cursor)?;
        if is_ambiguous {
            let cause = columns::read_cause(cursor)?;
            self.ambiguous.push(AmbiguousRows { rows: intent.rows.clone(), cause });
        }
        if !left {
            self.intents = self.intents.saturating_sub(1);
            let first = u32::from(intent.attempt.0 == 1 && !is_ambiguous);
            self.first_intents = self.first_intents.saturating_sub(first);
        }
        self.ledger.come_back(&intent.rows).ok()
    }

    /// Takes an open batch from the list: it is open no longer.
    fn close(&mut self, cursor: &mut Cursor<'_>) -> Option<Intent> {
        let batch = BatchId(cursor.small()?);
        let place = self.open.iter().position(|intent| intent.batch == batch)?;
        Some(self.open.swap_remove(place))
    }
}

impl Recovered {
    /// The unsent customers are about to be given to the caller as a list: returns the record to
    /// append first, at [`Recovered::bytes`]. Empty if there are no such customers.
    pub fn give_out(&mut self, at: UnixTime) -> Vec<u8> {
        let rows = self.waiting().into_iter().map(|rows| rows.end.saturating_sub(rows.start));
        let ids = rows.fold(0_u32, u32::saturating_add);
        if ids == 0 {
            return Vec::new();
        }
        let given_out = GivenOut { at, ids };
        self.given_out = Some(given_out);
        let mut writer = self.writer();
        writer.given_out(given_out);
        writer.take()
    }

    /// Number of ids in the journal; later ones were added since it was read.
    pub(crate) const fn ids_stored(&self) -> usize {
        self.ids_stored
    }

    /// Settles what the last process left open or ambiguous as unknown, or queues it if the policy
    /// resends it.
    pub(crate) fn settle_open(&mut self, requeue: bool) -> Option<()> {
        settle_open(&mut self.ledger, &mut self.open, &mut self.ambiguous, requeue)
    }

    /// Queued rows that are not ambiguous, as ranges.
    pub(crate) fn waiting(&self) -> Vec<Range<u32>> {
        let is_ambiguous = |row| self.ambiguous.iter().any(|batch| batch.rows.contains(&row));
        let mut ranges: Vec<Range<u32>> = Vec::new();
        for (row, state) in (0_u32..).zip(self.ledger.states()) {
            if *state != State::Queued || is_ambiguous(row) {
                continue;
            }
            let end = row.saturating_add(1);
            match ranges.last_mut() {
                Some(range) if range.end == row => range.end = end,
                _ => ranges.push(row..end),
            }
        }
        ranges
    }

    /// Writes what comes next.
    pub(crate) const fn writer(&self) -> Writer {
        Writer::go_on(self.chain)
    }
}

fn settle_open(
    ledger: &mut Ledger,
    open: &mut Vec<Intent>,
    ambiguous: &mut Vec<AmbiguousRows>,
    requeue: bool,
) -> Option<()> {
    for Intent { rows, .. } in core::mem::take(open) {
        ledger.come_back(&rows).ok()?;
        let cause = Cause::new(Reason::Unknown(Unknown::Interrupted));
        ambiguous.push(AmbiguousRows { rows, cause });
    }
    if !requeue {
        for AmbiguousRows { rows, cause } in core::mem::take(ambiguous) {
            let cause = ledger.cause(cause);
            ledger.settle_all(&rows, State::Queued, cause).ok()?;
        }
    }
    Some(())
}

/// Removes rows that are sent: they come back with their ambiguity, if they come back. Returns true
/// if any was ambiguous.
fn take_out(ambiguous: &mut Vec<AmbiguousRows>, rows: &Range<u32>) -> bool {
    let (mut after, mut found) = (Vec::new(), false);
    ambiguous.retain_mut(|waiting| {
        if waiting.rows.end <= rows.start || rows.end <= waiting.rows.start {
            return true;
        }
        found = true;
        if rows.end < waiting.rows.end {
            after.push(AmbiguousRows {
                rows: rows.end..waiting.rows.end,
                cause: waiting.cause.clone(),
            });
        }
        waiting.rows.end = rows.start;
        !waiting.rows.is_empty()
    });
    ambiguous.append(&mut after);
    found
}

fn read_ids(cursor: &mut Cursor<'_>) -> Option<Vec<i64>> {
    let form = *cursor.take(1)?.first()?;
    let mut ids = Vec::new();
    match form {
        RAW => {
            let (raw, rest) = cursor.take(cursor.0.len())?.as_chunks::<8>();
            if !rest.is_empty() {
                return None;
            }
            ids.extend(raw.iter().map(|id| i64::from_le_bytes(*id)));
        }
        DELTAS => {
            let mut id = 0_i64;
            while !cursor.0.is_empty() {
                id = id.wrapping_add(cursor.signed()?);
                ids.push(id);
            }
        }
        _ => return None,
    }
    let sound = ids.iter().all(|id| CustomerId::new(*id).is_ok());
    (sound && !ids.is_empty()).then_some(ids)
}

fn flag(cursor: &mut Cursor<'_>) -> Option<bool> {
    Some(*cursor.take(1)?.first()? == 1)
}

fn place(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
