//! The exported runs: one class for each machine, which makes it and gives its results, and
//! [`Run`], by which JavaScript drives any of them.

use super::driver::Driver;
use super::error::Refusal;
use super::hooks::Observer;
use super::host::{Host, now};
use super::intake::{Input, Source, bytes};
use super::journal::Recovered;
use super::outcomes::Outcomes;
use super::plan::{Credentials, Plan, Target};
use super::revocation::{read_targets, revocation_counts};
use super::summary::{checked_object, progress_object, stopped_object};
use super::trap::trap_at;
use crate::id::{AttemptNumber, BatchId};
use crate::job::Job;
use crate::promotion::Check;
use crate::reconcile::Reconcile;
use crate::request::RequestError;
use crate::revoke::{self, Revoke};
use crate::time::{Instant, UnixTime};
use crate::traffic::Machine;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::mem;
use js_sys::{Array, Date, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// A run of any machine, as it goes. Every method takes `&self`: code of the caller may call one
/// while another is on the stack. It is freed after its end.
#[wasm_bindgen]
pub struct Run {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl Run {
    /// Begins the run; its work is done in turns.
    pub fn drive(&self) {
        self.driver.start();
    }

    /// Does all that is due; `is_by_timer` if the host's timer fired. True once the run is over.
    pub fn turn(&self, is_by_timer: bool) -> bool {
        self.driver.turn(is_by_timer)
    }

    /// Takes bytes of a pushed body; false if the rest is not wanted.
    pub fn push(&self, batch: u32, attempt: u32, bytes: &[u8]) -> bool {
        self.driver.take(BatchId(batch), AttemptNumber(attempt), bytes)
    }

    /// Sends nothing new; calls in flight are awaited.
    pub fn pause(&self) {
        self.driver.tell(|machine, _| machine.pause());
    }

    /// Takes the plan's new credentials, of the same kind as the old ones.
    pub fn renew(&self, plan: &Plan) -> Result<(), JsValue> {
        if self.driver.renew_by(plan.credentials()) {
            return Ok(());
        }
        Err(Refusal::new("invalid-credentials", OTHER_KIND).into())
    }

    /// Goes on.
    pub fn resume(&self) {
        self.driver.tell(|machine, now| machine.resume(now));
    }

    /// Sends nothing more; calls in flight are awaited until their timeout.
    pub fn cancel(&self) {
        trap_at("cancel");
        self.driver.cancel();
    }
}

/// A run that issues.
#[wasm_bindgen]
pub struct IssueRun {
    job: Rc<RefCell<Job>>,
    driver: Rc<Driver>,
    /// Wall-clock start of the run (of its first process, if it was resumed).
    started: UnixTime,
    /// Counts and problems of the input, for the report.
    source: Source,
    /// `started` was read from a journal, so it is by another process's clock.
    from_journal: bool,
}

#[wasm_bindgen]
impl IssueRun {
    /// The input is taken. `chance` decides the jitter unless the plan does.
    #[wasm_bindgen(constructor)]
    pub fn new(plan: &Plan, input: Input, host: &Host, chance: f64) -> Result<Self, JsValue> {
        let credentials = plan.credentials();
        let mut source = input.source;
        let ids = mem::take(&mut source.ids);
        plan.check_customers(&ids)?;
        let is_fetched = credentials.auth.is_fetched();
        let (now, started) = clocks();
        let mut job = Job::new(plan.plan()?, ids, is_fetched, plan.seed(chance), now);
        if plan.has_journal() {
            job = job.with_journal(now, started, source.findings.clone());
        }
        let (job, driver) = driven(job, plan, host, credentials)?;
        Ok(Self { job, driver, started, source, from_journal: false })
    }

    /// Goes on with the run of a journal.
    pub fn resumed(
        plan: &Plan,
        recovered: Recovered,
        host: &Host,
        chance: f64,
    ) -> Result<Self, JsValue> {
        let recovered = recovered.inner;
        let credentials = plan.credentials();
        let source = Source::of_journal(&recovered.header);
        let started = recovered.header.started;
        let is_fetched = credentials.auth.is_fetched();
        let (now, wall_clock) = clocks();
        let (seed, resumed) = (plan.seed(chance), plan.resumed(&recovered.header)?);
        let job = Job::from_journal(resumed, recovered, is_fetched, seed, now, wall_clock)?;
        let (job, driver) = driven(job, plan, host, credentials)?;
        Ok(Self { job, driver, started, source, from_journal: true })
    }

    #[wasm_bindgen(getter)]
    pub fn run(&self) -> Run {
        Run { driver: Rc::clone(&self.driver) }
    }

    pub fn progress(&self) -> JsValue {
        let progress = self.job.borrow().progress(clocks().0);
        progress_object(&progress, &self.source)
    }

    /// The outcomes of a run that is over.
    pub fn outcomes(self) -> Result<Outcomes, JsValue> {
        trap_at("outcomes");
        drop(self.driver);
        let record = taken(self.job)?.into_record(self.started, clocks().1);
        Ok(Outcomes::new(record, None, self.source, self.from_journal))
    }
}

/// A run that reads back what another left unknown.
#[wasm_bindgen]
pub struct ReadBackRun {
    reconcile: Rc<RefCell<Reconcile>>,
    driver: Rc<Driver>,
    source: Source,
    from_journal: bool,
}

#[wasm_bindgen]
impl ReadBackRun {
    /// The outcomes stay as they are.
    #[wasm_bindgen(constructor)]
    pub fn new(
        plan: &Plan,
        outcomes: &Outcomes,
        host: &Host,
        chance: f64,
    ) -> Result<Self, JsValue> {
        let record = outcomes.record.clone();
        let (rules, seed) = (plan.rules(), plan.seed(chance));
        let credentials = plan.credentials();
        let service = plan.reading_back(&record.plan)?.service().clone();
        let target = Target::of(&service)?;
        let is_fetched = credentials.auth.is_fetched();
        let mut reconcile = Reconcile::new(record, service, rules, is_fetched, seed, clocks());
        let from_journal = outcomes.from_journal;
        if from_journal {
            reconcile = reconcile.of_journal();
        }
        let reconcile = Rc::new(RefCell::new(reconcile));
        let machine = Rc::clone(&reconcile) as Rc<RefCell<dyn Machine>>;
        let driver = Driver::new(host, machine, credentials, target, None);
        Ok(Self { reconcile, driver, source: outcomes.source.clone(), from_journal })
    }

    #[wasm_bindgen(getter)]
    pub fn run(&self) -> Run {
        Run { driver: Rc::clone(&self.driver) }
    }

    pub fn progress(&self) -> JsValue {
        let progress = self.reconcile.borrow().progress();
        progress_object(&progress, &self.source)
    }

    /// The outcomes of a read-back that is over.
    pub fn outcomes(self) -> Result<Outcomes, JsValue> {
        drop(self.driver);
        let (record, evidence) = taken(self.reconcile)?.into_record();
        Ok(Outcomes::new(record, Some(evidence), self.source, self.from_journal))
    }
}

/// A run that checks a promotion.
#[wasm_bindgen]
pub struct CheckRun {
    check: Rc<RefCell<Check>>,
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl CheckRun {
    #[wasm_bindgen(constructor)]
    pub fn new(plan: &Plan, host: &Host, chance: f64) -> Result<Self, JsValue> {
        let credentials = plan.credentials();
        let is_fetched = credentials.auth.is_fetched();
        let (service, promotion) = (plan.service()?, plan.promotion()?);
        let target = Target::of(&service)?;
        let check = Check::new(service, promotion, is_fetched, plan.seed(chance), clocks());
        let check = Rc::new(RefCell::new(check));
        let machine = Rc::clone(&check) as Rc<RefCell<dyn Machine>>;
        let driver = Driver::new(host, machine, credentials, target, None);
        Ok(Self { check, driver })
    }

    #[wasm_bindgen(getter)]
    pub fn run(&self) -> Run {
        Run { driver: Rc::clone(&self.driver) }
    }

    /// The result of the check, once it is over.
    pub fn checked(&self) -> JsValue {
        let checked = self.check.borrow().checked();
        checked_object(&checked)
    }
}

/// A run that takes issuances back.
#[wasm_bindgen]
pub struct RevokeRun {
    revoke: Rc<RefCell<Revoke>>,
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl RevokeRun {
    /// `issuances` holds customer, promotion and id of one issuance after the other, as texts.
    #[wasm_bindgen(constructor)]
    pub fn new(plan: &Plan, issuances: &Array, host: &Host, chance: f64) -> Result<Self, JsValue> {
        let credentials = plan.credentials();
        let is_fetched = credentials.auth.is_fetched();
        let (service, targets) = (plan.service()?, read_targets(issuances)?);
        let target = Target::of(&service)?;
        let revoke = Revoke::new(service, targets, is_fetched, plan.seed(chance), clocks().0);
        let revoke = Rc::new(RefCell::new(revoke));
        let machine = Rc::clone(&revoke) as Rc<RefCell<dyn Machine>>;
        let driver = Driver::new(host, machine, credentials, target, None);
        Ok(Self { revoke, driver })
    }

    #[wasm_bindgen(getter)]
    pub fn run(&self) -> Run {
        Run { driver: Rc::clone(&self.driver) }
    }

    /// The counts of the outcomes so far.
    pub fn counts(&self) -> JsValue {
        revocation_counts(&self.revoke.borrow())
    }

    /// The reason why it ended early, or null.
    pub fn stopped(&self) -> JsValue {
        stopped_object(self.revoke.borrow().stopped(), None)
    }

    /// Rows of the customers `from..from + count` as CSV, the header before the first.
    pub fn csv(&self, from: usize, count: usize) -> Uint8Array {
        let mut out = Vec::new();
        revoke::write_csv(&self.revoke.borrow(), from, count, &mut out);
        bytes(&out)
    }

    /// The same as NDJSON; empty beyond the last customer.
    pub fn ndjson(&self, from: usize, count: usize) -> Uint8Array {
        let mut out = Vec::new();
        revoke::write_ndjson(&self.revoke.borrow(), from, count, &mut out);
        bytes(&out)
    }
}

/// An issuing run, with its observers.
fn driven(
    mut job: Job,
    plan: &Plan,
    host: &Host,
    credentials: Credentials,
) -> Result<(Rc<RefCell<Job>>, Rc<Driver>), &'static RequestError> {
    if plan.is_drained() {
        job.drain();
    }
    let target = Target::of(job.plan().service())?;
    let job = Rc::new(RefCell::new(job));
    let observer = Observer::new(&job, host);
    let machine = Rc::clone(&job) as Rc<RefCell<dyn Machine>>;
    let driver = Driver::new(host, machine, credentials, target, observer);
    Ok((job, driver))
}

/// Takes the machine of a run that is over: nothing else refers to it any more.
fn taken<T>(machine: Rc<RefCell<T>>) -> Result<T, JsValue> {
    match Rc::try_unwrap(machine) {
        Ok(machine) => Ok(machine.into_inner()),
        Err(_) => Err(Refusal::new("internal-error", NOT_OVER).into()),
    }
}

const NOT_OVER: &str = "A run was asked for its end before it was over; please report this.";

const OTHER_KIND: &str = "A run goes on with the kind of credentials that it began with.";

/// The steady clock and the wall clock.
fn clocks() -> (Instant, UnixTime) {
    (instant(now()), unix_time(Date::now()))
}

/// A float-to-int cast saturates; the fraction is below the job's grain.
pub(super) fn instant(now: f64) -> Instant {
    Instant::from_millis(now as u64)
}

pub(super) fn unix_time(wall_clock: f64) -> UnixTime {
    UnixTime::from_millis(wall_clock as i64)
}
