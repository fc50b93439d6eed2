//! Watches one run from outside: keeps its own account of what was sent and what each exchange
//! proves, and holds every output of the core against it.

use crate::meaning::{Back, Known, Meaning, Proof};
use crate::rule::{Checked, Rule, Watch};
use crate::scenario::{Scenario, Settings};
use core::mem;
use issue_bulk::ledger::State;
use issue_bulk::limits;
use issue_bulk::outcome::StopCode;
use issue_bulk::policy::Ambiguous;
use issue_bulk::traffic::CredentialsFailure;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// One attempt, as it left.
#[derive(Clone, Debug)]
pub struct Departure {
    pub batch: u32,
    pub attempt: u32,
    pub rows: Vec<u32>,
    pub body_bytes: usize,
    pub at_ms: u64,
    /// Which credentials it carries.
    pub epoch: u32,
}

pub(crate) struct BatchSeen {
    rows: Vec<u32>,
    attempts: u32,
    /// Attempts that count against their maximum.
    counted: u32,
}

#[derive(Default)]
struct CredentialsSeen {
    epoch: u32,
    /// When the run wants new ones; `None` before the first, where they are fetched.
    renew_at_ms: Option<u64>,
    refused: bool,
    /// Refusals of the newest credentials since the last call that went through.
    refusals: u32,
    /// Fetches that failed since the last that did not.
    failures: u32,
    /// Somebody resumed the run, which may ask for new ones then.
    resumed: bool,
    /// A fetch is out, and until when it may be.
    asked_until_ms: Option<u64>,
}

pub struct Witness {
    pub(crate) watch: Watch,
    pub(crate) settings: Settings,
    pub(crate) deadline_ms: u64,
    pub(crate) known: Vec<Known>,
    /// How often each id was in an ambiguous exchange that the policy lets be repeated.
    pub(crate) ambiguous: Vec<u32>,
    pub(crate) open: Vec<Departure>,
    pub(crate) batches: HashMap<u32, BatchSeen>,
    departures: VecDeque<u64>,
    /// Why nothing may leave any more.
    silent: Option<&'static str>,
    pub(crate) paused: bool,
    /// Whoever takes the outcomes is behind.
    pub(crate) held: bool,
    /// The run says that an obstacle paused it.
    pub(crate) obstructed: bool,
    gate_ms: u64,
    /// Ids that a batch of new ids may hold, since larger ones were refused.
    pub(crate) size_max: usize,
    firsts: u32,
    resends: u32,
    /// Exchanges after which a resend has its price.
    priced: u32,
    ambiguous_in_row: u32,
    failures: u32,
    exchanges: u32,
    credentials: CredentialsSeen,
    pub(crate) stops: Vec<StopCode>,
    /// States after the last input, and whether `known` moved since.
    pub(crate) seen: Vec<State>,
    pub(crate) moved: bool,
    /// Rare paths that were taken.
    pub marks: BTreeSet<&'static str>,
}

impl Witness {
    pub fn new(scenario: &Scenario, watch: Watch) -> Self {
        let rows = scenario.ids.len();
        let settings = scenario.settings.clone();
        let deadline = settings.deadline_ms.map(|after| scenario.start_ms.saturating_add(after));
        let fetched = settings.fetched;
        Self {
            watch,
            deadline_ms: deadline.unwrap_or(u64::MAX),
            known: vec![Known::NeverSent; rows],
            ambiguous: vec![0; rows],
            open: Vec::new(),
            batches: HashMap::new(),
            departures: VecDeque::new(),
            silent: None,
            paused: false,
            held: false,
            obstructed: false,
            gate_ms: 0,
            size_max: settings.batch_size as usize,
            firsts: 0,
            resends: 0,
            priced: 0,
            ambiguous_in_row: 0,
            failures: 0,
            exchanges: 0,
            credentials: CredentialsSeen {
                renew_at_ms: (!fetched).then_some(u64::MAX),
                ..CredentialsSeen::default()
            },
            stops: Vec::new(),
            seen: vec![State::Queued; rows],
            moved: true,
            marks: BTreeSet::new(),
            settings,
        }
    }

    pub const fn epoch(&self) -> u32 {
        self.credentials.epoch
    }

    /// A request leaves.
    pub fn sent(&mut self, departure: Departure) -> Checked {
        self.check_silence(departure.at_ms)?;
        self.check_again(&departure)?;
        self.check_limits(&departure)?;
        self.check_credentials(departure.at_ms)?;
        self.check_batch(&departure)?;
        for row in &departure.rows {
            self.known[*row as usize] = Known::InFlight;
        }
        self.open.push(departure);
        self.moved = true;
        Ok(())
    }

    fn check_silence(&self, now: u64) -> Checked {
        let (silent, paused, held) = (self.silent, self.paused, self.held);
        let check = |holds, text: &str| {
            self.watch.check(Rule::Silence, holds, || format!("a request left {text}"))
        };
        check(silent.is_none(), silent.unwrap_or_default())?;
        check(!paused, "while paused")?;
        check(!held, "while outcomes pile up")?;
        check(now < self.deadline_ms, "after the deadline")?;
        self.watch.check(Rule::NotBefore, now >= self.gate_ms, || {
            format!("a request left {} ms before the end of a Retry-After", self.gate_ms - now)
        })
    }

    fn check_again(&self, departure: &Departure) -> Checked {
        departure.rows.iter().try_for_each(|row| {
            let known = &self.known[*row as usize];
            let may_leave = matches!(known, Known::NeverSent | Known::Back(_) | Known::Doubted);
            self.watch
                .check(Rule::NeverAgain, may_leave, || format!("row {row} left, but was {known:?}"))
        })
    }

    fn check_limits(&mut self, departure: &Departure) -> Checked {
        let now = departure.at_ms;
        self.departures.push_back(now);
        // A minute less the clock's grain: a request may leave anywhere within a millisecond.
        while self.departures.front().is_some_and(|at| now - at >= 59_999) {
            self.departures.pop_front();
        }
        let rate = self.settings.rate_per_minute.map_or(usize::MAX, |rate| rate as usize);
        let new = departure.rows.iter().all(|row| self.known[*row as usize] == Known::NeverSent);
        let settings = &self.settings;
        let ids_max = if new { self.size_max } else { settings.batch_size as usize };
        let limits = [
            ("in flight", self.open.len() + 1, settings.concurrency as usize),
            ("ids in one request", departure.rows.len(), ids_max),
            ("bytes of a body", departure.body_bytes, limits::BODY_BYTES_MAX),
            ("requests in a minute", self.departures.len(), rate),
        ];
        limits.iter().try_for_each(|(what, count, max)| {
            self.watch.check(Rule::Limits, count <= max, || format!("{count} {what}, not {max}"))
        })
    }

    fn check_credentials(&mut self, now: u64) -> Checked {
        let credentials = &self.credentials;
        let good = credentials.renew_at_ms.is_some_and(|at| now < at) && !credentials.refused;
        self.watch.check(Rule::Credentials, good, || {
            "a request left with credentials that are missing, old or refused".into()
        })
    }

    /// Attempts are counted one by one, and a sealed batch stays what it is.
    fn check_batch(&mut self, departure: &Departure) -> Checked {
        let Departure { batch, attempt, rows, .. } = departure;
        let new = BatchSeen { rows: rows.clone(), attempts: 0, counted: 0 };
        let seen = self.batches.entry(*batch).or_insert(new);
        seen.attempts += 1;
        let same = seen.rows == *rows && seen.attempts == *attempt && !rows.is_empty();
        let counted = seen.counted;
        self.watch.check(Rule::Request, same, || {
            format!("batch {batch} attempt {attempt} is not what it was")
        })?;
        let attempts = self.settings.attempts;
        self.watch.check(Rule::Limits, counted < attempts, || {
            format!("batch {batch} left after {counted} of {attempts} attempts")
        })?;
        if *attempt == 1 {
            self.firsts += 1;
            return Ok(());
        }
        match rows.first().map(|row| &self.known[*row as usize]) {
            Some(Known::Back(Back::NotReached | Back::Throttled)) => self.resends += 1,
            Some(Known::Doubted) => {
                self.resends += 1;
                self.marks.insert("sent again in doubt");
            }
            _ => {}
        }
        // Whoever attends a run may resume it as often as he likes.
        let earned = self.firsts / limits::RETRY_BUDGET_DEPOSITS_PER_TOKEN;
        let budget = limits::RETRY_BUDGET_MIN + earned;
        let within = self.settings.attended || self.resends <= budget;
        self.watch.check(Rule::Limits, within, || format!("{} resends, not {budget}", self.resends))
    }

    /// An exchange has ended, and this is what it proves.
    pub fn concluded(&mut self, now: u64, batch: u32, attempt: u32, meaning: &Meaning) {
        let place = self.open.iter().position(|d| (d.batch, d.attempt) == (batch, attempt));
        let Some(place) = place else { return };
        let departure = self.open.swap_remove(place);
        self.marks.insert(meaning.name());
        self.exchanges += 1;
        self.moved = true;
        let back = |back| vec![Known::Back(back); departure.rows.len()];
        let known = match meaning {
            Meaning::Ids { proofs, foreign } => self.read_proofs(proofs, *foreign),
            Meaning::NotReached => {
                self.failures += 1;
                self.uses_an_attempt(batch);
                back(Back::NotReached)
            }
            Meaning::Throttled { .. } => back(Back::Throttled),
            Meaning::TooLarge => {
                // A single id that is too large says nothing of others.
                let half = departure.rows.len() / 2;
                self.size_max = self.size_max.min(if half > 0 { half } else { usize::MAX });
                back(Back::TooLarge)
            }
            Meaning::Guilty if departure.rows.len() == 1 => {
                self.marks.insert("split down to one");
                vec![Known::Refused]
            }
            Meaning::Guilty => back(Back::Guilty),
            Meaning::Credentials => {
                self.refused_credentials(now, departure.epoch);
                back(Back::Credentials)
            }
            Meaning::Stop(
                code @ (StopCode::AccessDenied | StopCode::Blocked | StopCode::ProxyAuthentication),
            ) => {
                self.obstacle(*code, "after an answer that denies access");
                back(Back::Stopped)
            }
            Meaning::Stop(code) => {
                self.silence(*code, "after an answer that ends the run");
                back(Back::Stopped)
            }
            Meaning::Ambiguous => {
                self.ambiguous();
                vec![self.ambiguity(batch, &departure.rows); departure.rows.len()]
            }
            Meaning::Elsewhere => {
                let known = self.ambiguity(batch, &departure.rows);
                self.obstacle(StopCode::NotTheService, "after a page in place of an answer");
                vec![known; departure.rows.len()]
            }
        };
        for (row, known) in departure.rows.iter().zip(known) {
            self.known[*row as usize] = known;
        }
        self.apply_stop_rules();
    }

    fn uses_an_attempt(&mut self, batch: u32) {
        self.priced += 1;
        if let Some(seen) = self.batches.get_mut(&batch) {
            seen.counted += 1;
        }
    }

    /// What an exchange that proves nothing leaves of its ids.
    fn ambiguity(&mut self, batch: u32, rows: &[u32]) -> Known {
        if self.settings.ambiguous != Ambiguous::Retry {
            return Known::Unclear;
        }
        rows.iter().for_each(|row| self.ambiguous[*row as usize] += 1);
        self.uses_an_attempt(batch);
        Known::Doubted
    }

    fn read_proofs(&mut self, proofs: &[Proof], foreign: bool) -> Vec<Known> {
        if proofs.iter().all(|proof| *proof == Proof::Unclear) {
            self.ambiguous();
        } else {
            self.ambiguous_in_row = 0;
        }
        self.credentials.refusals = 0;
        if foreign {
            self.silence(StopCode::ProtocolViolation, "after an answer that spoke of others");
        }
        let known = |proof: &Proof| match proof {
            Proof::Issued(issuance) => Known::Issued(issuance.clone()),
            Proof::Refused => Known::Refused,
            Proof::Unclear => Known::Unclear,
        };
        proofs.iter().map(known).collect()
    }

    /// The head of a 429 came: it counts from then on, however slowly its body follows.
    pub fn throttled(&mut self, now: u64, (batch, attempt): (u32, u32), wait_ms: Option<u64>) {
        if !self.open.iter().any(|d| (d.batch, d.attempt) == (batch, attempt)) {
            return;
        }
        if self.priced >= limits::RETRY_BUDGET_MIN {
            self.stops.push(StopCode::Throttled);
        }
        self.priced += 1;
        let Some(wait) = wait_ms else { return };
        // A longer wait is not honoured to its end: that is for the caller to decide.
        let max = issue_bulk::time::millis(limits::RETRY_AFTER_MAX);
        self.gate_ms = self.gate_ms.max(now.saturating_add(wait.min(max)));
        if wait > max {
            self.obstacle(StopCode::RetryAfterTooLong, "after a Retry-After that is too long");
        } else if wait > 0 {
            self.marks.insert("retry-after honoured");
        }
    }

    fn refused_credentials(&mut self, now: u64, epoch: u32) {
        let fetched = self.settings.fetched;
        let credentials = &mut self.credentials;
        if epoch != credentials.epoch {
            self.marks.insert("older credentials refused");
            if !fetched {
                self.stops.push(StopCode::Unauthorised);
            }
            return;
        }
        // What is refused while newer ones are on their way, or due, says nothing.
        let waiting = credentials.asked_until_ms.is_some() || credentials.refused;
        let counts = !waiting && credentials.renew_at_ms > Some(now);
        credentials.refused = true;
        credentials.refusals += u32::from(counts);
        if !fetched || credentials.refusals > 1 {
            self.obstacle(StopCode::Unauthorised, "after refused credentials");
        } else if !counts {
            self.stops.push(StopCode::Unauthorised);
        }
    }

    fn ambiguous(&mut self) {
        self.ambiguous_in_row += 1;
        self.failures += 1;
    }

    fn apply_stop_rules(&mut self) {
        let rules = self.settings.stop;
        if self.ambiguous_in_row >= rules.ambiguous_in_row {
            self.silence(StopCode::TooManyAmbiguous, "after too many ambiguous answers");
        }
        let (failed, all) = (u64::from(self.failures), u64::from(self.exchanges));
        let enough = self.exchanges >= rules.failure_calls_min;
        if enough && failed * 100 >= all * u64::from(rules.failure_percent) {
            self.silence(StopCode::TooManyFailures, "after too many failures");
        }
    }

    pub(crate) fn silence(&mut self, code: StopCode, why: &'static str) {
        self.stops.push(code);
        self.silent = self.silent.or(Some(why));
    }

    fn obstacle(&mut self, code: StopCode, why: &'static str) {
        if self.settings.attended {
            self.stops.push(code);
            self.paused |= self.silent.is_none();
        } else {
            self.silence(code, why);
        }
    }

    /// An attempt is given up: not before its time.
    pub fn aborted(&mut self, now: u64, batch: u32, attempt: u32) -> Checked {
        let open = self.open.iter().find(|d| (d.batch, d.attempt) == (batch, attempt));
        let due = open.is_some_and(|d| now >= d.at_ms.saturating_add(self.settings.timeout_ms));
        if self.held {
            self.marks.insert("timeout while held");
        }
        self.watch.check(Rule::Limits, due, || format!("batch {batch} given up before its time"))
    }

    pub fn asked_for_credentials(&mut self, now: u64) -> Checked {
        let seen = &mut self.credentials;
        let due = seen.renew_at_ms.is_none_or(|at| at <= now) || seen.refused || seen.resumed;
        let sound = due && seen.asked_until_ms.is_none() && self.settings.fetched;
        seen.asked_until_ms = Some(now.saturating_add(self.settings.timeout_ms));
        self.watch.check(Rule::Credentials, sound, || {
            "credentials were asked for that are good, on their way, or cannot be fetched".into()
        })
    }

    pub const fn is_asking(&self) -> bool {
        self.credentials.asked_until_ms.is_some()
    }

    /// The job has been polled: it gives up a fetch of credentials that takes too long.
    pub fn polled(&mut self, now: u64) {
        if self.credentials.asked_until_ms.is_some_and(|until| until <= now) {
            self.marks.insert("credentials overdue");
            self.fetch_failed(false);
        }
    }

    pub fn credentials_came(&mut self, now: u64, renew_after_ms: Option<u64>) {
        if !self.is_asking() {
            return;
        }
        if self.credentials.epoch > 0 {
            self.marks.insert("credentials renewed");
        }
        self.credentials = CredentialsSeen {
            epoch: self.credentials.epoch + 1,
            renew_at_ms: Some(renew_after_ms.map_or(u64::MAX, |after| now.saturating_add(after))),
            refusals: self.credentials.refusals,
            ..CredentialsSeen::default()
        };
    }

    pub fn credentials_failed(&mut self, failure: CredentialsFailure) {
        if self.is_asking() {
            let hopeless = failure == CredentialsFailure::REFUSED;
            self.fetch_failed(hopeless);
            self.marks.insert(match failure.is_final() {
                true => "credentials refused",
                false => "credentials unavailable",
            });
        }
    }

    fn fetch_failed(&mut self, hopeless: bool) {
        self.credentials.asked_until_ms = None;
        self.credentials.failures += 1;
        if hopeless {
            self.stops.push(StopCode::Unauthorised);
        } else if self.credentials.failures >= self.settings.attempts {
            self.stops.push(StopCode::CredentialsUnavailable);
        }
    }

    pub fn cancelled(&mut self) {
        self.silence(StopCode::Cancelled, "after a cancel");
    }

    /// The caller resumes; where an obstacle had paused the run, with new credentials.
    pub fn resumed(&mut self) {
        self.paused = false;
        if !mem::take(&mut self.obstructed) {
            return;
        }
        self.credentials.refusals = 0;
        self.credentials.failures = 0;
        self.credentials.resumed = true;
        if !self.settings.fetched {
            self.credentials.epoch += 1;
            self.credentials.refused = false;
        }
    }

    /// The next moment at which a job that waits has something to do by itself.
    pub(crate) fn next_due(&self) -> u64 {
        let timeout = self.settings.timeout_ms;
        let expiry = self.open.iter().map(|d| d.at_ms.saturating_add(timeout)).min();
        let queued = self.seen.contains(&State::Queued);
        let deadline = queued.then_some(self.deadline_ms);
        let asked = self.credentials.asked_until_ms;
        [expiry, deadline, asked].into_iter().flatten().min().unwrap_or(u64::MAX)
    }

    pub fn note_time(&mut self, now: u64) {
        if now >= self.deadline_ms {
            self.stops.push(StopCode::Deadline);
        }
    }
}
