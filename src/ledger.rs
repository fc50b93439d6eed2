//! The state of every id. Columns, not objects: a row is one distinct valid id.
//!
//! ```text
//!  Queued --depart--> InFlight --issue / settle--> Issued | Rejected | Unsent | Unknown
//!    ^  \                |                             ^
//!    |   \---------------|--- settle (a stop) ---------+
//!    +------ come_back --+
//! ```
//! A row settles once. A transition from a wrong state changes nothing and is an error: it is a bug
//! of the machine, which the ledger must not hide.

mod drain;

use crate::id::{IdList, PackedIssuanceId};
use crate::limits::CAUSES_MAX;
use crate::outcome::{Cause, Outcome};
use crate::response::NO_TIME;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use drain::Drain;

/// The state of one row. The first four are the outcomes, with their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    Issued = 0,
    Rejected = 1,
    Unsent = 2,
    Unknown = 3,
    Queued = 4,
    InFlight = 5,
}

const STATES: usize = 6;

impl State {
    pub const fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Issued => Some(Outcome::Issued),
            Self::Rejected => Some(Outcome::Rejected),
            Self::Unsent => Some(Outcome::Unsent),
            Self::Unknown => Some(Outcome::Unknown),
            Self::Queued | Self::InFlight => None,
        }
    }

    const fn settled_as(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Issued => Self::Issued,
            Outcome::Rejected => Self::Rejected,
            Outcome::Unsent => Self::Unsent,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

/// The error of a transition from a wrong state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

/// The issuance of one id, as the ledger keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issuance {
    /// All zero where the id is not 24 lower-case hex digits; it is then in [`ExtraTexts`].
    pub id: PackedIssuanceId,
    /// Milliseconds since 1970, or [`NO_TIME`].
    pub event_time: i64,
    pub valid_till: i64,
}

/// The texts of an issuance that do not fit the columns, both rare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtraTexts {
    /// An issuance id that is not 24 lower-case hex digits.
    pub id: Option<Box<str>>,
    /// An `earnedFromId` other than the context that was sent.
    pub earned_from: Option<Box<str>>,
}

/// The place of a cause in the ledger's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CauseIndex(u16);

/// The state, issuance and cause of every id of a run.
#[derive(Clone)]
pub struct Ledger {
    ids: IdList,
    states: Vec<State>,
    /// The three columns of issuances are empty before the first issuance.
    issuance_ids: Vec<PackedIssuanceId>,
    event_times: Vec<i64>,
    valid_tills: Vec<i64>,
    /// 0 for none, else the place in `table` plus one; empty before the first cause.
    causes: Vec<u16>,
    table: Vec<Cause>,
    /// No rows before the first text that fits no column.
    extra: Vec<Option<Box<ExtraTexts>>>,
    counts: [u32; STATES],
    /// Rows that a read-back decided; empty before the first.
    read_back: Vec<bool>,
    drain: Option<Drain>,
}

impl Ledger {
    /// A ledger with all ids queued. They must be distinct, as the intake makes them.
    pub fn new(ids: impl Into<IdList>) -> Self {
        let ids = ids.into();
        let rows = ids.len();
        let mut counts = [0; STATES];
        if let Some(queued) = counts.get_mut(State::Queued as usize) {
            *queued = u32::try_from(rows).unwrap_or(u32::MAX);
        }
        Self {
            ids,
            states: vec![State::Queued; rows],
            issuance_ids: Vec::new(),
            event_times: Vec::new(),
            valid_tills: Vec::new(),
            causes: Vec::new(),
            table: Vec::new(),
            extra: Vec::new(),
            counts,
            read_back: Vec::new(),
            drain: None,
        }
    }

    /// More ids, all queued, in rows after the last. None of them may be here already.
    pub fn extend(&mut self, ids: &[i64]) {
        ids.iter().for_each(|id| self.ids.push(*id));
        let rows = self.ids.len();
        self.states.resize(rows, State::Queued);
        if let Some(queued) = self.counts.get_mut(State::Queued as usize) {
            *queued = queued.saturating_add(u32::try_from(ids.len()).unwrap_or(u32::MAX));
        }
        lengthen(&mut self.issuance_ids, rows, [0; 12]);
        lengthen(&mut self.event_times, rows, NO_TIME);
        lengthen(&mut self.valid_tills, rows, NO_TIME);
        lengthen(&mut self.causes, rows, 0);
        lengthen(&mut self.extra, rows, None);
        lengthen(&mut self.read_back, rows, false);
    }

    pub const fn ids(&self) -> &IdList {
        &self.ids
    }

    /// The ids of some rows; `None` if the range goes beyond the last.
    pub fn ids_of(&self, rows: &Range<u32>) -> Option<Vec<i64>> {
        self.ids.slice(places(rows))
    }

    pub fn rows(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }

    pub fn count(&self, state: State) -> u32 {
        self.counts.get(state as usize).copied().unwrap_or(0)
    }

    /// Rows that have their outcome.
    pub fn settled(&self) -> u32 {
        self.rows()
            .saturating_sub(self.count(State::Queued))
            .saturating_sub(self.count(State::InFlight))
    }

    /// A batch is sent: all its rows are in flight.
    pub fn depart(&mut self, rows: &Range<u32>) -> Result<(), Conflict> {
        self.move_all(rows, State::Queued, State::InFlight)
    }

    /// A batch was not processed and may be sent again: its rows are queued once more.
    pub fn come_back(&mut self, rows: &Range<u32>) -> Result<(), Conflict> {
        self.move_all(rows, State::InFlight, State::Queued)
    }

    /// The answer holds an issuance for this row.
    pub fn issue(
        &mut self,
        row: u32,
        issuance: &Issuance,
        extra: Option<ExtraTexts>,
    ) -> Result<(), Conflict> {
        self.change(row, State::InFlight, State::Issued)?;
        self.keep_issuance(row, issuance, extra);
        Ok(())
    }

    /// [`Ledger::issue`] for a whole batch, from columns in the order of its rows; none of them has
    /// extra texts. Most answers are such, and this takes a tenth of the time.
    pub fn issue_all(
        &mut self,
        rows: &Range<u32>,
        ids: &[PackedIssuanceId],
        event_times: &[i64],
        valid_tills: &[i64],
    ) -> Result<(), Conflict> {
        self.move_all(rows, State::InFlight, State::Issued)?;
        if let Some(room) = self.drain.as_mut().and_then(|drain| drain.room(rows)) {
            let times = event_times.iter().zip(valid_tills);
            for (kept, (id, (event_time, valid_till))) in room.iter_mut().zip(ids.iter().zip(times))
            {
                *kept = Issuance { id: *id, event_time: *event_time, valid_till: *valid_till };
            }
            return Ok(());
        }
        if self.issuance_ids.is_empty() {
            self.add_issuance_columns();
        }
        copy(&mut self.issuance_ids, rows, ids)?;
        copy(&mut self.event_times, rows, event_times)?;
        copy(&mut self.valid_tills, rows, valid_tills)
    }

    /// A read-back found the issuance of an unknown row. Only for the ledger of a read-back, a
    /// copy: in that of a run a row settles once.
    pub fn find_issued(
        &mut self,
        row: u32,
        issuance: &Issuance,
        extra: Option<ExtraTexts>,
    ) -> Result<(), Conflict> {
        self.change(row, State::Unknown, State::Issued)?;
        set(&mut self.causes, place(row), 0);
        self.keep_issuance(row, issuance, extra);
        self.mark_read_back(row);
        Ok(())
    }

    /// A read-back found that an unknown row was not issued.
    pub fn find_not_issued(&mut self, row: u32, cause: CauseIndex) -> Result<(), Conflict> {
        self.settle(row, State::Unknown, cause)?;
        self.mark_read_back(row);
        Ok(())
    }

    /// True if a read-back decided this row.
    pub fn is_read_back(&self, row: u32) -> bool {
        self.read_back.get(place(row)).is_some_and(|decided| *decided)
    }

    fn mark_read_back(&mut self, row: u32) {
        self.read_back.resize(self.ids.len(), false);
        set(&mut self.read_back, place(row), true);
    }

    fn keep_issuance(&mut self, row: u32, issuance: &Issuance, extra: Option<ExtraTexts>) {
        if extra.is_some() {
            self.extra.resize(self.ids.len(), None);
            set(&mut self.extra, place(row), extra.map(Box::new));
        }
        if self.drain.as_mut().is_some_and(|drain| drain.keep(row, issuance)) {
            return;
        }
        if self.issuance_ids.is_empty() {
            self.add_issuance_columns();
        }
        let index = place(row);
        set(&mut self.issuance_ids, index, issuance.id);
        set(&mut self.event_times, index, issuance.event_time);
        set(&mut self.valid_tills, index, issuance.valid_till);
    }

    /// Settles a row; `from` is the state that it must be in.
    pub fn settle(&mut self, row: u32, from: State, cause: CauseIndex) -> Result<(), Conflict> {
        let reason = self.table.get(usize::from(cause.0)).ok_or(Conflict)?.reason;
        self.change(row, from, State::settled_as(reason.outcome()))?;
        if self.causes.is_empty() {
            self.causes = vec![0; self.ids.len()];
        }
        set(&mut self.causes, place(row), cause.0.saturating_add(1));
        Ok(())
    }

    /// [`Ledger::settle`] for a whole batch.
    pub fn settle_all(
        &mut self,
        rows: &Range<u32>,
        from: State,
        cause: CauseIndex,
    ) -> Result<(), Conflict> {
        rows.clone().try_for_each(|row| self.settle(row, from, cause))
    }

    /// Keeps a cause once. Equal causes come close together, so only the newest are compared. Once
    /// the table is full, only the reason of a new cause is kept.
    pub fn cause(&mut self, cause: Cause) -> CauseIndex {
        const COMPARED: usize = 32;
        let full = self.table.len() >= CAUSES_MAX;
        let cause = if full { Cause::new(cause.reason) } else { cause };
        let from = if full { CAUSES_MAX } else { self.table.len().saturating_sub(COMPARED) };
        find(&self.table, from, &cause).unwrap_or_else(|| {
            self.table.push(cause);
            CauseIndex(u16::try_from(self.table.len().saturating_sub(1)).unwrap_or(u16::MAX))
        })
    }

    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// The issuance of a row, if it was issued.
    pub fn issuance(&self, row: u32) -> Option<Issuance> {
        let index = place(row);
        if self.states.get(index) != Some(&State::Issued) {
            return None;
        }
        if let Some(found) = self.drain.as_ref().and_then(|drain| drain.issuance(row)) {
            return Some(found);
        }
        Some(Issuance {
            id: *self.issuance_ids.get(index)?,
            event_time: *self.event_times.get(index)?,
            valid_till: *self.valid_tills.get(index)?,
        })
    }

    /// The cause of a row's outcome, if it has one and was not issued.
    pub fn cause_of(&self, row: u32) -> Option<&Cause> {
        let number = usize::from(*self.causes.get(place(row))?);
        self.table.get(number.checked_sub(1)?)
    }

    /// Column of issuance ids; empty where nothing was issued, as the next two.
    pub fn issuance_ids(&self) -> &[PackedIssuanceId] {
        &self.issuance_ids
    }

    /// The earliest `eventTime` of all issuances, if one has it.
    pub fn first_event_time(&self) -> Option<i64> {
        self.event_times.iter().copied().filter(|time| *time != NO_TIME).min()
    }

    pub fn event_times(&self) -> &[i64] {
        &self.event_times
    }

    pub fn valid_tills(&self) -> &[i64] {
        &self.valid_tills
    }

    /// For each row 0, or its place in [`Ledger::cause_table`] plus one; empty if no row has a
    /// cause.
    pub fn causes(&self) -> &[u16] {
        &self.causes
    }

    pub fn cause_table(&self) -> &[Cause] {
        &self.table
    }

    pub fn extra_texts(&self, row: u32) -> Option<&ExtraTexts> {
        self.extra.get(place(row))?.as_deref()
    }

    fn add_issuance_columns(&mut self) {
        let rows = self.ids.len();
        self.issuance_ids = vec![[0; 12]; rows];
        self.event_times = vec![NO_TIME; rows];
        self.valid_tills = vec![NO_TIME; rows];
    }

    /// Moves all rows, or none if one is not in state `from`.
    fn move_all(&mut self, rows: &Range<u32>, from: State, to: State) -> Result<(), Conflict> {
        let states = self.states.get_mut(places(rows)).ok_or(Conflict)?;
        if states.iter().any(|state| *state != from) {
            return Err(Conflict);
        }
        states.fill(to);
        self.count_change(from, to, rows.end.saturating_sub(rows.start));
        Ok(())
    }

    fn change(&mut self, row: u32, from: State, to: State) -> Result<(), Conflict> {
        let state = self.states.get_mut(place(row)).ok_or(Conflict)?;
        if *state != from {
            return Err(Conflict);
        }
        *state = to;
        self.count_change(from, to, 1);
        Ok(())
    }

    fn count_change(&mut self, from: State, to: State, rows: u32) {
        if let Some(count) = self.counts.get_mut(from as usize) {
            *count = count.saturating_sub(rows);
        }
        if let Some(count) = self.counts.get_mut(to as usize) {
            *count = count.saturating_add(rows);
        }
    }
}

fn find(table: &[Cause], from: usize, cause: &Cause) -> Option<CauseIndex> {
    let (place, _) = table.iter().enumerate().skip(from).find(|(_, known)| *known == cause)?;
    u16::try_from(place).ok().map(CauseIndex)
}

fn place(row: u32) -> usize {
    usize::try_from(row).unwrap_or(usize::MAX)
}

/// Extends a column, unless it is still empty.
fn lengthen<T: Clone>(column: &mut Vec<T>, rows: usize, value: T) {
    if !column.is_empty() {
        column.resize(rows, value);
    }
}

fn places(rows: &Range<u32>) -> Range<usize> {
    place(rows.start)..place(rows.end)
}

fn copy<T: Copy>(column: &mut [T], rows: &Range<u32>, values: &[T]) -> Result<(), Conflict> {
    let cells = column.get_mut(places(rows)).ok_or(Conflict)?;
    if cells.len() != values.len() {
        return Err(Conflict);
    }
    cells.copy_from_slice(values);
    Ok(())
}

fn set<T>(column: &mut [T], index: usize, value: T) {
    if let Some(cell) = column.get_mut(index) {
        *cell = value;
    }
}

#[cfg(test)]
mod tests;
