//! The loop of a run: do what the machine wants, tell it what came of it, arm one timer, wait.
//!
//! It decides nothing. JavaScript calls [`Driver::turn`] when something was told to the machine, a
//! promise settled or the timer fired; a turn polls what is due, then asks the machine, until
//! neither has anything left.
//!
//! Code of the caller may call back into the run while a turn is on the stack. So the machine is
//! reached only through [`Driver::ask`] and [`Driver::tell`], whose closures hold core types alone
//! and cannot call JavaScript; and no other cell is borrowed across a call into it.

use super::credentials::{Renewed, ask_caller, fetch_token, headers_of};
use super::executor::Executor;
use super::fetch::{self, Incoming, Outgoing};
use super::hooks::Observer;
use super::host::{Host, now};
use super::plan::{Credentials, Target};
use super::run::{instant, unix_time};
use super::trap::trap_at;
use crate::auth::hide_header;
use crate::id::{AttemptNumber, BatchId};
use crate::limits::CANCEL_GRACE;
use crate::response::Flow;
use crate::retry_after;
use crate::time::Instant;
use crate::traffic::{CredentialsFailure, Head, Machine, Output};
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, OnceCell, RefCell};
use js_sys::{Date, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, AbortSignal};

/// The longest delay of a timer in milliseconds: a longer one would wrap and fire at once, and to
/// wake early is harmless.
const DELAY_MS_MAX: f64 = 2_147_483_646.0;

pub(super) struct Driver {
    host: Host,
    executor: Executor,
    machine: Rc<RefCell<dyn Machine>>,
    credentials: RefCell<Credentials>,
    target: Target,
    /// Whether the runtime's `fetch` takes `cache: "no-store"`, once it is known.
    takes_no_store: OnceCell<bool>,
    exchanges: RefCell<Vec<Exchange>>,
    renewal: RefCell<Option<Renewal>>,
    observer: Option<Rc<Observer>>,
    stage: Cell<Stage>,
    /// Something was told to the machine that it has not been asked about.
    is_changed: Cell<bool>,
    /// What the armed timer was armed for.
    timer: Cell<Option<Instant>>,
    cancelled: Cell<Option<Instant>>,
    /// Since when the journal has not answered.
    storing: Cell<Option<Instant>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    /// The machine is done; the caller still takes outcomes.
    HandingOut,
    Over,
}

/// An exchange in flight.
struct Exchange {
    batch: BatchId,
    attempt: AttemptNumber,
    controller: AbortController,
}

/// Credentials that are being fetched.
struct Renewal {
    serial: u32,
    controller: AbortController,
}

impl Driver {
    pub(super) fn new(
        host: &Host,
        machine: Rc<RefCell<dyn Machine>>,
        credentials: Credentials,
        target: Target,
        observer: Option<Observer>,
    ) -> Rc<Self> {
        credentials.auth.hide_in(machine.borrow_mut().secrets());
        Rc::new(Self {
            host: host.clone(),
            executor: Executor::new(host.clone()),
            machine,
            credentials: RefCell::new(credentials),
            target,
            takes_no_store: OnceCell::new(),
            exchanges: RefCell::default(),
            renewal: RefCell::default(),
            observer: observer.map(Rc::new),
            stage: Cell::new(Stage::Running),
            is_changed: Cell::new(false),
            timer: Cell::new(None),
            cancelled: Cell::new(None),
            storing: Cell::new(None),
        })
    }

    /// Starts the clock of the run; the first turn follows.
    pub(super) fn start(&self) {
        self.tell(|machine, now| machine.start(now));
    }

    /// Does what there is to do. `true` once the run is over; its end was told before.
    pub(super) fn turn(self: &Rc<Self>, is_by_timer: bool) -> bool {
        trap_at("turn");
        if is_by_timer {
            trap_at("timer");
            self.timer.set(None);
            self.is_changed.set(true);
        }
        self.executor.begin_turn();
        let mut waits_until = None;
        loop {
            self.executor.run();
            // A piece of a body alone has changed nothing.
            if self.stage.get() == Stage::Over || !self.is_changed.replace(false) {
                break;
            }
            waits_until = Some(self.advance());
        }
        self.executor.end_turn();
        if self.stage.get() == Stage::Over {
            self.close();
            return true;
        }
        if let Some(until) = waits_until {
            self.arm(until);
            self.host.changed();
        }
        false
    }

    /// Acts on the outputs of the machine, and returns when to ask it again at the latest.
    fn advance(self: &Rc<Self>) -> Instant {
        let now = instant(now());
        self.let_go(now);
        if let Some(observer) = &self.observer {
            let is_full = observer.is_full();
            self.ask(|machine| if is_full { machine.hold() } else { machine.release() });
        }
        while self.stage.get() == Stage::Running {
            match self.ask(|machine| machine.poll_output(now)) {
                Output::Send { batch, attempt } => self.send(batch, attempt),
                Output::Abort { batch, attempt } => self.abort(batch, attempt),
                Output::FetchCredentials => self.renew(),
                Output::Persist => self.persist(now),
                Output::Wait { until } => return until.unwrap_or(Instant::NEVER),
                Output::Done => self.finish(),
            }
        }
        Instant::NEVER
    }

    /// Arms the timer, unless an earlier one is armed: to be woken early is as good, and most waits
    /// only move further away. A wait without end has a timer, too, which keeps a process alive.
    fn arm(&self, until: Instant) {
        let until = self.grace_ends().map_or(until, |end| end.min(until));
        if self.timer.get().is_some_and(|at| at <= until) {
            return;
        }
        self.timer.set(Some(until));
        let delay = if until == Instant::NEVER {
            DELAY_MS_MAX
        } else {
            (until.as_millis() as f64 - now()).clamp(0.0, DELAY_MS_MAX)
        };
        // Timers may fire a fraction of a millisecond early; one more makes the wait complete.
        self.host.set_timer(delay + 1.0);
    }

    fn finish(self: &Rc<Self>) {
        let Some(observer) = self.observer.as_ref().filter(|observer| observer.hands_out()) else {
            return self.stage.set(Stage::Over);
        };
        self.stage.set(Stage::HandingOut);
        if observer.begins_to_hand_out() {
            self.hand_out(observer);
        }
    }

    /// Hands out the outcomes that wait, and once the machine is done all that are left.
    fn hand_out(self: &Rc<Self>, observer: &Rc<Observer>) {
        let (driver, observer) = (Rc::clone(self), Rc::clone(observer));
        self.executor.spawn(async move {
            observer.hand_out(|| driver.is_changed.set(true)).await;
            if driver.stage.get() == Stage::HandingOut {
                observer.hand_out_rest().await;
                driver.stage.set(Stage::Over);
            }
        });
    }

    /// Lets go of all that JavaScript could call back for.
    fn close(&self) {
        self.executor.close();
        self.host.clear_timer();
        if let Some(renewal) = self.renewal.take() {
            renewal.controller.abort();
        }
        for exchange in self.exchanges.take() {
            exchange.controller.abort();
        }
    }

    /// Asks the machine, or tells it what changes nothing that it would want something for.
    fn ask<T>(&self, action: impl FnOnce(&mut dyn Machine) -> T) -> T {
        action(&mut *self.machine.borrow_mut())
    }

    /// Tells the machine something; the turn that follows, or is under way, asks it what it wants.
    pub(super) fn tell<T>(&self, action: impl FnOnce(&mut dyn Machine, Instant) -> T) -> T {
        let now = instant(now());
        self.is_changed.set(true);
        self.executor.ring();
        action(&mut *self.machine.borrow_mut(), now)
    }

    pub(super) fn cancel(&self) {
        self.tell(|machine, now| {
            machine.cancel();
            self.cancelled.set(self.cancelled.get().or(Some(now)));
        });
    }

    /// Takes other credentials; `false` where they are not of the kind that the run began with.
    pub(super) fn renew_by(&self, other: Credentials) -> bool {
        let Credentials { auth, headers, .. } = other;
        let mut known = self.credentials.borrow_mut();
        if auth.is_fetched() != known.auth.is_fetched() {
            return false;
        }
        self.ask(|machine| auth.hide_in(machine.secrets()));
        if !auth.is_fetched() {
            known.headers = headers;
        }
        known.auth = auth;
        true
    }

    fn send(self: &Rc<Self>, batch: BatchId, attempt: AttemptNumber) {
        let driver = Rc::clone(self);
        self.executor.spawn(async move { driver.exchange(batch, attempt).await });
    }

    async fn exchange(self: Rc<Self>, batch: BatchId, attempt: AttemptNumber) {
        let result = self.converse(batch, attempt).await;
        trap_at("task");
        let is_it = |known: &Exchange| known.batch == batch && known.attempt == attempt;
        self.exchanges.borrow_mut().retain(|known| !is_it(known));
        let failure = result.err().map(|error| fetch::failure(&error));
        self.tell(|machine, now| match failure {
            None => machine.handle_end(now, batch, attempt),
            Some(failure) => machine.handle_failure(now, batch, attempt, failure),
        });
        self.conclude();
    }

    async fn converse(&self, batch: BatchId, attempt: AttemptNumber) -> Result<(), JsValue> {
        let controller = AbortController::new()?;
        let signal = controller.signal();
        self.exchanges.borrow_mut().push(Exchange { batch, attempt, controller });
        let incoming = self.call(batch, attempt, &signal).await?;
        self.tell_head(batch, attempt, &incoming)?;
        let mut take = |bytes: &[u8]| self.take(batch, attempt, bytes);
        incoming.body()?.read(&self.host, Some((batch.0, attempt.0)), &mut take).await
    }

    async fn call(
        &self,
        batch: BatchId,
        attempt: AttemptNumber,
        signal: &AbortSignal,
    ) -> Result<Incoming, JsValue> {
        let request = self.ask(|machine| machine.request(batch));
        let bytes = request.body.as_ref().map_or(0, Vec::len);
        let outgoing = Outgoing {
            url: request.url,
            headers: headers_of(
                &self.target.attribution,
                &self.credentials.borrow().headers,
                request.body.is_some(),
            ),
            body: request.body.map(|body| Uint8Array::from(&*body)),
        };
        if let Some(observer) = &self.observer {
            observer.attempt_started(batch, attempt, bytes);
        }
        fetch::send(&self.host, &self.takes_no_store, outgoing, signal).await
    }

    fn tell_head(
        &self,
        batch: BatchId,
        attempt: AttemptNumber,
        incoming: &Incoming,
    ) -> Result<(), JsValue> {
        let retry_after = incoming.header("retry-after")?;
        let date = incoming.header("date")?;
        let mut request_id = incoming.header("x-cap-requestid")?;
        if request_id.is_empty() {
            request_id = incoming.header("x-cap-request-id")?;
        }
        let date = Some(&*date).filter(|date| !date.is_empty());
        let wall_clock = unix_time(Date::now());
        let dated = date.and_then(retry_after::http_date);
        let mut head = Head {
            status: incoming.status,
            retry_after: retry_after::parse(&retry_after, date, wall_clock),
            date: dated,
            clock_ahead_ms: dated
                .map(|date| date.as_millis().saturating_sub(wall_clock.as_millis())),
            request_id: None,
        };
        self.tell(|machine, now| {
            head.request_id = machine.secrets().hide_in_word(&request_id);
            machine.handle_head(now, batch, attempt, head);
        });
        Ok(())
    }

    /// Bytes of a body; `false` when the rest is not wanted.
    pub(super) fn take(&self, batch: BatchId, attempt: AttemptNumber, bytes: &[u8]) -> bool {
        trap_at("chunk");
        if self.stage.get() != Stage::Running {
            return false;
        }
        if let Some(observer) = &self.observer {
            observer.received(batch, attempt, bytes.len());
        }
        self.ask(|machine| machine.handle_chunk(batch, attempt, bytes)) != Flow::Enough
    }

    /// Drops the connection of an attempt that the machine has judged already.
    fn abort(self: &Rc<Self>, batch: BatchId, attempt: AttemptNumber) {
        let is_it = |known: &&Exchange| known.batch == batch && known.attempt == attempt;
        let controller =
            self.exchanges.borrow().iter().find(is_it).map(|known| known.controller.clone());
        if let Some(controller) = controller {
            controller.abort();
        }
        self.conclude();
    }

    /// Tells who observes the run what became of the attempt that ended last.
    fn conclude(self: &Rc<Self>) {
        let Some(observer) = &self.observer else { return };
        if observer.conclude() && observer.begins_to_hand_out() {
            self.hand_out(observer);
        }
    }

    fn persist(self: &Rc<Self>, now: Instant) {
        let bytes = self.ask(|machine| machine.take_journal());
        self.storing.set(Some(now));
        let driver = Rc::clone(self);
        self.executor.spawn(async move {
            let stored = JsFuture::from(driver.host.append(&Uint8Array::from(&*bytes))).await;
            // One that the run has let go of may come late.
            if driver.storing.take().is_some() {
                driver.tell(|machine, _| match stored {
                    Ok(_) => machine.handle_persisted(),
                    Err(_) => machine.handle_persist_failure(),
                });
            }
        });
    }

    /// Fetches credentials. One that was overdue has failed already, and is dropped.
    fn renew(self: &Rc<Self>) {
        let Ok(controller) = AbortController::new() else { return };
        let signal = controller.signal();
        let before = self.renewal.take();
        let serial = before.as_ref().map_or(0, |renewal| renewal.serial.wrapping_add(1));
        *self.renewal.borrow_mut() = Some(Renewal { serial, controller });
        if let Some(before) = before {
            before.controller.abort();
        }
        let driver = Rc::clone(self);
        let request = self.credentials.borrow().auth.token_request();
        self.executor.spawn(async move {
            let (host, url) = (&driver.host, driver.target.token_url.clone());
            let renewed = match request {
                Some(body) => fetch_token(host, &driver.takes_no_store, url, body, &signal).await,
                None => ask_caller(host).await,
            };
            let is_latest =
                driver.renewal.borrow().as_ref().is_some_and(|renewal| renewal.serial == serial);
            if is_latest {
                driver.carry(renewed);
            }
        });
    }

    fn carry(&self, renewed: Result<Renewed, CredentialsFailure>) {
        let Renewed { headers, token } = match renewed {
            Ok(renewed) => renewed,
            Err(failure) => {
                return self.tell(|machine, now| machine.handle_credentials_failure(now, failure));
            }
        };
        self.tell(|machine, now| {
            match &token {
                Some((token, _)) => machine.secrets().keep_renewed(token),
                None => headers.iter().for_each(|header| hide_header(header, machine.secrets())),
            }
            machine.handle_credentials(now, token.map(|(_, renew_after)| renew_after));
        });
        self.credentials.borrow_mut().headers = headers;
    }

    /// After a cancel, lets go of a journal or an `onOutcomes` that does not answer.
    fn let_go(&self, now: Instant) {
        let is_late = |since: Option<Instant>| self.grace_of(since).is_some_and(|end| end <= now);
        if is_late(self.storing.get()) {
            self.storing.set(None);
            self.ask(|machine| machine.handle_persist_failure());
            self.host.let_go("journal");
        }
        let Some(observer) = &self.observer else { return };
        if is_late(observer.giving_since()) {
            observer.break_off();
            self.host.let_go("onOutcomes");
            if self.stage.get() == Stage::HandingOut {
                self.stage.set(Stage::Over);
            }
        }
    }

    /// When the run lets go, if that is to be.
    fn grace_ends(&self) -> Option<Instant> {
        let giving = self.observer.as_ref().and_then(|observer| observer.giving_since());
        [self.storing.get(), giving].into_iter().filter_map(|since| self.grace_of(since)).min()
    }

    fn grace_of(&self, since: Option<Instant>) -> Option<Instant> {
        let (cancelled, since) = self.cancelled.get().zip(since)?;
        Some(cancelled.max(since).after(CANCEL_GRACE))
    }
}
