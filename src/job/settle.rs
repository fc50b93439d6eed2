//! From a verdict to the ledger: the only place where a batch in flight changes its state.

use super::{Conclusion, Flight, Job};
use crate::clock::{Age, Sent};
use crate::ledger::{Conflict, ExtraTexts, Issuance, State};
use crate::limits;
use crate::outcome::{Cause, Outcome, Reason, Rejection, StopCode, Stopped, Unknown, Unsent};
use crate::policy::Ambiguous;
use crate::response::{Answer, Body, Entries, NO_TIME, ServiceError, SlotState};
use crate::status::Status;
use crate::time::{Instant, UnixTime};
use crate::traffic::{AfterRefusal, Traffic};
use crate::verdict::{Exchange, Failure, Retry, SlotVerdict, Split, Verdict};
use crate::verdict::{judge, judge_entry_errors};
use alloc::boxed::Box;

impl Job {
    /// Ends an attempt: judges it, settles or requeues its batch, and decides what follows for the
    /// run.
    pub(super) fn conclude(&mut self, now: Instant, flight: Flight, failure: Option<Failure>) {
        if self.try_conclude(now, flight, failure).is_err() {
            self.break_down();
        }
    }

    fn try_conclude(
        &mut self,
        now: Instant,
        mut flight: Flight,
        failure: Option<Failure>,
    ) -> Result<(), Conflict> {
        let reader = flight.call.reader.take().ok_or(Conflict)?;
        let body = reader.finish(&super::expected(&self.plan, &flight.call.ids));
        let status = flight.status();
        let verdict = judge(&Exchange { status, body: &body, failure });
        self.count(verdict);
        self.note_failure(failure);
        self.concluded = Some(Conclusion {
            batch: flight.batch,
            attempt: flight.attempt,
            rows: flight.call.batch.rows.clone(),
            status: status.and_then(Status::number),
            request_id: flight.head.as_ref().and_then(|head| head.request_id.clone()),
            verdict,
        });
        match (verdict, &body) {
            (Verdict::Match, Body::Answer(answer)) => self.match_ids(&flight, answer)?,
            // The table gives `Match` only for an answer; a broken body proves nothing.
            (Verdict::Match, Body::Broken(_)) => {
                self.hold_or_resend(now, flight, Unknown::CutBody, None)?
            }
            (Verdict::Hold(reason), _) => {
                self.hold_or_resend(now, flight, reason, first_error(&body))?
            }
            (Verdict::HoldAndStop(reason, code), _) => {
                self.hold_and_stop(now, flight, reason, code)?
            }
            (Verdict::Retry(retry), _) => self.retry(now, flight, retry)?,
            (Verdict::Split(split), _) => self.split(flight, split, first_error(&body))?,
            (Verdict::Refresh, _) => self.refresh(now, flight, first_error(&body))?,
            (Verdict::Stop(code), _) => self.stop_with(flight, code, first_error(&body))?,
        }
        self.apply_stop_rules();
        Ok(())
    }

    /// Takes what the exchange says of the service: its clock, load and failures.
    fn count(&mut self, verdict: Verdict) {
        let tally = &mut self.tally;
        tally.exchanges = tally.exchanges.saturating_add(1);
        match verdict {
            Verdict::Match => {
                self.traffic.succeeded();
            }
            Verdict::Hold(_) => tally.ambiguous(),
            Verdict::Retry(Retry::NotSent) => tally.failures = tally.failures.saturating_add(1),
            Verdict::Retry(Retry::Throttled)
            | Verdict::Split(_)
            | Verdict::Refresh
            | Verdict::Stop(_)
            // A person decides if the run goes on; no rule does.
            | Verdict::HoldAndStop(..) => {}
        }
    }

    /// Keeps the network's error, so that a run that it stops can name it.
    fn note_failure(&mut self, failure: Option<Failure>) {
        self.failure_cause = match failure {
            Some(Failure::NotSent(cause) | Failure::Network(cause)) => cause,
            Some(Failure::Timeout) | None => None,
        };
        if let Some(Failure::NotSent(Some(cause))) = failure {
            self.note(cause.kind.code(), cause.kind.advice());
        }
    }

    fn stop_by_rule(&mut self, code: StopCode) {
        let cause = self.failure_cause;
        self.stop(Stopped { cause, ..Stopped::plain(code) });
    }

    fn apply_stop_rules(&mut self) {
        let rules = self.plan.policy().stop;
        let tally = &self.tally;
        if tally.ambiguous_in_row >= rules.ambiguous_in_row {
            self.stop_by_rule(StopCode::TooManyAmbiguous);
            return;
        }
        let percent = u64::from(tally.failures).saturating_mul(100);
        let bar = u64::from(tally.exchanges).saturating_mul(u64::from(rules.failure_percent));
        if tally.exchanges >= rules.failure_calls_min && percent >= bar {
            self.stop_by_rule(StopCode::TooManyFailures);
        }
    }

    /// Judges each id by its own slot.
    fn match_ids(&mut self, flight: &Flight, answer: &Answer) -> Result<(), Conflict> {
        self.ledger.expect(&flight.call.batch.rows);
        let entries = &answer.entries;
        let sent = self.sent(flight);
        let oldest = entries.event_time.iter().copied().filter(|time| *time != NO_TIME).min();
        let age = age(sent, oldest.unwrap_or(NO_TIME));
        let is_plain = entries.are_plainly_issued() && !answer.is_failed && age != Age::Older;
        let unclear = if is_plain {
            let Entries { issuance, event_time, valid_till, .. } = entries;
            self.ledger.issue_all(&flight.call.batch.rows, issuance, event_time, valid_till)?;
            0
        } else {
            self.match_each(flight, answer, sent)?
        };
        if age != Age::OfTheCall {
            self.note("answer-older-than-call", OLDER_THAN_CALL);
        }
        self.record_outcome(&flight.call.batch);
        // An answer that decides nothing is as ambiguous as a failure.
        if unclear == flight.call.batch.len() {
            self.tally.ambiguous();
        } else {
            self.tally.ambiguous_in_row = 0;
        }
        self.note_oddities(flight, answer);
        Ok(())
    }

    /// The time at which the call was sent, by both clocks, if both are known.
    fn sent(&self, flight: &Flight) -> Option<Sent> {
        let by_service = self.service_clock.at(flight.sent_at)?;
        Some(Sent { by_service, by_own: flight.call.sent_by_own? })
    }

    /// [`Job::match_ids`] slot by slot; returns the number of unclear ones.
    fn match_each(
        &mut self,
        flight: &Flight,
        answer: &Answer,
        sent: Option<Sent>,
    ) -> Result<u32, Conflict> {
        let entries = &answer.entries;
        let columns = entries
            .states
            .iter()
            .zip(&entries.issuance)
            .zip(entries.event_time.iter().zip(&entries.valid_till));
        let (mut matched, mut unclear) = (0_u32, 0_u32);
        for (slot, ((state, id), (event_time, valid_till))) in (0_u32..).zip(columns) {
            let row = flight.call.batch.rows.start.checked_add(slot).ok_or(Conflict)?;
            matched = slot.saturating_add(1);
            let is_older = age(sent, *event_time) == Age::Older;
            if *state == SlotState::Issued && !answer.is_failed && !is_older {
                let issuance =
                    Issuance { id: *id, event_time: *event_time, valid_till: *valid_till };
                let extra = extra_texts(answer, slot, &self.traffic);
                self.ledger.issue(row, &issuance, extra)?;
                continue;
            }
            let (reason, error) = match state {
                SlotState::Issued if is_older => (Reason::Unknown(Unknown::OlderThanCall), None),
                _ => slot_reason(*state, entries.refused.get(slot)),
            };
            unclear = unclear.saturating_add(u32::from(reason.outcome() == Outcome::Unknown));
            let cause = unless_ambiguous(flight, self.with_error(flight.cause(reason), error));
            let cause = self.ledger.cause(cause);
            self.ledger.settle(row, State::InFlight, cause)?;
        }
        if matched == flight.call.batch.len() { Ok(unclear) } else { Err(Conflict) }
    }

    /// Stops the run if an answer names ids or promotions that were not sent: this may be another
    /// service, or it issues another promotion. Outcomes that the answer proved are kept.
    fn note_oddities(&mut self, flight: &Flight, answer: &Answer) {
        if !answer.entries.other_contexts.is_empty() {
            self.note("context-differs", "An issuance came back with another earnedFromId.");
        }
        if answer.extra.other_keys > 0 {
            self.note("unreadable-keys", "An answer held keys that are no customer ids.");
        }
        if answer.is_failed && answer.entries.states.contains(&SlotState::Issued) {
            self.note("failed-beside-issuances", "An answer that says it failed held issuances.");
        }
        if answer.errors_total > 0 {
            self.note("errors-beside-data", "An answer held errors beside its data.");
        }
        if answer.extra.ids_total > 0 || !answer.mismatched.is_empty() {
            let cause = flight.cause(Reason::Unsent(Unsent::Stopped(StopCode::ProtocolViolation)));
            self.stop(Stopped::by(StopCode::ProtocolViolation, cause));
        }
    }

    /// An ambiguous exchange: settles the ids as unknown, or resends them if the policy says so and
    /// attempts and retry budget remain.
    fn hold_or_resend(
        &mut self,
        now: Instant,
        mut flight: Flight,
        reason: Unknown,
        error: Option<&ServiceError>,
    ) -> Result<(), Conflict> {
        let policy = self.plan.policy();
        let again = policy.ambiguous == Ambiguous::Retry
            && flight.call.batch.attempts < policy.attempts_max
            && self.traffic.may_retry();
        if !again {
            return self.settle(&flight, Reason::Unknown(reason), error);
        }
        let ambiguity = self.with_error(flight.cause(Reason::Unknown(reason)), error);
        flight.call.batch.ambiguity = Some(Box::new(ambiguity));
        let wait = self.traffic.retry_wait(flight.call.batch.attempts);
        self.come_back(flight, now.after(wait))
    }

    fn settle(
        &mut self,
        flight: &Flight,
        reason: Reason,
        error: Option<&ServiceError>,
    ) -> Result<(), Conflict> {
        let cause = unless_ambiguous(flight, self.with_error(flight.cause(reason), error));
        let cause = self.ledger.cause(cause);
        self.ledger.settle_all(&flight.call.batch.rows, State::InFlight, cause)?;
        self.record_outcome(&flight.call.batch);
        Ok(())
    }

    /// Not processed: requeues the batch after a wait, while attempts and retry budget remain.
    fn retry(&mut self, now: Instant, mut flight: Flight, retry: Retry) -> Result<(), Conflict> {
        match retry {
            // The gate closed at the head of the answer; this attempt does not count.
            Retry::Throttled => {
                flight.call.batch.attempts = flight.call.batch.attempts.saturating_sub(1);
                self.come_back(flight, now)
            }
            Retry::NotSent => {
                if flight.call.batch.attempts >= self.plan.policy().attempts_max {
                    return self.settle(&flight, Reason::Unsent(Unsent::NotReached), None);
                }
                if !self.traffic.may_retry() {
                    return self.settle(&flight, Reason::Unsent(Unsent::RetryBudgetUsed), None);
                }
                let wait = self.traffic.retry_wait(flight.call.batch.attempts);
                self.come_back(flight, now.after(wait))
            }
        }
    }

    /// Refused as a whole: sends halves, down to the single id that is to blame.
    fn split(
        &mut self,
        flight: Flight,
        split: Split,
        error: Option<&ServiceError>,
    ) -> Result<(), Conflict> {
        let single = flight.call.batch.len() <= 1;
        match split {
            Split::TooLarge if single => {
                return self.settle(&flight, Reason::Unsent(Unsent::TooLarge), error);
            }
            Split::Guilty if single => {
                let reason = Reason::Rejected(Rejection::InvalidCustomer);
                return self.settle(&flight, reason, error);
            }
            Split::TooLarge => self.shrink(flight.call.batch.len() / 2),
            Split::Guilty if self.tally.probes >= limits::PROBES_MAX => {
                return self.settle(&flight, Reason::Unsent(Unsent::RefusedWithOthers), error);
            }
            Split::Guilty => self.tally.probes = self.tally.probes.saturating_add(2),
        }
        self.ledger.come_back(&flight.call.batch.rows)?;
        self.record_return(&flight.call.batch);
        if !self.queue.push_halves(&flight.call.batch) {
            return Err(Conflict);
        }
        self.settle_if_stopped();
        Ok(())
    }

    /// Credentials refused: renews them once if possible; after that it is an obstacle.
    fn refresh(
        &mut self,
        now: Instant,
        mut flight: Flight,
        error: Option<&ServiceError>,
    ) -> Result<(), Conflict> {
        let refusal = self.traffic.refused(now, &flight);
        let reason = Reason::Unsent(Unsent::Stopped(StopCode::Unauthorised));
        let stopped =
            Stopped::by(StopCode::Unauthorised, self.with_error(flight.cause(reason), error));
        flight.call.batch.attempts = flight.call.batch.attempts.saturating_sub(1);
        self.come_back(flight, now)?;
        if refusal == AfterRefusal::Final {
            self.meet_obstacle(stopped);
        }
        Ok(())
    }

    /// Stops the run: none of its other calls would be processed either.
    fn stop_with(
        &mut self,
        flight: Flight,
        code: StopCode,
        error: Option<&ServiceError>,
    ) -> Result<(), Conflict> {
        let reason = Reason::Unsent(Unsent::Stopped(code));
        let stopped = Stopped::by(code, self.with_error(flight.cause(reason), error));
        self.come_back(flight, Instant::START)?;
        if is_obstacle(code) {
            self.meet_obstacle(stopped);
        } else {
            self.stop(stopped);
        }
        Ok(())
    }

    /// Holds these ids as unknown, and meets an obstacle: no other call of this run would reach the
    /// service.
    fn hold_and_stop(
        &mut self,
        now: Instant,
        flight: Flight,
        reason: Unknown,
        code: StopCode,
    ) -> Result<(), Conflict> {
        let stopped = Stopped::by(code, flight.cause(Reason::Unsent(Unsent::Stopped(code))));
        self.hold_or_resend(now, flight, reason, None)?;
        self.meet_obstacle(stopped);
        // A run that pauses may have nothing left to send, or go on: its report says why.
        if self.stopped.is_none() {
            self.note(code.code(), code.advice());
        }
        Ok(())
    }

    /// Adds the service's message, redacted: it may repeat what it was sent.
    fn with_error(&self, cause: Cause, error: Option<&ServiceError>) -> Cause {
        match error {
            Some(error) => {
                Cause { code: error.code, message: self.traffic.redact(&error.message), ..cause }
            }
            None => cause,
        }
    }

    fn come_back(&mut self, flight: Flight, not_before: Instant) -> Result<(), Conflict> {
        let mut batch = flight.call.batch;
        self.ledger.come_back(&batch.rows)?;
        self.record_return(&batch);
        batch.not_before = not_before;
        self.queue.push(batch);
        self.settle_if_stopped();
        Ok(())
    }
}

/// The obstacles that a person can remove while the run waits.
const fn is_obstacle(code: StopCode) -> bool {
    matches!(code, StopCode::AccessDenied | StopCode::Blocked | StopCode::ProxyAuthentication)
}

const OLDER_THAN_CALL: &str = "An answer held issuances from before its call: a cache repeated it, \
     or the clock of this machine is ahead.";

/// The age of an issuance against its call. Without an `eventTime` or comparable clocks it counts
/// as made by the call.
fn age(sent: Option<Sent>, event_time: i64) -> Age {
    match sent {
        Some(sent) if event_time != NO_TIME => {
            sent.age_of(UnixTime::from_millis(event_time), limits::CLOCK_TOLERANCE)
        }
        _ => Age::OfTheCall,
    }
}

/// The cause of an id that is not issued. If an earlier attempt of its batch was ambiguous that
/// cause stands: a later attempt proves nothing about the earlier one.
fn unless_ambiguous(flight: &Flight, cause: Cause) -> Cause {
    match &flight.call.batch.ambiguity {
        Some(ambiguity) if cause.reason.outcome() != Outcome::Unknown => (**ambiguity).clone(),
        _ => cause,
    }
}

/// The reason why a slot is not issued, and the error behind it.
fn slot_reason(state: SlotState, errors: &[ServiceError]) -> (Reason, Option<&ServiceError>) {
    let unknown = match state {
        SlotState::Refused => {
            let (verdict, error) = judge_entry_errors(errors);
            let reason = match verdict {
                SlotVerdict::Rejected(rejection) => Reason::Rejected(rejection),
                SlotVerdict::Unknown(unknown) => Reason::Unknown(unknown),
            };
            return (reason, error);
        }
        SlotState::Absent => Unknown::MissingInAnswer,
        SlotState::Mismatched => Unknown::MismatchedEntry,
        SlotState::Unreadable => Unknown::UnreadableEntry,
        // The answer says that it failed as a whole.
        SlotState::Issued => Unknown::ErrorsInSuccess,
    };
    (Reason::Unknown(unknown), None)
}

fn extra_texts<T>(answer: &Answer, slot: u32, traffic: &Traffic<T>) -> Option<ExtraTexts> {
    let id = answer.entries.other_ids.get(slot);
    let earned_from = answer.entries.other_contexts.get(slot);
    let redact = |text| traffic.redact(text);
    (id.is_some() || earned_from.is_some())
        .then(|| ExtraTexts { id: id.map(redact), earned_from: earned_from.map(redact) })
}

fn first_error(body: &Body) -> Option<&ServiceError> {
    match body {
        Body::Answer(answer) => answer.errors.first(),
        Body::Broken(_) => None,
    }
}
