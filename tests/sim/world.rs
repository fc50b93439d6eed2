//! One world: virtual time, the service, the network and the driver around a job. It first runs
//! with faults (safety), then without (liveness): then every run must come to its end.

use crate::chance::Chance;
use crate::fault::{Fault, Weather};
use crate::network::{self, Ending, Reply};
use crate::rule::{Checked, Rule, Watch};
use crate::saboteur::{self, Sabotage};
use crate::scenario::{Operator, Scenario};
use crate::service::{Call, Service};
use crate::storage::Storage;
use crate::subject::Subject;
use crate::trace::{Event, Fnv, Trace};
use crate::witness::{Departure, Witness};
use issue_bulk::auth::{Auth, Secret, renew_after, token_header};
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::request::Header;
use issue_bulk::time::Instant;
use issue_bulk::traffic::{CredentialsFailure, Machine, Output};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The secrets of a run; none of them may be read anywhere but in a request.
pub const PASSWORD: &str = "CANARY-password";
pub const CLIENT_SECRET: &str = "CANARY-secret";
const TOKEN: &str = "CANARY-token-";

/// The service's wall clock at the start of the driver's: 2026-11-22T21:00:00Z.
const WALL_CLOCK_MS: u64 = 1_795_381_200_000;
/// Virtual time after the last fault in which a run must end. One attempt may take 30 days, and
/// 400 batches at one a minute seven hours.
const RUN_MS_MAX: u64 = 90 * 24 * 3_600_000;
const EVENTS_MAX: u64 = 2_000_000;

/// Something that will happen.
pub(crate) enum Happening {
    /// The next piece of an exchange reaches the client.
    Piece(usize),
    IssuedLate(Vec<i64>),
    Credentials(Result<u64, CredentialsFailure>),
    /// What was handed over is stored, or so much of it before that failed.
    Stored(Option<usize>),
    Operator(Operator),
    /// No more faults from here.
    Heal,
    /// Whoever attends the run looks after it, and again after this long.
    Look(u64),
}

/// One attempt on its way, seen by the driver.
pub(crate) struct Exchange {
    pub(crate) batch: BatchId,
    pub(crate) attempt: AttemptNumber,
    pub(crate) reply: Reply,
    pub(crate) status: Option<u16>,
    /// Bytes of the body that were fed.
    pub(crate) fed: usize,
    /// The largest piece that comes at once.
    pub(crate) piece_max: usize,
    /// The job has given it up, or it has ended.
    pub(crate) closed: bool,
}

pub struct World {
    pub(crate) subject: Box<dyn Subject>,
    pub scenario: Scenario,
    pub service: Service,
    pub witness: Witness,
    pub trace: Trace,
    pub(crate) now: Instant,
    pub(crate) chance: Chance,
    weather: Weather,
    pub(crate) agenda: BTreeMap<(u64, u64), Happening>,
    agenda_count: u64,
    pub(crate) exchanges: Vec<Exchange>,
    rows: HashMap<i64, u32>,
    auth: Auth,
    header: Header,
    tokens: u64,
    pub(crate) healed: bool,
    pub faults: BTreeSet<String>,
    /// Outcomes of ids with their reasons.
    pub reasons: BTreeSet<(&'static str, &'static str)>,
    pub requests: u64,
    /// Of a run with a journal.
    pub(crate) storage: Option<Storage>,
    pub(crate) sabotage: Option<Sabotage>,
}

impl World {
    pub fn new(
        scenario: &Scenario,
        sabotage: Option<Sabotage>,
        watch: Watch,
        trace: Trace,
    ) -> Self {
        let secret = Secret::new(if scenario.settings.fetched { CLIENT_SECRET } else { PASSWORD });
        let auth = match scenario.settings.fetched {
            true => Auth::Client { key: Secret::new("key"), secret },
            false => Auth::Basic { username: "till".into(), password: secret },
        };
        let header = auth.header().expect("plain credentials");
        let mut world = Self {
            subject: saboteur::subject(scenario, sabotage),
            service: Service::new(scenario),
            witness: Witness::new(scenario, watch),
            trace,
            now: Instant::from_millis(scenario.start_ms),
            chance: Chance::new(scenario.seed, 2),
            weather: scenario.weather.clone(),
            agenda: BTreeMap::new(),
            agenda_count: 0,
            exchanges: Vec::new(),
            rows: scenario.ids.iter().copied().zip(0..).collect(),
            header: header.unwrap_or_else(|| token_header("none").expect("a word")),
            auth,
            tokens: 0,
            healed: false,
            faults: BTreeSet::new(),
            reasons: BTreeSet::new(),
            requests: 0,
            storage: scenario.storage.map(|habits| Storage::new(habits, scenario.ids.len())),
            sabotage,
            scenario: scenario.clone(),
        };
        for (after, act) in &scenario.operator {
            world.plan(*after, Happening::Operator(*act));
        }
        world.plan(scenario.heal_after_ms, Happening::Heal);
        world
    }

    /// Runs to the end: all ids settled and nothing in flight.
    pub fn run(&mut self) -> Checked {
        let give_up = self.scenario.start_ms + self.scenario.heal_after_ms + RUN_MS_MAX;
        self.subject.job_mut().start(self.now);
        self.observe()?;
        loop {
            let Some(until) = self.drain()? else { return self.finish() };
            let next = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let until = until.map(Instant::as_millis);
            let at = [next, until].into_iter().flatten().min().unwrap_or(u64::MAX);
            let ends = at <= give_up && self.trace.count < EVENTS_MAX;
            self.witness.watch.check(Rule::Ends, ends, || "the run does not end".into())?;
            if !ends {
                return Ok(());
            }
            self.now = self.now.max(Instant::from_millis(at));
            // At the same moment the timer and the network may come in either order.
            if until.is_none_or(|until| until > at) || self.chance.coin() {
                self.let_happen()?;
            }
        }
    }

    /// Polls until the job waits; `None` once it is done.
    fn drain(&mut self) -> Result<Option<Option<Instant>>, crate::rule::Violation> {
        let concurrency = self.scenario.settings.concurrency as usize;
        let most = self.witness.open.len() + concurrency + 3;
        let mut left = most;
        loop {
            let output = self.subject.poll_output(self.now);
            self.witness.polled(self.now.as_millis());
            self.act(output)?;
            self.observe()?;
            match output {
                Output::Wait { until } => {
                    self.witness.waits(self.now.as_millis(), until, self.is_storing())?;
                    return Ok(Some(until));
                }
                Output::Done => {
                    self.witness.done()?;
                    if !self.dies_at_the_end()? {
                        return Ok(None);
                    }
                    left = most;
                }
                _ if self.dies()? => left = most,
                _ => {}
            }
            let watch = self.witness.watch;
            watch.check(Rule::Drain, left > 0, || "a drain does not end".into())?;
            let Some(less) = left.checked_sub(1) else { return Ok(Some(None)) };
            left = less;
        }
    }

    fn act(&mut self, output: Output) -> Checked {
        match output {
            Output::Send { batch, attempt } => self.send(batch, attempt),
            Output::Abort { batch, attempt } => self.abort(batch, attempt),
            Output::FetchCredentials => self.fetch_credentials(),
            Output::Persist => self.persist(),
            Output::Wait { until } => {
                self.log(Event::Wait { until: until.map(Instant::as_millis) });
                Ok(())
            }
            Output::Done => {
                self.log(Event::Done);
                Ok(())
            }
        }
    }

    fn send(&mut self, batch: BatchId, attempt: AttemptNumber) -> Checked {
        let body = self.subject.body(batch);
        let ids: Option<Vec<i64>> = serde_json::from_slice(&body).ok();
        let rows: Option<Vec<u32>> =
            ids.as_ref().and_then(|ids| ids.iter().map(|id| self.rows.get(id).copied()).collect());
        let watch = self.witness.watch;
        watch.check(Rule::Request, rows.is_some(), || {
            format!("a body holds ids that were not given: {}", String::from_utf8_lossy(&body))
        })?;
        let (Some(ids), Some(rows)) = (ids, rows) else { return Ok(()) };
        let fault = self.weather.fault(&mut self.chance);
        self.check_intent(batch, attempt, &rows)?;
        self.log(Event::Send {
            batch: batch.0,
            attempt: attempt.0,
            ids: ids.len(),
            body: Fnv::of(&body),
            fault,
        });
        self.witness.sent(Departure {
            batch: batch.0,
            attempt: attempt.0,
            rows,
            body_bytes: body.len(),
            at_ms: self.now.as_millis(),
            epoch: self.witness.epoch(),
        })?;
        self.requests += 1;
        self.carry(batch, attempt, ids, fault);
        Ok(())
    }

    fn carry(
        &mut self,
        batch: BatchId,
        attempt: AttemptNumber,
        ids: Vec<i64>,
        fault: Option<Fault>,
    ) {
        if let Some(fault) = fault {
            self.faults.insert(format!("fault {fault:?}"));
        }
        let credentials = self.header.value().to_owned();
        let call = Call { ids, credentials, service_ms: self.wall_ms() };
        let reply = network::carry(&mut self.service, &call, fault, &mut self.chance);
        if reply.processed_late {
            let after = self.chance.magnitude(1, 1_800_000);
            self.plan(after, Happening::IssuedLate(call.ids));
        }
        let len = reply.answer.as_ref().map_or(0, |answer| answer.body.len() as u64);
        let small = if len < 2_000 { 1 } else { 64 };
        let piece_max =
            if self.chance.coin() { len } else { self.chance.magnitude(small, len + 64) };
        let silent = reply.answer.is_none() && reply.ending == Ending::Silence;
        let exchange = self.exchanges.len();
        self.exchanges.push(Exchange {
            batch,
            attempt,
            reply,
            status: None,
            fed: 0,
            piece_max: piece_max.max(1) as usize,
            closed: false,
        });
        if !silent {
            let after = self.chance.magnitude(1, self.scenario.latency_ms_max);
            self.plan(after, Happening::Piece(exchange));
        }
    }

    fn abort(&mut self, batch: BatchId, attempt: AttemptNumber) -> Checked {
        self.log(Event::Abort { batch: batch.0, attempt: attempt.0 });
        self.witness.aborted(self.now.as_millis(), batch.0, attempt.0)?;
        let open = self.exchanges.iter_mut().rfind(|e| (e.batch, e.attempt) == (batch, attempt));
        if let Some(exchange) = open {
            exchange.closed = true;
            let meaning = exchange.reply.meaning.clone().when_cut(exchange.status);
            self.witness.concluded(self.now.as_millis(), batch.0, attempt.0, &meaning);
        }
        Ok(())
    }

    fn fetch_credentials(&mut self) -> Checked {
        self.log(Event::FetchCredentials);
        self.witness.asked_for_credentials(self.now.as_millis())?;
        let fails = !self.healed && self.chance.percent(self.scenario.credentials_percent);
        let result = match self.chance.between(0, 9) {
            0 if fails => Err(CredentialsFailure::REFUSED),
            1 | 2 if fails => return Ok(()),
            _ if fails => Err(CredentialsFailure::UNAVAILABLE),
            _ => Ok(self.scenario.token_seconds),
        };
        // A token that is as old as it lives when it comes is worth nothing to anybody.
        let slow = if self.healed { 100 } else { self.scenario.latency_ms_max };
        let after = self.chance.magnitude(1, slow);
        self.plan(after, Happening::Credentials(result));
        Ok(())
    }

    /// Lets everything happen whose time has come; a driver may drain in between or not.
    fn let_happen(&mut self) -> Checked {
        while let Some(entry) = self.agenda.first_entry() {
            if entry.key().0 > self.now.as_millis() {
                break;
            }
            let happening = entry.remove();
            self.happen(happening)?;
            self.observe()?;
            if self.dies()? || self.chance.coin() {
                break;
            }
        }
        Ok(())
    }

    fn happen(&mut self, happening: Happening) -> Checked {
        match happening {
            Happening::Piece(exchange) => return self.feed(exchange),
            Happening::IssuedLate(ids) => {
                self.log(Event::IssuedLate { ids: ids.len() });
                let now = self.wall_ms();
                self.service.issue_late(&ids, now);
            }
            Happening::Credentials(result) => self.feed_credentials(result),
            Happening::Stored(result) => self.feed_stored(result),
            Happening::Operator(act) => self.operate(act),
            Happening::Heal => {
                self.log(Event::Heal);
                self.weather = Weather::CLEAR;
                self.healed = true;
                self.plan(0, Happening::Look(1_000));
            }
            Happening::Look(pause_ms) => {
                if self.witness.paused {
                    self.operate(Operator::Resume);
                }
                if self.witness.held {
                    self.operate(Operator::Release);
                }
                self.plan(pause_ms, Happening::Look((pause_ms * 2).min(3_600_000)));
            }
        }
        Ok(())
    }

    fn operate(&mut self, act: Operator) {
        self.log(Event::Operator(act));
        match act {
            Operator::Pause => {
                self.subject.pause();
                self.witness.paused = true;
            }
            Operator::Resume => {
                self.subject.resume(self.now);
                self.witness.resumed();
            }
            Operator::Hold => {
                self.subject.hold();
                self.witness.held = true;
                if !self.witness.open.is_empty() {
                    self.witness.marks.insert("held with calls in flight");
                }
            }
            Operator::Release => {
                self.subject.release();
                self.witness.held = false;
            }
            Operator::Cancel => {
                self.subject.cancel();
                self.witness.cancelled();
            }
        }
    }

    fn feed_credentials(&mut self, result: Result<u64, CredentialsFailure>) {
        match result {
            Ok(seconds) => {
                self.tokens += 1;
                let token = format!("{TOKEN}{}", self.tokens);
                self.service.grant(&token, self.wall_ms() + seconds * 1_000);
                self.header = token_header(&token).expect("a word");
                let renew = Some(renew_after(std::time::Duration::from_secs(seconds)));
                self.log(Event::Credentials {
                    renew_after_ms: renew.map(|after| after.as_millis()),
                });
                self.witness
                    .credentials_came(self.now.as_millis(), renew.map(|a| a.as_millis() as u64));
                self.subject.credentials(self.now, renew);
            }
            Err(failure) => {
                let refused = failure == CredentialsFailure::REFUSED;
                self.log(Event::CredentialsFail { refused });
                self.witness.credentials_failed(failure);
                self.subject.credentials_failure(self.now, failure);
            }
        }
    }

    /// The headers and secrets that nobody may read.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets: Vec<String> = vec!["CANARY".into(), self.header.value().into()];
        secrets.extend(self.auth.token_request());
        secrets
    }

    /// Processes what is still on its way to the service after the end of the run.
    pub(crate) fn issue_the_rest(&mut self) {
        let now = self.wall_ms();
        for happening in core::mem::take(&mut self.agenda).into_values() {
            if let Happening::IssuedLate(ids) = happening {
                self.service.issue_late(&ids, now);
            }
        }
    }

    pub(crate) fn plan(&mut self, after_ms: u64, happening: Happening) {
        self.agenda_count += 1;
        let at = self.now.as_millis().saturating_add(after_ms);
        self.agenda.insert((at, self.agenda_count), happening);
    }

    pub(crate) fn observe(&mut self) -> Checked {
        self.witness.observe(self.subject.as_ref(), self.now)
    }

    pub(crate) fn log(&mut self, event: Event) {
        self.trace.push(self.now.as_millis(), event);
    }

    /// The service's wall clock.
    pub(crate) fn wall_ms(&self) -> u64 {
        WALL_CLOCK_MS + self.now.as_millis()
    }
}
