//! Cores that break one rule each. A checker that does not catch its saboteur checks nothing.
//!
//! A saboteur stands between the world and a real job: it gives it another plan than the witness
//! knows, keeps inputs from it, changes them, or changes what comes out. So the core itself needs
//! no switch that breaks it.

use crate::rule::Rule;
use crate::scenario::{Scenario, Settings};
use crate::subject::Subject;
use crate::world::PASSWORD;
use core::sync::atomic::{AtomicU64, Ordering};
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::intake::Findings;
use issue_bulk::job::{Job, Progress};
use issue_bulk::journal::Reader;
use issue_bulk::ledger::State;
use issue_bulk::policy::{Ambiguous, StopRules};
use issue_bulk::response::Flow;
use issue_bulk::status::Status;
use issue_bulk::time::{Instant, UnixTime};
use issue_bulk::traffic::{Head, Machine, Output};
use issue_bulk::verdict::Failure;

/// What a saboteur does, and the rule that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    LosesAnIdOnRetry,
    ForgetsUnknownIds,
    IgnoresCancel,
    IgnoresPause,
    IgnoresHold,
    SleepsWhileHeld,
    IgnoresDeadline,
    IgnoresStopVerdicts,
    IgnoresStopRules,
    TooManyInFlight,
    TooFast,
    TooManyIds,
    ForgetsTheSize,
    TooManyAttempts,
    TooPatient,
    IgnoresRetryAfter,
    SendsAmbiguousAgain,
    RepeatsUnasked,
    SendsTwice,
    TakesEntropy,
    DrainsForever,
    ForgetsToWake,
    TellsSecrets,
    BelievesCutBodies,
    AssumesSuccess,
    AssumesRefusal,
    RoundsIds,
    SendsWithoutCredentials,
    StopsForNothing,
    NeverResumes,
    PanicsOnGarbage,
    SendsBeforeStored,
    GoesOnUnstored,
    LosesARecord,
    KeepsTornTails,
    ForgetsTheJournal,
    ResumesInDoubt,
    ForgetsTheStoredSize,
}

pub const ALL: [(Sabotage, Rule); 38] = [
    (Sabotage::LosesAnIdOnRetry, Rule::Books),
    (Sabotage::ForgetsUnknownIds, Rule::SettledOnce),
    (Sabotage::IgnoresCancel, Rule::Silence),
    (Sabotage::IgnoresPause, Rule::Silence),
    (Sabotage::IgnoresHold, Rule::Silence),
    (Sabotage::SleepsWhileHeld, Rule::Waiting),
    (Sabotage::IgnoresDeadline, Rule::Silence),
    (Sabotage::IgnoresStopVerdicts, Rule::Silence),
    (Sabotage::IgnoresStopRules, Rule::Silence),
    (Sabotage::TooManyInFlight, Rule::Limits),
    (Sabotage::TooFast, Rule::Limits),
    (Sabotage::TooManyIds, Rule::Limits),
    (Sabotage::ForgetsTheSize, Rule::Limits),
    (Sabotage::TooManyAttempts, Rule::Limits),
    (Sabotage::TooPatient, Rule::Limits),
    (Sabotage::IgnoresRetryAfter, Rule::NotBefore),
    (Sabotage::SendsAmbiguousAgain, Rule::NeverAgain),
    (Sabotage::RepeatsUnasked, Rule::NeverAgain),
    (Sabotage::SendsTwice, Rule::NeverAgain),
    (Sabotage::TakesEntropy, Rule::Repeatable),
    (Sabotage::DrainsForever, Rule::Drain),
    (Sabotage::ForgetsToWake, Rule::Waiting),
    (Sabotage::TellsSecrets, Rule::Secrets),
    (Sabotage::BelievesCutBodies, Rule::Proof),
    (Sabotage::AssumesSuccess, Rule::Account),
    (Sabotage::AssumesRefusal, Rule::Account),
    (Sabotage::RoundsIds, Rule::Request),
    (Sabotage::SendsWithoutCredentials, Rule::Credentials),
    (Sabotage::StopsForNothing, Rule::Stops),
    (Sabotage::NeverResumes, Rule::Ends),
    (Sabotage::PanicsOnGarbage, Rule::Panics),
    (Sabotage::SendsBeforeStored, Rule::Journal),
    (Sabotage::GoesOnUnstored, Rule::Journal),
    (Sabotage::LosesARecord, Rule::Journal),
    (Sabotage::KeepsTornTails, Rule::Journal),
    (Sabotage::ForgetsTheJournal, Rule::NeverAgain),
    (Sabotage::ResumesInDoubt, Rule::NeverAgain),
    (Sabotage::ForgetsTheStoredSize, Rule::Limits),
];

/// The real job of a scenario, or a broken one.
pub fn subject(scenario: &Scenario, sabotage: Option<Sabotage>) -> Box<dyn Subject> {
    begun(scenario, sabotage, Instant::from_millis(scenario.start_ms))
}

fn begun(scenario: &Scenario, sabotage: Option<Sabotage>, now: Instant) -> Box<dyn Subject> {
    let (settings, seed) = bent(scenario, sabotage);
    let job = Job::new(settings.plan(), scenario.ids.clone(), settings.fetched, seed, now);
    let journalled = scenario.storage.is_some();
    let job = if journalled { job.with_journal(now, wall(now), Findings::default()) } else { job };
    boxed(job, sabotage)
}

fn bent(scenario: &Scenario, sabotage: Option<Sabotage>) -> (Settings, u64) {
    let mut settings = scenario.settings.clone();
    let mut seed = scenario.seed;
    if let Some(sabotage) = sabotage {
        sabotage.bend(&mut settings);
        if sabotage == Sabotage::TakesEntropy {
            static ENTROPY: AtomicU64 = AtomicU64::new(0);
            seed = ENTROPY.fetch_add(1, Ordering::Relaxed);
        }
    }
    (settings, seed)
}

fn boxed(job: Job, sabotage: Option<Sabotage>) -> Box<dyn Subject> {
    match sabotage {
        None => Box::new(job),
        Some(sabotage) => Box::new(Saboteur {
            job,
            sabotage,
            again: None,
            ends: 0,
            held: false,
            muted: None,
            kept: Vec::new(),
        }),
    }
}

/// What a process makes of the journal that it finds.
pub enum Resumed {
    Refused(String),
    /// Nothing had begun.
    Anew(Box<dyn Subject>),
    /// Goes on after so many bytes of it.
    From(Box<dyn Subject>, u64),
}

/// The job of a scenario in a process that finds a journal, or a broken one.
pub fn resumed(
    scenario: &Scenario,
    sabotage: Option<Sabotage>,
    bytes: &[u8],
    now: Instant,
    crashes: u64,
) -> Resumed {
    let (mut settings, seed) = bent(scenario, sabotage);
    let mut reader = Reader::default();
    reader.feed(bytes);
    let mut told = match reader.finish() {
        Err(damage) => return Resumed::Refused(format!("{damage:?}")),
        Ok(None) => return Resumed::Anew(begun(scenario, sabotage, now)),
        Ok(Some(told)) => told,
    };
    let mut sound = told.bytes;
    match sabotage {
        Some(Sabotage::ForgetsTheJournal) => {
            return Resumed::From(begun(scenario, sabotage, now), sound);
        }
        Some(Sabotage::ResumesInDoubt) => settings.ambiguous = Ambiguous::Retry,
        Some(Sabotage::ForgetsTheStoredSize) => told.size_max = None,
        Some(Sabotage::KeepsTornTails) => sound = bytes.len() as u64,
        _ => {}
    }
    let seed = seed.wrapping_add(crashes);
    match Job::from_journal(settings.plan(), told, settings.fetched, seed, now, wall(now)) {
        Ok(job) => Resumed::From(boxed(job, sabotage), sound),
        Err(error) => Resumed::Refused(error.message.into()),
    }
}

/// The client's wall clock, as its journal has it.
fn wall(now: Instant) -> UnixTime {
    UnixTime::from_millis(now.as_millis() as i64)
}

impl Sabotage {
    /// The plan of a core that does not heed it.
    fn bend(self, settings: &mut Settings) {
        match self {
            Self::IgnoresDeadline => settings.deadline_ms = None,
            Self::IgnoresStopRules => settings.stop = StopRules::NEVER,
            Self::TooManyInFlight => settings.concurrency = 64,
            Self::TooFast => settings.rate_per_minute = None,
            Self::TooManyIds => settings.batch_size = (settings.batch_size * 2).min(10_000),
            Self::RepeatsUnasked => settings.ambiguous = Ambiguous::Retry,
            Self::TooManyAttempts => settings.attempts = 100,
            Self::TooPatient => settings.timeout_ms = settings.timeout_ms.min(86_400_000) * 2,
            Self::SendsWithoutCredentials => settings.fetched = false,
            _ => {}
        }
    }
}

struct Saboteur {
    job: Job,
    sabotage: Sabotage,
    /// A send that will be repeated.
    again: Option<Output>,
    ends: u32,
    held: bool,
    /// An attempt whose body is replaced.
    muted: Option<(BatchId, AttemptNumber)>,
    /// Bytes of the journal that the job believes to be stored.
    kept: Vec<u8>,
}

impl Saboteur {
    fn is(&self, sabotage: Sabotage) -> bool {
        self.sabotage == sabotage
    }

    /// The job as a machine: [`Subject`] has methods of the same names.
    fn machine(&mut self) -> &mut dyn Machine {
        &mut self.job
    }

    /// An answer that nobody gave.
    fn invent(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber) {
        let body = self.job.request(batch).body.unwrap_or_default();
        let ids: Vec<i64> = serde_json::from_slice(&body).unwrap_or_default();
        let promotion = self.job.plan().promotion().as_str();
        let entry = |id: &i64| {
            format!(r#""{id}":{{"id":"1","customerId":{id},"promotionId":"{promotion}"}}"#)
        };
        let entries: Vec<String> = ids.iter().map(entry).collect();
        let body = format!(r#"{{"data":{{{}}}}}"#, entries.join(","));
        self.machine().handle_head(
            now,
            batch,
            attempt,
            Head { status: Status::Http(200), ..Head::default() },
        );
        let _whole = self.machine().handle_chunk(batch, attempt, body.as_bytes());
        self.machine().handle_end(now, batch, attempt);
    }
}

impl Subject for Saboteur {
    fn job(&self) -> &Job {
        &self.job
    }

    fn job_mut(&mut self) -> &mut Job {
        &mut self.job
    }

    fn poll_output(&mut self, now: Instant) -> Output {
        if let Some(again) = self.again.take() {
            return again;
        }
        if self.held && self.is(Sabotage::SleepsWhileHeld) {
            return Output::Wait { until: None };
        }
        match (self.sabotage, self.machine().poll_output(now)) {
            (Sabotage::SendsTwice, Output::Send { batch, attempt }) => {
                self.again = Some(Output::Send { batch, attempt });
                Output::Send { batch, attempt }
            }
            (Sabotage::SendsBeforeStored, Output::Persist) => {
                self.kept = self.machine().take_journal();
                self.machine().handle_persisted();
                Output::Persist
            }
            (Sabotage::DrainsForever, Output::Wait { until: Some(_) }) => Output::FetchCredentials,
            (Sabotage::ForgetsToWake, Output::Wait { .. }) => Output::Wait { until: None },
            (_, output) => output,
        }
    }

    fn body(&self, batch: BatchId) -> Vec<u8> {
        let body = self.job.request(batch).body.unwrap_or_default();
        if !self.is(Sabotage::RoundsIds) {
            return body;
        }
        let ids: Vec<i64> = serde_json::from_slice(&body).unwrap_or_default();
        let rounded: Vec<i64> = ids.iter().map(|id| *id as f64 as i64).collect();
        serde_json::to_vec(&rounded).unwrap_or_default()
    }

    fn head(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber, mut head: Head) {
        match self.sabotage {
            Sabotage::IgnoresRetryAfter => head.retry_after = None,
            Sabotage::IgnoresStopVerdicts
                if matches!(head.status, Status::Http(300..=399 | 403..=406 | 415)) =>
            {
                head.status = Status::Http(429);
            }
            Sabotage::ForgetsTheSize if head.status == Status::Http(413) => {
                head.status = Status::Http(404);
                self.muted = Some((batch, attempt));
            }
            Sabotage::TellsSecrets => head.request_id = Some(PASSWORD.into()),
            _ => {}
        }
        self.machine().handle_head(now, batch, attempt, head);
        if self.muted == Some((batch, attempt)) {
            let body = br#"{"errors":[{"code":404,"message":"Customer not found"}]}"#;
            let _whole = self.machine().handle_chunk(batch, attempt, body);
        }
    }

    fn chunk(&mut self, batch: BatchId, attempt: AttemptNumber, bytes: &[u8]) -> Flow {
        if self.is(Sabotage::PanicsOnGarbage) && bytes.contains(&b'<') {
            // Not `panic!`, whose message would stand among the results.
            std::panic::resume_unwind(Box::new("garbage"));
        }
        if self.muted == Some((batch, attempt)) {
            return Flow::More;
        }
        self.machine().handle_chunk(batch, attempt, bytes)
    }

    fn end(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber) {
        self.ends += 1;
        self.machine().handle_end(now, batch, attempt);
        if self.is(Sabotage::StopsForNothing) && self.ends == 3 {
            self.machine().cancel();
        }
    }

    fn failure(&mut self, now: Instant, batch: BatchId, attempt: AttemptNumber, how: Failure) {
        match self.sabotage {
            Sabotage::SendsAmbiguousAgain => {
                self.machine().handle_failure(now, batch, attempt, Failure::NotSent(None));
            }
            Sabotage::BelievesCutBodies => self.machine().handle_end(now, batch, attempt),
            Sabotage::AssumesSuccess => self.invent(now, batch, attempt),
            Sabotage::AssumesRefusal => {
                self.machine().handle_head(
                    now,
                    batch,
                    attempt,
                    Head { status: Status::Http(405), ..Head::default() },
                );
                self.machine().handle_failure(now, batch, attempt, how);
            }
            _ => self.machine().handle_failure(now, batch, attempt, how),
        }
    }

    fn take_journal(&mut self) -> Vec<u8> {
        let mut bytes = core::mem::take(&mut self.kept);
        bytes.extend(self.machine().take_journal());
        if self.is(Sabotage::LosesARecord) && self.ends > 0 {
            bytes.truncate(bytes.len() / 2);
        }
        bytes
    }

    fn persisted(&mut self) {
        if !self.is(Sabotage::SendsBeforeStored) {
            self.machine().handle_persisted();
        }
    }

    fn persist_failure(&mut self) {
        match self.sabotage {
            Sabotage::GoesOnUnstored => self.machine().handle_persisted(),
            _ => self.machine().handle_persist_failure(),
        }
    }

    fn pause(&mut self) {
        if !self.is(Sabotage::IgnoresPause) {
            self.machine().pause();
        }
    }

    fn resume(&mut self, now: Instant) {
        if !self.is(Sabotage::NeverResumes) {
            self.machine().resume(now);
        }
    }

    fn hold(&mut self) {
        self.held = true;
        if !self.is(Sabotage::IgnoresHold) {
            self.machine().hold();
        }
    }

    fn release(&mut self) {
        self.held = false;
        self.machine().release();
    }

    fn cancel(&mut self) {
        if !self.is(Sabotage::IgnoresCancel) {
            self.machine().cancel();
        }
    }

    fn progress(&self, now: Instant) -> Progress {
        let mut progress = self.job.progress(now);
        if self.is(Sabotage::LosesAnIdOnRetry) && progress.tally.resends > 0 {
            progress.queued = progress.queued.saturating_sub(1);
        }
        progress
    }

    fn states(&self, out: &mut Vec<State>) {
        out.clear();
        out.extend_from_slice(self.job.ledger().states());
        if self.is(Sabotage::ForgetsUnknownIds) && self.job.stopped().is_some() {
            out.iter_mut()
                .filter(|state| **state == State::Unknown)
                .for_each(|state| *state = State::Unsent);
        }
    }
}
