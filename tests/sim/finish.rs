//! After the end: a job that is done stays as it is, the service's account agrees with the
//! report, and no secret stands in it.

use crate::meaning::{Back, Issuance, Known};
use crate::rule::{Checked, Rule};
use crate::trace::{Event, Fnv};
use crate::world::World;
use issue_bulk::outcome::{Outcome, Reason, Unsent};
use issue_bulk::report::{self, Detail, OutcomeRow};
use issue_bulk::status::Status;
use issue_bulk::traffic::{CredentialsFailure, Head, Output};

impl World {
    pub(crate) fn finish(&mut self) -> Checked {
        self.disturb()?;
        self.check_prefix()?;
        self.issue_the_rest();
        for row in 0..self.scenario.ids.len() as u32 {
            self.check_row(row)?;
        }
        let exports = self.subject.exports();
        self.check_secrets(&exports)?;
        self.log(Event::Report { csv: Fnv::of(&exports) });
        Ok(())
    }

    /// Late answers, credentials and commands find a job that is done and leave it so.
    fn disturb(&mut self) -> Checked {
        let now = self.now;
        let before = format!("{:?}", (self.subject.progress(now), self.subject.job().stopped()));
        let exports = self.subject.exports();
        let strays: Vec<_> = self.exchanges.iter().map(|e| (e.batch, e.attempt)).collect();
        for (batch, attempt) in strays.into_iter().take(20) {
            self.subject.head(
                now,
                batch,
                attempt,
                Head { status: Status::Http(200), ..Head::default() },
            );
            let _ignored = self.subject.chunk(batch, attempt, b"");
            self.subject.end(now, batch, attempt);
        }
        self.subject.credentials(now, None);
        self.subject.credentials_failure(now, CredentialsFailure::REFUSED);
        self.subject.persisted();
        self.subject.persist_failure();
        self.subject.pause();
        self.subject.resume(now);
        self.subject.cancel();
        self.witness.cancelled();
        let done = self.subject.poll_output(now) == Output::Done;
        let after = format!("{:?}", (self.subject.progress(now), self.subject.job().stopped()));
        let same = before == after && exports == self.subject.exports();
        self.witness.watch.check(Rule::SettledOnce, done && same, || {
            format!("a job that was done moved: {before} became {after}")
        })?;
        self.observe()
    }

    fn check_row(&mut self, index: u32) -> Checked {
        let customer = self.scenario.ids[index as usize];
        let row = report::row(self.subject.job(), index);
        let watch = self.witness.watch;
        let there = row.as_ref().is_some_and(|row| row.customer == customer);
        watch.check(Rule::Ends, there, || format!("customer {customer} has no outcome"))?;
        let Some(row) = row else { return Ok(()) };
        let account = self.service.issuances(customer);
        let doubled = self.service.is_doubled(customer);
        // An id that the policy lets leave again in doubt may be issued by each of its exchanges.
        let once = 1 + self.witness.ambiguous[index as usize] as usize;
        watch.check(Rule::Account, account.len() <= once || doubled, || {
            format!("customer {customer} was issued {} times", account.len())
        })?;
        let agrees = match row.outcome {
            Outcome::Issued => account.iter().any(|issuance| tells(&row, issuance)),
            Outcome::Rejected | Outcome::Unsent => account.is_empty() || doubled,
            Outcome::Unknown => true,
        };
        let outcome = row.outcome;
        watch.check(Rule::Account, agrees, || {
            format!("customer {customer} is {outcome:?}, the account says {account:?}")
        })?;
        let known = &self.witness.known[index as usize];
        let reason = self.subject.job().ledger().cause_of(index).map(|cause| cause.reason);
        let stopped = self.subject.job().stopped().map(|stopped| stopped.code);
        let just = match reason {
            Some(Reason::Unsent(Unsent::Stopped(code))) => Some(code) == stopped,
            Some(Reason::Unsent(Unsent::NotReached | Unsent::RetryBudgetUsed)) => {
                *known == Known::Back(Back::NotReached)
            }
            Some(Reason::Unsent(Unsent::TooLarge)) => *known == Known::Back(Back::TooLarge),
            Some(Reason::Unsent(Unsent::RefusedWithOthers)) => *known == Known::Back(Back::Guilty),
            Some(Reason::Rejected(_) | Reason::Unknown(_)) => true,
            // No run reads back.
            Some(Reason::Unsent(Unsent::NotIssued)) => false,
            None => outcome == Outcome::Issued,
        };
        watch.check(Rule::Stops, just, || {
            format!("customer {customer} is {outcome:?} for {reason:?}, after {known:?}")
        })?;
        self.reasons.insert(match reason {
            Some(reason) => (outcome.name(), reason.code()),
            None => (outcome.name(), ""),
        });
        Ok(())
    }

    fn check_secrets(&self, exports: &[u8]) -> Checked {
        let job = self.subject.job();
        let progress = self.subject.progress(self.now);
        let read = format!("{:?} {:?} {progress:?}", job.notes(), job.stopped());
        let read = [String::from_utf8_lossy(exports).as_ref(), &read].concat();
        let found = self.secrets().into_iter().find(|secret| read.contains(secret));
        self.witness.watch.check(Rule::Secrets, found.is_none(), || {
            "a secret stands in what the caller reads".into()
        })
    }
}

/// Whether a row of the report is this issuance of the account.
fn tells(row: &OutcomeRow<'_>, issuance: &Issuance) -> bool {
    let Detail::Issued(issued) = &row.detail else { return false };
    *issued.id == *issuance.plain_id()
        && issued.earned_from == &*issuance.context
        && issued.event_time == issuance.event_time
        && issued.valid_till == issuance.valid_till
}
