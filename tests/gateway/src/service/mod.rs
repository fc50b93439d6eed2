//! The service port: one request from its head to its answer.

mod alter;
mod answer;
mod auth;
mod call;
mod codes;
mod cors;
mod deliver;
mod distort;
mod envelope;
mod issue;
mod layout;
mod rate;
mod record;
mod reply;
mod route;
mod siblings;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::request::Parts;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::time::sleep;

pub(crate) use auth::Tokens;
pub(crate) use rate::RateLimit;

use crate::account::{Account, CallPath, Durable, Grant};
use crate::fault::{Fault, Faults, Kind, RetryAfter};
use crate::long::{BodyProblem, parse_ids};
use crate::switches::Switches;
use crate::sync::lock;
use crate::wire::{Answer, AnswerBody, Guard, Handler, Peer, ServiceError};
use crate::world::World;
use alter::Alteration;
use call::Call;
use deliver::Delivery;
use envelope::Problem;
use issue::Effect;
use reply::Reply;

/// Faults, shared with the stalls that wait for them to change.
pub(crate) type SharedFaults = Arc<Faults>;

/// See the module.
pub(crate) struct Service {
    pub world: World,
    pub account: Arc<Account>,
    pub faults: SharedFaults,
    pub tokens: Tokens,
    pub rate: RateLimit,
    pub seed: u64,
    switches: Mutex<Arc<Switches>>,
    connections: AtomicU64,
    open_calls: AtomicU64,
}

/// A call counted as open until it is dropped, whoever ends it.
struct OpenCall<'a>(&'a AtomicU64);

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Handler for Service {
    fn handle(self: Arc<Self>, peer: Peer, request: Request<Incoming>) -> Answer {
        Box::pin(async move { self.serve(peer, request).await })
    }

    fn connections(&self) -> &AtomicU64 {
        &self.connections
    }
}

impl Service {
    pub(crate) fn new(world: World, account: Arc<Account>, seed: u64) -> Self {
        Self {
            world,
            account,
            faults: Arc::new(Faults::new()),
            tokens: Tokens::new(seed),
            rate: RateLimit::default(),
            seed,
            switches: Mutex::default(),
            connections: AtomicU64::new(0),
            open_calls: AtomicU64::new(0),
        }
    }

    /// The switches as they are now; a call keeps those it started with.
    pub(crate) fn switches(&self) -> Arc<Switches> {
        lock(&self.switches).clone()
    }

    /// Replaces all switches.
    pub(crate) fn set_switches(&self, switches: Switches) {
        *lock(&self.switches) = Arc::new(switches);
    }

    /// Connections to the service port and calls being answered.
    pub(crate) fn open(&self) -> (u64, u64) {
        (self.connections.load(Ordering::Relaxed), self.open_calls.load(Ordering::Relaxed))
    }

    async fn serve(
        self: Arc<Self>,
        peer: Peer,
        request: Request<Incoming>,
    ) -> Result<Response<AnswerBody>, ServiceError> {
        self.open_calls.fetch_add(1, Ordering::Relaxed);
        let _open = OpenCall(&self.open_calls);
        let (parts, body) = request.into_parts();
        let switches = self.switches();
        let route = route::route(parts.uri.path());
        let path = if cors::is_preflight(&parts) { CallPath::Preflight } else { route.path };
        let turn = self.faults.turn(path);
        let mut record = record::begin(&self, &peer, &parts, &switches, &route, path);
        if let Some(fault) = self.faults.before_read(turn) {
            record.fault = Some(fault.name);
            let (_, durable) = self.account.record(record, None);
            drop(durable.wait().await);
            peer.channel.kill(true);
            return Err(ServiceError::NoAnswer("reset before the body was read, as ordered"));
        }
        let body = match read_body(body, switches.ids.body_bytes_max).await {
            Ok(body) => body,
            Err(incomplete) => {
                let (call, _) = self.account.record(record, None);
                self.account.abort(call);
                return Err(incomplete);
            }
        };
        let ids = match (&body, path) {
            (Some(body), CallPath::Issue) => parse_ids(body),
            _ => Err(BodyProblem::Empty),
        };
        let fault = self.faults.after_read(turn, ids.as_deref().unwrap_or(&[]));
        record.body_bytes = body.as_ref().map_or(0, Vec::len) as u64;
        record.fault = fault.as_ref().map(|fault| fault.name.clone());
        let too_large = body.is_none();
        let body = body.unwrap_or_default();
        let call = Call {
            parts: &parts,
            switches: &switches,
            route: &route,
            record,
            turn,
            ids: &ids,
            body: &body,
        };
        let outcome = self.decide(&call, fault.as_ref(), too_large);
        self.finish(peer, call, fault, outcome).await
    }

    /// The answer and what it issues, with every fault but those of the wire applied.
    fn decide(&self, call: &Call<'_>, fault: Option<&Fault>, too_large: bool) -> Outcome {
        let fault = fault.map(|fault| fault.repeating(&call.credentials(), call.body));
        let fault = fault.as_ref();
        let outcome = if too_large {
            Outcome::of(Problem::new(413).reply(call.switches))
        } else {
            self.run(call, fault)
        };
        let Some(fault) = fault else { return outcome };
        let reply = match distort::replacement(fault, call.switches) {
            Some(reply) => reply,
            None => distort::distort(fault, outcome.reply),
        };
        Outcome { reply, ..outcome }
    }

    fn run(&self, call: &Call<'_>, fault: Option<&Fault>) -> Outcome {
        let applied = fault.is_none_or(|fault| fault.apply);
        let effect = if applied { Effect::Applied } else { Effect::Pretended };
        let result = match call.record.path {
            CallPath::Preflight => Ok(cors::preflight()),
            CallPath::Issue => {
                if let Err(problem) = call.check_method() {
                    return Outcome::of(problem.reply(call.switches));
                }
                let alteration = fault.and_then(|fault| Alteration::of(&fault.kind, fault.draw));
                let (reply, grant) = self.issue(call, effect, alteration.as_ref());
                return Outcome { reply, grant, also: None };
            }
            // A read has no effect to spare; a token nobody receives is as good as none.
            CallPath::Token => self.token(call),
            CallPath::Promotions => self.details(call),
            CallPath::Config => self.config(call),
            CallPath::Customer => self.of_customer(call),
            CallPath::Revoke if !applied => Err(Problem::new(500)),
            CallPath::Revoke => match self.revoke(call) {
                Ok((reply, durable)) => {
                    return Outcome { reply, grant: None, also: Some(durable) };
                }
                Err(problem) => Err(problem),
            },
            CallPath::Other => Err(Problem::saying(404, "No such resource")),
        };
        Outcome::of(result.unwrap_or_else(|problem| problem.reply(call.switches)))
    }

    /// Who calls, whether it may, and whether it does so too often.
    fn admit(&self, call: &Call<'_>, write: bool) -> Result<(), Problem> {
        let headers = &call.parts.headers;
        let auth = &call.switches.auth;
        let caller = auth::authenticate(&self.world, &self.tokens, auth, headers)?;
        caller.check(write)?;
        call.check_method()?;
        call.check_attribution()?;
        let rate = &call.switches.rate;
        let Some(per_minute) = rate.per_minute else { return Ok(()) };
        let burst = rate.burst.unwrap_or(per_minute);
        self.rate.take(&caller.name, per_minute, burst, Instant::now()).map_err(|wait| {
            let seconds = wait.as_millis().div_ceil(1_000);
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            let told = rate.retry_after.clone().unwrap_or(RetryAfter::Seconds { seconds });
            Problem::limited(rate, told)
        })
    }

    /// Records the call, waits until that is durable, and sends the answer.
    async fn finish(
        self: &Arc<Self>,
        peer: Peer,
        mut call: Call<'_>,
        fault: Option<Fault>,
        outcome: Outcome,
    ) -> Result<Response<AnswerBody>, ServiceError> {
        let Outcome { mut reply, grant, also } = outcome;
        let kind = fault.as_ref().map(|fault| &fault.kind);
        self.schedule_late(&call, kind);
        self.dress(&call, &mut reply);
        if call.switches.gzip && accepts_gzip(call.parts) {
            reply = distort::gzip(reply);
        }
        call.record.status = kind.is_none_or(answers).then_some(reply.status);
        let counted = matches!(call.record.path, CallPath::Issue);
        if let (true, Ok(ids)) = (counted, call.ids) {
            call.record.customers.clone_from(ids);
        }
        let (id, durable) = self.account.record(call.record, grant);
        let guard = Guard::new(self.account.clone(), id);
        let lost = durable.wait().await.is_err()
            || match also {
                Some(durable) => durable.wait().await.is_err(),
                None => false,
            };
        if lost {
            return Err(ServiceError::NoAnswer("the account is lost, so nothing may be answered"));
        }
        if call.switches.latency_ms > 0 {
            sleep(Duration::from_millis(call.switches.latency_ms)).await;
        }
        let chunked = call.switches.shape.chunked;
        let guard = Some(guard);
        let delivery =
            Delivery { service: self, peer: &peer, turn: call.turn, reply, chunked, guard };
        delivery.send(fault.as_ref()).await
    }

    /// Lets an issue take effect after its answer.
    fn schedule_late(self: &Arc<Self>, call: &Call<'_>, kind: Option<&Kind>) {
        let Some(Kind::LateApply { after_ms, .. }) = kind else { return };
        let Ok(order) = self.order(call) else { return };
        let (service, switches) = (self.clone(), self.switches());
        let (number, after) = (call.record.number, Duration::from_millis(*after_ms));
        tokio::spawn(async move {
            sleep(after).await;
            let done = service.carry_out(&order, number, &switches, Effect::Applied, None);
            if let Ok((_, Some(grant))) = done {
                service.account.record_late(grant);
            }
        });
    }

    /// Headers that every answer carries.
    fn dress(&self, call: &Call<'_>, reply: &mut Reply) {
        if let Some(name) = &call.switches.request_id.header {
            reply.set(name, &call.record.request_id);
        }
        if call.switches.request_uri_header && !call.route.pattern.is_empty() {
            reply.set("x-cap-api-request-uri", call.route.pattern);
        }
        cors::dress(&call.switches.cors, call.parts, reply);
    }
}

/// What a call came to, before the wire.
struct Outcome {
    reply: Reply,
    grant: Option<Grant>,
    /// Another change that has to be durable before the answer.
    also: Option<Durable>,
}

impl Outcome {
    fn of(reply: Reply) -> Self {
        Self { reply, grant: None, also: None }
    }
}

/// Whether a call with this fault is to get a status at all.
fn answers(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::StallBeforeHeaders
            | Kind::ResetBeforeRead
            | Kind::ResetAfterRead
            | Kind::CloseBeforeAnswer
            | Kind::ActThenDrop { .. }
            | Kind::StreamReset { .. }
            | Kind::GoAway
            | Kind::Raw { .. }
            | Kind::TruncateHead { .. }
            | Kind::Informational { then: false, .. }
    )
}

fn accepts_gzip(parts: &Parts) -> bool {
    let accepted = parts.headers.get_all("accept-encoding").iter();
    accepted.filter_map(|value| value.to_str().ok()).any(|value| value.contains("gzip"))
}

/// The whole body; `None` when it is longer than allowed.
///
/// # Errors
/// The client left before its end.
async fn read_body(mut body: Incoming, bytes_max: usize) -> Result<Option<Vec<u8>>, ServiceError> {
    let hint = usize::try_from(body.size_hint().lower()).unwrap_or(0);
    let mut bytes = Vec::with_capacity(hint.min(bytes_max));
    let mut fits = true;
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            fits &= bytes.len().saturating_add(data.len()) <= bytes_max;
            // The rest is still read: a client that is writing sees the answer, not a reset.
            if fits {
                bytes.extend_from_slice(&data);
            }
        }
    }
    Ok(fits.then_some(bytes))
}
