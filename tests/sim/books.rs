//! What must hold of the books after every input and every output, and of the wait in between.

use crate::meaning::Known;
use crate::rule::{Checked, Rule};
use crate::subject::Subject;
use crate::witness::Witness;
use core::mem;
use issue_bulk::job::{Progress, RunState};
use issue_bulk::ledger::State;
use issue_bulk::outcome::{Outcome, StopCode};
use issue_bulk::time::Instant;

impl Witness {
    /// Looks at the whole of the books.
    pub fn observe(&mut self, subject: &dyn Subject, now: Instant) -> Checked {
        self.note_time(now.as_millis());
        let progress = subject.progress(now);
        let mut states = Vec::with_capacity(self.seen.len());
        subject.states(&mut states);
        if self.moved || states != self.seen {
            self.check_settled_once(&states)?;
            self.check_proofs(&states)?;
        }
        self.check_books(&progress, &states)?;
        self.check_stops(subject, &progress)?;
        self.paused |= progress.state == RunState::Paused;
        self.obstructed = progress.paused_by.is_some();
        self.seen = mem::take(&mut states);
        self.moved = false;
        Ok(())
    }

    fn check_books(&self, progress: &Progress, states: &[State]) -> Checked {
        let mut counts = [0_u32; 6];
        for state in states {
            counts[*state as usize] += 1;
        }
        let told = [
            progress.issued,
            progress.rejected,
            progress.unsent,
            progress.unknown,
            progress.queued,
            progress.in_flight,
        ];
        let sum: u32 = told.iter().sum();
        let whole = sum == progress.distinct && states.len() == self.known.len();
        self.watch.check(Rule::Books, whole && told == counts, || {
            format!("{told:?} of {} told, {counts:?} in the books", progress.distinct)
        })?;
        let away: usize = self.open.iter().map(|departure| departure.rows.len()).sum();
        self.watch.check(Rule::Books, away == progress.in_flight as usize, || {
            format!("{away} ids are away, the books say {}", progress.in_flight)
        })
    }

    fn check_settled_once(&self, states: &[State]) -> Checked {
        let pairs = self.seen.iter().zip(states).enumerate();
        pairs.into_iter().try_for_each(|(row, (before, after))| {
            let kept = before.outcome().is_none() || before == after;
            self.watch.check(Rule::SettledOnce, kept, || {
                format!("row {row} was {before:?} and is {after:?}")
            })
        })
    }

    /// Each id is where its last exchange puts it, neither better nor worse.
    fn check_proofs(&self, states: &[State]) -> Checked {
        self.known.iter().zip(states).enumerate().try_for_each(|(row, (known, state))| {
            let is_ambiguous = self.ambiguous[row] > 0;
            let fits = match known {
                Known::NeverSent | Known::Back(_) | Known::Doubted if is_ambiguous => {
                    matches!(state, State::Queued | State::Unknown)
                }
                Known::Refused if is_ambiguous => *state == State::Unknown,
                Known::NeverSent | Known::Back(_) => {
                    matches!(state, State::Queued | State::Unsent)
                }
                Known::InFlight => *state == State::InFlight,
                Known::Issued(_) => *state == State::Issued,
                Known::Refused => *state == State::Rejected,
                Known::Unclear | Known::Doubted => *state == State::Unknown,
            };
            self.watch.check(Rule::Proof, fits, || {
                format!("row {row} is {state:?}, but its last exchange says {known:?}")
            })
        })
    }

    fn check_stops(&mut self, subject: &dyn Subject, progress: &Progress) -> Checked {
        let attended = self.settings.attended;
        if let Some(stopped) = subject.job().stopped() {
            let code = stopped.code;
            let obstacle = matches!(
                code,
                StopCode::Unauthorised
                    | StopCode::CredentialsUnavailable
                    | StopCode::AccessDenied
                    | StopCode::Blocked
                    | StopCode::ProxyAuthentication
                    | StopCode::NotTheService
                    | StopCode::RetryAfterTooLong
                    | StopCode::Throttled
            );
            let just = self.stops.contains(&code) && !(obstacle && attended);
            self.watch.check(Rule::Stops, just, || format!("stopped for {code:?}"))?;
            self.marks.insert(code.code());
        }
        if let Some(code) = progress.paused_by {
            let just = self.stops.contains(&code) && attended;
            self.watch.check(Rule::Stops, just, || format!("paused for {code:?}"))?;
            self.marks.insert(match code {
                StopCode::Unauthorised => "paused unauthorised",
                StopCode::CredentialsUnavailable => "paused credentials-unavailable",
                StopCode::AccessDenied => "paused access-denied",
                StopCode::Blocked => "paused blocked",
                StopCode::ProxyAuthentication => "paused proxy-authentication",
                StopCode::NotTheService => "paused not-the-service",
                StopCode::RetryAfterTooLong => "paused retry-after-too-long",
                _ => "paused throttled",
            });
        }
        Ok(())
    }

    /// A drain has ended in a wait: something must come of it, and nothing may be overdue.
    pub fn waits(&mut self, now: u64, until: Option<Instant>, storing: bool) -> Checked {
        let reason =
            !self.open.is_empty() || self.is_asking() || self.paused || self.held || storing;
        let sound = match until {
            None => reason,
            Some(until) => until.as_millis() > now && until < Instant::NEVER,
        };
        self.watch.check(Rule::Waiting, sound, || {
            format!("a wait until {until:?} at {now} ms, {} in flight", self.open.len())
        })?;
        let due = self.next_due();
        let wakes = until.map_or(u64::MAX, Instant::as_millis) <= due;
        self.watch.check(Rule::Waiting, wakes && due > now, || {
            format!("a wait until {until:?} at {now} ms, but {due} ms is due")
        })
    }

    /// The job says that it is done.
    pub fn done(&self) -> Checked {
        let settled = self.seen.iter().all(|state| state.outcome().is_some());
        self.watch.check(Rule::Ends, settled && self.open.is_empty(), || {
            "done, with ids that have no outcome".into()
        })
    }

    /// How many ids ended how.
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.seen.iter().filter(|state| state.outcome() == Some(outcome)).count() as u64
    }
}
