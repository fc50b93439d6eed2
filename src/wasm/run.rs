//! The exported run: what to do next, and what came of it.
//!
//! JavaScript drives it as [`crate::traffic`] says: [`Run::poll`] until it answers [`WAIT`] or
//! [`DONE`], acting on each answer; then one of the methods that tell what happened; and again.
//! An exchange is named by its batch and its attempt; one that is over by now changes nothing.

use super::convert::object;
use super::error::Refusal;
use super::intake::{Input, Source};
use super::journal::Recovered;
use super::outcomes::Outcomes;
use super::plan::{Credentials, Plan, Target};
use super::subject::Subject;
use super::summary::{checked_object, progress_object};
use crate::auth::{Auth, caller_header, hide_header, renew_after, token_header};
use crate::id::{AttemptNumber, BatchId};
use crate::job::Job;
use crate::json::Object;
use crate::promotion::Check;
use crate::reconcile::Reconcile;
use crate::request::Header;
use crate::response::Flow;
use crate::retry_after;
use crate::status::Status;
use crate::time::{Instant, UnixTime};
use crate::traffic::{CredentialsFailure, Head, Machine, Output};
use crate::verdict::{Failure, TokenAnswer, judge_token};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// Answers of [`Run::poll`].
const SEND: u8 = 0;
const ABORT: u8 = 1;
const FETCH_CREDENTIALS: u8 = 2;
const WAIT: u8 = 3;
const PERSIST: u8 = 4;
const DONE: u8 = 5;

/// One bulk run.
#[wasm_bindgen]
pub struct Run {
    pub(super) subject: Subject,
    /// The wall clock when the run began.
    started: UnixTime,
    auth: Auth,
    /// Where an OAuth client fetches its token.
    token_url: String,
    /// What the input held apart from the ids, for the report.
    source: Source,
    /// The beginning, or that of the run that is read back, is a journal's.
    from_journal: bool,
    /// Headers of every call, apart from those that authenticate it.
    headers: Vec<Header>,
    credentials: Vec<Header>,
    /// Whether the last answer of [`Run::target`] still holds.
    is_target_told: bool,
    /// The next credentials, one by one; `None` once one of them could not be sent.
    gathered: Option<Vec<Header>>,
    /// What the last answer of [`Run::poll`] was about.
    exchange: (BatchId, AttemptNumber),
    until: Instant,
}

#[wasm_bindgen]
impl Run {
    /// The input is taken. `now` is milliseconds of a clock that no correction moves, as in every
    /// method, `wall_clock` those since 1970; `chance` decides the jitter unless the plan does.
    #[wasm_bindgen(constructor)]
    pub fn new(
        plan: &Plan,
        input: Input,
        now: f64,
        wall_clock: f64,
        chance: f64,
    ) -> Result<Self, JsValue> {
        let credentials = plan.credentials();
        let mut source = input.source;
        let ids = mem::take(&mut source.ids);
        let is_fetched = credentials.auth.is_fetched();
        let mut job = Job::new(plan.plan()?, ids, is_fetched, plan.seed(chance), instant(now));
        if plan.has_journal() {
            job = job.with_journal(instant(now), unix_time(wall_clock), source.findings.clone());
        }
        if plan.is_drained() {
            job.drain();
        }
        Self::issuing(job, unix_time(wall_clock), credentials, source)
    }

    /// Goes on with the run of a journal.
    pub fn resumed(
        plan: &Plan,
        recovered: Recovered,
        now: f64,
        wall_clock: f64,
        chance: f64,
    ) -> Result<Self, JsValue> {
        let recovered = recovered.inner;
        let credentials = plan.credentials();
        let source = Source::of_journal(&recovered.header);
        let started = recovered.header.started;
        let is_fetched = credentials.auth.is_fetched();
        let (now, wall_clock) = (instant(now), unix_time(wall_clock));
        let (seed, resumed) = (plan.seed(chance), plan.resumed(&recovered.header)?);
        let mut job = Job::from_journal(resumed, recovered, is_fetched, seed, now, wall_clock)?;
        if plan.is_drained() {
            job.drain();
        }
        let run = Self::issuing(job, started, credentials, source)?;
        Ok(Self { from_journal: true, ..run })
    }

    /// Reads back what a run left unknown, which stays as it is.
    #[wasm_bindgen(js_name = readBack)]
    pub fn read_back(
        plan: &Plan,
        outcomes: &Outcomes,
        now: f64,
        wall_clock: f64,
        chance: f64,
    ) -> Result<Self, JsValue> {
        let record = outcomes.record.clone();
        let (rules, seed) = (plan.rules(), plan.seed(chance));
        let credentials = plan.credentials();
        let plan = plan.reading_back(&record.plan)?;
        let target = Target::of(&plan)?;
        let is_fetched = credentials.auth.is_fetched();
        let clocks = (instant(now), unix_time(wall_clock));
        let started = record.started;
        let mut machine = Reconcile::new(record, plan, rules, is_fetched, seed, clocks);
        let from_journal = outcomes.from_journal;
        if from_journal {
            machine = machine.of_journal();
        }
        let subject = Subject::ReadBack(Box::new(machine));
        let run = Self::of(subject, target, started, credentials, outcomes.source.clone());
        Ok(Self { from_journal, ..run })
    }

    /// Reads what the service says of a promotion.
    pub fn check(plan: &Plan, now: f64, wall_clock: f64, chance: f64) -> Result<Self, JsValue> {
        let credentials = plan.credentials();
        let is_fetched = credentials.auth.is_fetched();
        let clocks = (instant(now), unix_time(wall_clock));
        let (plan, seed) = (plan.plan()?, plan.seed(chance));
        let target = Target::of(&plan)?;
        let machine = Check::new(plan, is_fetched, seed, clocks);
        let subject = Subject::Check(Box::new(machine));
        Ok(Self::of(subject, target, clocks.1, credentials, Source::default()))
    }

    /// Starts the clock of the run.
    pub fn start(&mut self, now: f64) {
        self.machine().start(instant(now));
    }

    /// What to do next: 0 send a batch, 1 drop an exchange, 2 fetch credentials, 3 wait, 4 append
    /// to the journal, 5 done.
    pub fn poll(&mut self, now: f64) -> u8 {
        match self.machine().poll_output(instant(now)) {
            Output::Send { batch, attempt } => {
                self.exchange = (batch, attempt);
                SEND
            }
            Output::Abort { batch, attempt } => {
                self.exchange = (batch, attempt);
                ABORT
            }
            Output::FetchCredentials => FETCH_CREDENTIALS,
            Output::Wait { until } => {
                self.until = until.unwrap_or(Instant::NEVER);
                WAIT
            }
            Output::Persist => PERSIST,
            Output::Done => DONE,
        }
    }

    /// The exchange to send or to drop.
    #[wasm_bindgen(getter)]
    pub fn batch(&self) -> u32 {
        self.exchange.0.0
    }

    #[wasm_bindgen(getter)]
    pub fn attempt(&self) -> u32 {
        self.exchange.1.0
    }

    /// When to poll again at the latest, on the clock of `now`; infinite when only something that
    /// happens can change anything.
    #[wasm_bindgen(getter)]
    pub fn until(&self) -> f64 {
        if self.until == Instant::NEVER { f64::INFINITY } else { self.until.as_millis() as f64 }
    }

    /// Where an exchange goes, and the headers that it carries now by name: `url` and `headers`.
    /// Undefined where both are as in the last answer, as when an issue's credentials still hold.
    pub fn target(&mut self, batch: u32) -> JsValue {
        if self.is_target_told {
            return JsValue::UNDEFINED;
        }
        self.is_target_told = matches!(self.subject, Subject::Issue(_));
        let mut headers = Vec::new();
        let mut named = Object::begin(&mut headers);
        for header in self.headers.iter().chain(&self.credentials) {
            named.text(header.name(), Some(header.value()));
        }
        named.end();
        object(|object| {
            object.text("url", Some(&self.subject.machine().request(BatchId(batch)).url));
            object.json("headers", &headers);
        })
    }

    /// The body of an exchange in flight; undefined for a GET.
    pub fn body(&self, batch: u32) -> Option<Vec<u8>> {
        self.subject.machine().request(BatchId(batch)).body
    }

    /// The head of an answer came. `status` is what JavaScript's `headOf` let pass, and 0 for a
    /// redirect that a page is not shown; `wall_clock` is in milliseconds since 1970; a header
    /// that is absent is empty.
    #[allow(clippy::too_many_arguments, reason = "an object would cost more than it says")]
    pub fn head(
        &mut self,
        now: f64,
        batch: u32,
        attempt: u32,
        status: f64,
        wall_clock: f64,
        retry_after: &str,
        date: &str,
        request_id: &str,
    ) {
        let date = Some(date).filter(|date| !date.is_empty());
        let wall_clock = unix_time(wall_clock);
        let dated = date.and_then(|date| retry_after::http_date(date, wall_clock));
        let head = Head {
            status: Status::of_response(status, status == 0.0).unwrap_or_default(),
            retry_after: retry_after::parse(retry_after, date, wall_clock),
            date: dated,
            clock_ahead_ms: dated
                .map(|date| date.as_millis().saturating_sub(wall_clock.as_millis())),
            request_id: self.machine().secrets().hide_in_word(request_id),
        };
        let (batch, attempt) = (BatchId(batch), AttemptNumber(attempt));
        self.machine().handle_head(instant(now), batch, attempt, head);
    }

    /// Bytes of an answer's body; `false` when the rest need not be read.
    pub fn chunk(&mut self, batch: u32, attempt: u32, bytes: &[u8]) -> bool {
        let flow = self.machine().handle_chunk(BatchId(batch), AttemptNumber(attempt), bytes);
        flow != Flow::Enough
    }

    /// The answer is complete.
    pub fn end(&mut self, now: f64, batch: u32, attempt: u32) {
        let (batch, attempt) = (BatchId(batch), AttemptNumber(attempt));
        self.machine().handle_end(instant(now), batch, attempt);
    }

    /// No answer, or one that broke off; `not_sent` when it is proven that no byte left.
    pub fn fail(&mut self, now: f64, batch: u32, attempt: u32, not_sent: bool) {
        let failure = if not_sent { Failure::NotSent(None) } else { Failure::Network(None) };
        let (batch, attempt) = (BatchId(batch), AttemptNumber(attempt));
        self.machine().handle_failure(instant(now), batch, attempt, failure);
    }

    /// How many ids a batch in flight holds.
    #[wasm_bindgen(js_name = idsOf)]
    pub fn ids_of(&self, batch: u32) -> u32 {
        if let Subject::Issue(job) = &self.subject { job.batch_len(BatchId(batch)) } else { 1 }
    }

    /// Where an OAuth client fetches its token.
    #[wasm_bindgen(getter, js_name = tokenUrl)]
    pub fn token_url(&self) -> String {
        self.token_url.clone()
    }

    /// What it sends there; undefined where the caller makes the credentials.
    #[wasm_bindgen(js_name = tokenRequest)]
    pub fn token_request(&self) -> Option<String> {
        self.auth.token_request()
    }

    /// The token endpoint answered.
    #[wasm_bindgen(js_name = takeToken)]
    pub fn take_token(&mut self, now: f64, status: u16, body: &[u8]) {
        let failure = match judge_token(status, body) {
            TokenAnswer::Token { token, ttl } => match token_header(&token) {
                Ok(header) => {
                    self.machine().secrets().keep_renewed(&token);
                    self.carry(Vec::from([header]));
                    let renew_after = Some(renew_after(ttl));
                    return self.machine().handle_credentials(instant(now), renew_after);
                }
                Err(_) => CredentialsFailure::UNREADABLE,
            },
            TokenAnswer::Unreadable => CredentialsFailure::UNREADABLE,
            TokenAnswer::Refused => CredentialsFailure::REFUSED,
            TokenAnswer::Unavailable => CredentialsFailure::UNAVAILABLE,
        };
        let failure = CredentialsFailure { status: Some(status), ..failure };
        self.machine().handle_credentials_failure(instant(now), failure);
    }

    /// One header of the caller's next credentials; [`Run::take_headers`] follows the last.
    #[wasm_bindgen(js_name = addHeader)]
    pub fn add_header(&mut self, name: &str, value: &str) {
        match (caller_header(name, value), &mut self.gathered) {
            (Ok(header), Some(all)) => all.push(header),
            _ => self.gathered = None,
        }
    }

    /// The caller's credentials are complete. Those that cannot be sent count as refused.
    #[wasm_bindgen(js_name = takeHeaders)]
    pub fn take_headers(&mut self, now: f64) {
        if let Some(headers) = self.gathered.replace(Vec::new()) {
            let secrets = self.machine().secrets();
            headers.iter().for_each(|header| hide_header(header, secrets));
            self.carry(headers);
            self.machine().handle_credentials(instant(now), None);
        } else {
            self.credentials_failed(now, true);
        }
    }

    /// No credentials: `unreadable` when asking again would bring the same.
    #[wasm_bindgen(js_name = credentialsFailed)]
    pub fn credentials_failed(&mut self, now: f64, unreadable: bool) {
        let failure = match unreadable {
            true => CredentialsFailure::UNREADABLE,
            false => CredentialsFailure::UNAVAILABLE,
        };
        self.machine().handle_credentials_failure(instant(now), failure);
    }

    /// What to append to the journal, where it lasts; [`Run::persisted`] or
    /// [`Run::persist_failed`] follows.
    #[wasm_bindgen(js_name = takeJournal)]
    pub fn take_journal(&mut self) -> Vec<u8> {
        self.machine().take_journal()
    }

    pub fn persisted(&mut self) {
        self.machine().handle_persisted();
    }

    #[wasm_bindgen(js_name = persistFailed)]
    pub fn persist_failed(&mut self) {
        self.machine().handle_persist_failure();
    }

    /// Nothing new is sent; what is in flight is awaited.
    pub fn pause(&mut self) {
        self.machine().pause();
    }

    /// Takes the credentials that the plan has by now, of the kind of those before.
    pub fn renew(&mut self, plan: &Plan) -> Result<(), JsValue> {
        let Credentials { auth, headers, .. } = plan.credentials();
        if auth.is_fetched() != self.auth.is_fetched() {
            return Err(Refusal::new("invalid-credentials", OTHER_KIND).into());
        }
        if !auth.is_fetched() {
            self.carry(headers);
        }
        auth.hide_in(self.machine().secrets());
        self.auth = auth;
        Ok(())
    }

    /// Goes on.
    pub fn resume(&mut self, now: f64) {
        self.machine().resume(instant(now));
    }

    /// Nothing more is sent; what is in flight is awaited until its timeout.
    pub fn cancel(&mut self) {
        self.machine().cancel();
    }

    /// A check is too short for one.
    pub fn progress(&self, now: f64) -> JsValue {
        let progress = match &self.subject {
            Subject::Issue(job) => job.progress(instant(now)),
            Subject::ReadBack(reconcile) => reconcile.progress(),
            Subject::Check(_) => return JsValue::UNDEFINED,
        };
        progress_object(&progress, &self.source)
    }

    /// The outcomes of a run or a read-back that is done, which they take over.
    pub fn outcomes(self, wall_clock: f64) -> Result<Outcomes, JsValue> {
        match self.subject {
            Subject::Issue(job) => {
                let record = job.into_record(self.started, unix_time(wall_clock));
                Ok(Outcomes::new(record, None, self.source, self.from_journal))
            }
            Subject::ReadBack(reconcile) => {
                let (record, evidence) = reconcile.into_record();
                Ok(Outcomes::new(record, Some(evidence), self.source, self.from_journal))
            }
            Subject::Check(_) => Err(Refusal::new("internal-error", NO_OUTCOMES).into()),
        }
    }

    /// What a check that is done came to; undefined for anything else.
    pub fn checked(&self) -> JsValue {
        match &self.subject {
            Subject::Check(check) => checked_object(&check.checked()),
            Subject::Issue(_) | Subject::ReadBack(_) => JsValue::UNDEFINED,
        }
    }
}

impl Run {
    fn of(
        mut subject: Subject,
        target: Target,
        started: UnixTime,
        credentials: Credentials,
        source: Source,
    ) -> Self {
        credentials.auth.hide_in(subject.machine_mut().secrets());
        Self {
            subject,
            token_url: target.token_url,
            started,
            auth: credentials.auth,
            source,
            from_journal: false,
            headers: target.attribution,
            credentials: credentials.headers,
            is_target_told: false,
            gathered: Some(Vec::new()),
            exchange: (BatchId::default(), AttemptNumber::default()),
            until: Instant::NEVER,
        }
    }

    fn issuing(
        job: Job,
        started: UnixTime,
        credentials: Credentials,
        source: Source,
    ) -> Result<Self, JsValue> {
        let target = Target::of(job.plan())?;
        Ok(Self::of(Subject::Issue(Box::new(job)), target, started, credentials, source))
    }

    pub(super) fn machine(&mut self) -> &mut dyn Machine {
        self.subject.machine_mut()
    }

    /// Every call from now on carries these credentials.
    fn carry(&mut self, credentials: Vec<Header>) {
        self.credentials = credentials;
        self.is_target_told = false;
    }
}

const NO_OUTCOMES: &str = "A check has no outcomes; please report this.";

const OTHER_KIND: &str = "A run goes on with the kind of credentials that it began with.";

/// A float-to-int cast saturates; the fraction is below the job's grain.
pub(super) fn instant(now: f64) -> Instant {
    Instant::from_millis(now as u64)
}

pub(super) fn unix_time(wall_clock: f64) -> UnixTime {
    UnixTime::from_millis(wall_clock as i64)
}
