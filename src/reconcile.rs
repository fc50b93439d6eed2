//! The read-back of unknown ids: the promotions of a customer may show what the answers of a run
//! did not. It makes a new record and leaves the old one unchanged.
//!
//! 1. Reading starts after the quiet period, counted from the end of the run: the service may still
//!    act on a call that it never answered (reliability.md d).
//! 2. Each customer is read twice, with [`Rules::interval`] in between. Only two readings that
//!    agree decide; others are repeated, up to [`READS_MAX`](limits::READS_MAX) readings.
//! 3. A row of this promotion whose `eventTime` lies between the first sending and the end of the
//!    quiet period is the issuance: the id is issued. Two such rows are an id issued twice; it is
//!    issued, and a note says so.
//! 4. No such row, on a page that is not full and has no warnings, or a customer whom the service
//!    does not know: the id was not issued and is unsent, unless any reading showed a row that may
//!    be this run's.
//! 5. All else stays unknown: rows too close to the run, or with another `contextId`; pages that
//!    are full or unreadable; customers whose reading fails.
//!
//! Clocks: the service's `Date` at the reading gives the offset between its clock and ours. For a
//! start read from a journal that offset is unknown, because another clock wrote it; the first
//! issuance of the run bounds it. The window then starts at that issuance, or up to 26 hours before
//! it, and rows up to 26 hours before the window are ambiguous. Without an issuance every earlier
//! row is.
//!
//! Three cases go unnoticed: another party issued the same promotion to the same customer during
//! the run; an issuance was revoked before it was read; the service's read-back lags by more than
//! the quiet period. A row has no `contextId` (api.md 14); one with another than the run's proves
//! nothing.

mod page;
mod rules;
#[cfg(test)]
mod tests;

pub use page::Window;
pub use rules::{Rules, RulesGiven};

use crate::id::{CustomerId, pack_issuance_id};
use crate::job::{Progress, Record, RunState};
use crate::ledger::{Conflict, ExtraTexts, Issuance, State};
use crate::limits;
use crate::outcome::{Cause, Reason, StopCode, Stopped, Unsent};
use crate::plan::Service;
use crate::request::Request;
use crate::response::{NO_TIME, has_warnings, rows};
use crate::time::{Instant, UnixTime};
use crate::traffic::{Answered, CallOwner, Calls, Ended, Pacing};
use crate::verdict::{denies_the_customer, judge_read, speaks_of_customers};
use alloc::vec::Vec;
use page::{Earned, Reading, Search, UnclearReason, read_page};

/// The machine of a read-back. It is driven like a [`Job`](crate::job::Job); an exchange's batch is
/// the number of its customer among the unknown ones.
pub struct Reconcile {
    record: Record,
    /// The service to read from, which may differ from the one that issued.
    service: Service,
    rules: Rules,
    window: Window,
    calls: Calls,
    unknown: Vec<Customer>,
    /// Rows of the longest page so far, and the number of customers with a page of that length.
    longest: (u32, u32),
    evidence: Evidence,
}

struct Customer {
    row: u32,
    reads: u32,
    last: Option<Reading>,
    /// True if a reading showed a row that is or may be this run's; a later page without it cannot
    /// undo that.
    was_shown: bool,
}

/// The evidence of a read-back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Unknown ids at its start.
    pub asked: u32,
    /// Of them, found issued and found not issued. The others are still unknown.
    pub issued: u32,
    pub not_issued: u32,
    /// Calls made.
    pub calls: u32,
    /// Start of the time in which issuances count as the run's ...
    pub from: UnixTime,
    /// ... and its end, by our clock.
    pub until: UnixTime,
}

impl Reconcile {
    /// A read-back of the unknown ids of a record, at `now`, which is `wall_clock`.
    pub fn new(
        record: Record,
        service: Service,
        rules: Rules,
        fetched_credentials: bool,
        seed: u64,
        (now, wall_clock): (Instant, UnixTime),
    ) -> Self {
        let until = record.ended.after(rules.quiet);
        let first_event = record.ledger.first_event_time().map(UnixTime::from_millis);
        let window = Window { from: record.started, until, is_journals: false, first_event };
        let first_at = now.after(window.until.since(wall_clock).min(rules.quiet));
        let rate_per_minute = Some(rules.rate_per_minute);
        let pacing = Pacing { rate_per_minute, ..Pacing::of(&service) };
        let mut calls = Calls::new(pacing, fetched_credentials, seed, judge_read);
        let states = (0_u32..).zip(record.ledger.states());
        let unknown: Vec<Customer> = states
            .filter(|(_, state)| **state == State::Unknown)
            .map(|(row, _)| Customer { row, reads: 0, last: None, was_shown: false })
            .collect();
        for (number, _) in (0_u32..).zip(&unknown) {
            calls.ask(number, first_at);
        }
        let asked = u32::try_from(unknown.len()).unwrap_or(u32::MAX);
        let (from, until) = (window.from, window.until);
        let evidence = Evidence { asked, issued: 0, not_issued: 0, calls: 0, from, until };
        Self { record, service, rules, window, calls, unknown, longest: (0, 0), evidence }
    }

    /// Marks the record as one of a journal: its start was written by another process, perhaps on
    /// another machine, whose clock may have been wrong ([`Window::is_journals`]).
    #[must_use]
    pub const fn of_journal(mut self) -> Self {
        self.window.is_journals = true;
        self
    }

    fn customer(&self, number: u32) -> Option<i64> {
        let customer = self.unknown.get(usize::try_from(number).ok()?)?;
        self.record.ledger.ids().get(usize::try_from(customer.row).ok()?)
    }

    /// The reason why the reading ended early.
    pub const fn stopped(&self) -> Option<&Stopped> {
        self.calls.stopped()
    }

    pub fn progress(&self) -> Progress {
        self.record.progress(if self.calls.is_over() {
            RunState::Done
        } else if self.calls.is_paused() {
            RunState::Paused
        } else {
            RunState::Reconciling
        })
    }

    /// The new record, once the reading is done.
    pub fn into_record(mut self) -> (Record, Evidence) {
        self.evidence.calls = self.calls.calls();
        if let Some(stopped) = self.calls.stopped() {
            let (code, left) = (stopped.code.code(), self.left());
            let message = "The reading back ended early; the rest stays unknown.";
            self.record.note("read-back-stopped", message, left);
            // The stop's own code tells the caller what to do.
            self.record.note(code, stopped.code.advice(), 1);
        }
        self.record.was_read_back = true;
        (self.record, self.evidence)
    }

    fn left(&self) -> u32 {
        self.record.ledger.count(State::Unknown)
    }

    fn read(&mut self, now: Instant, answered: Answered) -> Result<(), Conflict> {
        let number = answered.number;
        let search = Search {
            customer: self.customer(number).ok_or(Conflict)?,
            promotion: self.record.plan.promotion().as_str(),
            context: self.record.plan.context().as_str(),
            window: self.window,
            ahead_ms: answered.head.as_ref().and_then(|head| head.clock_ahead_ms),
        };
        let reading = match answered.http_status().unwrap_or_default() {
            200 if answered.errors.is_empty() => {
                let reading = rows(&answered.text).map(|rows| read_page(&rows, &search));
                // The service warns that the page is incomplete.
                let is_partial = has_warnings(&answered.text);
                reading.filter(|reading| !(is_partial && matches!(reading, Reading::NoRow { .. })))
            }
            // A customer whom the service does not know was issued nothing.
            status if denies_the_customer(status, &answered.errors) => {
                Some(Reading::NoRow { rows: 0 })
            }
            404 if !speaks_of_customers(&answered.errors) => {
                self.calls.stop(StopCode::EndpointRefuses);
                return Ok(());
            }
            _ => None,
        };
        match reading {
            Some(reading) => {
                self.calls.accept();
                self.compare(now, number, reading)
            }
            None => {
                let ended = self.calls.reject(now, answered);
                self.conclude(now, ended);
                Ok(())
            }
        }
    }

    /// Decides once two readings agree, and asks again otherwise.
    fn compare(&mut self, now: Instant, number: u32, reading: Reading) -> Result<(), Conflict> {
        let place = usize::try_from(number).map_err(|_| Conflict)?;
        let customer = self.unknown.get_mut(place).ok_or(Conflict)?;
        customer.reads = customer.reads.saturating_add(1);
        if let (1, Reading::NoRow { rows }) = (customer.reads, &reading) {
            self.longest = match *rows {
                rows if rows > self.longest.0 => (rows, 1),
                rows if rows == self.longest.0 => (rows, self.longest.1.saturating_add(1)),
                _ => self.longest,
            };
        }
        let row = customer.row;
        let has_no_row = matches!(reading, Reading::NoRow { .. });
        customer.was_shown |= !has_no_row && reading != Reading::Unclear(UnclearReason::Unreadable);
        let may_decide = !(has_no_row && customer.was_shown);
        if may_decide && customer.last.as_ref().is_some_and(|last| agree(last, &reading)) {
            return self.decide(row, reading);
        }
        if customer.reads >= limits::READS_MAX {
            let message = "Readings of a customer kept disagreeing.";
            self.stay_unknown("read-backs-disagree", message);
            return Ok(());
        }
        customer.last = Some(reading);
        self.calls.ask(number, now.after(self.rules.interval));
        Ok(())
    }

    fn decide(&mut self, row: u32, reading: Reading) -> Result<(), Conflict> {
        match reading {
            Reading::Issued(earned) => self.found(row, &earned),
            Reading::NoRow { rows } if self.may_hide_more(rows) => {
                let message = "A customer has more promotions than one page shows.";
                self.stay_unknown("read-back-page-full", message);
                Ok(())
            }
            Reading::NoRow { .. } => {
                let cause = self.record.ledger.cause(Cause::new(Reason::Unsent(Unsent::NotIssued)));
                self.evidence.not_issued = self.evidence.not_issued.saturating_add(1);
                self.record.ledger.find_not_issued(row, cause)
            }
            Reading::Unclear(UnclearReason::NearTheRun) => {
                let message = "A row of the promotion is too near to the run to be told from it.";
                self.stay_unknown("read-back-near-run", message);
                Ok(())
            }
            Reading::Unclear(UnclearReason::OtherContext) => {
                let message = "A row from the time of the run names another contextId.";
                self.stay_unknown("read-back-other-context", message);
                Ok(())
            }
            Reading::Unclear(UnclearReason::Unreadable) => {
                let message = "A customer's promotions could not be understood.";
                self.stay_unknown("read-back-unreadable", message);
                Ok(())
            }
        }
    }

    fn found(&mut self, row: u32, earned: &Earned) -> Result<(), Conflict> {
        if earned.times > 1 {
            let message = "Customers have the promotion more than once from the time of this run.";
            self.record.note("issued-more-than-once", message, 1);
        }
        let packed = pack_issuance_id(earned.id.as_bytes());
        let issuance = Issuance {
            id: packed.unwrap_or_default(),
            event_time: earned.event_time,
            valid_till: earned.valid_till.unwrap_or(NO_TIME),
        };
        let other_id = packed.is_none().then(|| self.calls.redact(&earned.id));
        let extra = other_id.map(|id| ExtraTexts { id: Some(id), earned_from: None });
        self.evidence.issued = self.evidence.issued.saturating_add(1);
        self.record.ledger.find_issued(row, &issuance, extra)
    }

    /// True if rows beyond the page can exist: it has as many rows as were asked for, as the
    /// service gives by default, or as the longest pages of several customers, which suggests an
    /// undocumented limit (api.md 14).
    fn may_hide_more(&self, rows: u32) -> bool {
        rows >= self.rules.rows_max
            || rows == limits::READ_ROWS_UNASKED
            || (rows > limits::READ_ROWS_UNASKED
                && (rows, true) == (self.longest.0, self.longest.1 > 1))
    }

    fn stay_unknown(&mut self, code: &'static str, message: &'static str) {
        self.record.note(code, message, 1);
    }
}

impl CallOwner for Reconcile {
    fn calls(&self) -> &Calls {
        &self.calls
    }

    fn calls_mut(&mut self) -> &mut Calls {
        &mut self.calls
    }

    fn request_of(&self, number: u32) -> Request {
        let customer = self.customer(number).and_then(|id| CustomerId::new(id).ok());
        let limit = self.rules.rows_max;
        let url = customer.map(|id| self.service.endpoint.customer_url(id, limit));
        Request::get(url.unwrap_or_default())
    }

    fn conclude(&mut self, now: Instant, ended: Ended) {
        let result = match ended {
            Ended::Open | Ended::Refused(_) => Ok(()),
            Ended::GaveUp(_) => {
                self.stay_unknown("read-back-failed", "Customers could not be read back.");
                Ok(())
            }
            Ended::Answered(answered) => self.read(now, answered),
        };
        if result.is_err() {
            self.calls.stop(StopCode::InternalError);
        }
    }
}

/// True if two readings of a customer agree.
fn agree(one: &Reading, other: &Reading) -> bool {
    match (one, other) {
        (Reading::NoRow { .. }, Reading::NoRow { .. }) => true,
        _ => one == other,
    }
}
