//! The control port: switches, faults and the account, for tests. Loopback only, never for the
//! service's own clients.

mod export;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::service::Service;
use crate::switches::Switches;

pub(crate) type ControlBody = UnsyncBoxBody<Bytes, std::io::Error>;
type Answer = Response<ControlBody>;

/// Longest control body: a script of a hundred thousand steps fits.
const BODY_BYTES_MAX: usize = 16 << 20;
/// Longest wait for a condition, so that a forgotten one cannot hold a test suite for ever.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The control interface of one service.
pub(crate) struct Control {
    service: Arc<Service>,
    requests: AtomicU64,
}

impl Control {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service, requests: AtomicU64::new(0) }
    }

    /// Accepts control connections for ever.
    pub(crate) async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(self.clone().connection(stream));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        drop(stream.set_nodelay(true));
        let service = service_fn(move |request| {
            let control = self.clone();
            async move { Ok::<_, std::convert::Infallible>(control.answer(request).await) }
        });
        // A control client that leaves early harms only itself.
        drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
    }

    async fn answer(&self, request: Request<Incoming>) -> Answer {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let (parts, body) = request.into_parts();
        let origin = parts.headers.get("origin").cloned();
        if !is_local(&parts) {
            return refused(StatusCode::FORBIDDEN, "the control port is for loopback only");
        }
        let mut answer = if parts.method == Method::OPTIONS {
            reply(StatusCode::NO_CONTENT, Bytes::new())
        } else {
            match Limited::new(body, BODY_BYTES_MAX).collect().await {
                Ok(body) => self.route(&parts, &body.to_bytes()).await,
                Err(_) => refused(StatusCode::PAYLOAD_TOO_LARGE, "the control body is too long"),
            }
        };
        if let Some(origin) = origin {
            allow(&mut answer, origin);
        }
        answer
    }

    async fn route(&self, parts: &Parts, body: &[u8]) -> Answer {
        let query = parts.uri.query().unwrap_or("");
        match (parts.method.as_str(), parts.uri.path()) {
            ("GET", "/health") => self.health(),
            ("POST", "/reset") => self.reset().await,
            ("GET", "/switches") => match serde_json::to_value(&*self.service.switches()) {
                Ok(value) => ok(value),
                Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            },
            ("PATCH", "/switches") => self.patch(body),
            ("GET", "/faults") => ok(self.service.faults.describe()),
            ("PUT", "/faults") => {
                let result = read(body).and_then(|value| self.service.faults.put(value));
                done(result, || self.service.faults.describe())
            }
            ("DELETE", "/faults") => {
                self.service.faults.clear();
                ok(self.service.faults.describe())
            }
            ("POST", "/tokens/expire") => {
                self.service.tokens.expire_all();
                ok(json!({"expired": self.service.tokens.count()}))
            }
            ("GET", "/world") => match serde_json::to_value(&self.service.world) {
                Ok(value) => ok(without_secrets(value)),
                Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
            },
            ("GET", "/account/summary") => self.summary(query).await,
            ("GET", "/account/ids") => export::ids(&self.service.account, query),
            ("GET", "/account/issuances") => export::issuances(&self.service.account, query),
            ("GET", "/account/calls") => export::calls(&self.service.account, query),
            _ => refused(StatusCode::NOT_FOUND, "no such control resource or method"),
        }
    }

    fn health(&self) -> Answer {
        let (connections, calls) = self.service.open();
        let tokens = self.service.tokens.count();
        ok(json!({"ok": true, "openConnections": connections, "openCalls": calls,
            "tokensIssued": tokens, "controlRequests": self.requests.load(Ordering::Relaxed)}))
    }

    /// Faults first: that ends the stalls of calls that would otherwise outlive the reset.
    async fn reset(&self) -> Answer {
        self.service.faults.clear();
        self.service.set_switches(Switches::default());
        self.service.rate.clear();
        self.service.tokens.expire_all();
        if self.service.account.reset().wait().await.is_err() {
            return refused(StatusCode::INTERNAL_SERVER_ERROR, "the account could not be reset");
        }
        ok(json!({"ok": true}))
    }

    fn patch(&self, body: &[u8]) -> Answer {
        let patched = read(body).and_then(|patch| self.service.switches().patched(&patch));
        let result = patched.map(|switches| self.service.set_switches(switches));
        done(result, || serde_json::to_value(&*self.service.switches()).unwrap_or_default())
    }

    /// The counters; with `calls`, `issued`, `arrivals`, `aborted` or `openCalls` (exact) and
    /// `waitMs` it first waits until each is reached.
    async fn summary(&self, query: &str) -> Answer {
        let wanted = numbers(query);
        let wait_ms = wanted.get("waitMs").copied().unwrap_or(0);
        let wait = Duration::from_millis(wait_ms).min(WAIT_MAX);
        let mut changes = self.service.account.changes();
        let reached = timeout(wait, async {
            while !self.reached(&wanted) {
                // Open calls end without a record, so they are looked at again soon.
                drop(timeout(Duration::from_millis(5), changes.changed()).await);
            }
        });
        let in_time = reached.await.is_ok();
        let summary = self.service.account.summary();
        let mut value = serde_json::to_value(summary).unwrap_or_default();
        if wait_ms > 0
            && let Some(fields) = value.as_object_mut()
        {
            fields.insert("inTime".into(), in_time.into());
        }
        ok(value)
    }

    fn reached(&self, wanted: &HashMap<String, u64>) -> bool {
        let summary = self.service.account.summary();
        let at_least = [
            ("calls", summary.calls),
            ("issued", summary.issued),
            ("arrivals", summary.arrivals),
            ("aborted", summary.aborted),
        ];
        at_least.iter().all(|(name, now)| wanted.get(*name).is_none_or(|wanted| now >= wanted))
            && wanted.get("openCalls").is_none_or(|wanted| self.service.open().1 <= *wanted)
    }
}

/// Whether the request names loopback as its host and, from a page, comes from a loopback origin:
/// otherwise any page could reach the port through a rebound name.
fn is_local(parts: &Parts) -> bool {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let host_of = |authority: &str| {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        matches!(host, "127.0.0.1" | "localhost")
    };
    let origin_is_local =
        |origin: &str| origin.split_once("://").is_some_and(|(_, authority)| host_of(authority));
    text("host").is_some_and(host_of) && text("origin").is_none_or(origin_is_local)
}

fn allow(answer: &mut Answer, origin: HeaderValue) {
    let headers = answer.headers_mut();
    headers.insert("access-control-allow-origin", origin);
    let methods = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
    headers.insert("access-control-allow-methods", methods);
    headers.insert("access-control-allow-headers", HeaderValue::from_static("content-type"));
    headers.insert("vary", HeaderValue::from_static("Origin"));
}

fn numbers(query: &str) -> HashMap<String, u64> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter_map(|(name, value)| Some((name.to_string(), value.parse().ok()?))).collect()
}

/// The world as tests may print it.
fn without_secrets(mut world: Value) -> Value {
    for (list, secret) in [("users", "passwordMd5"), ("clients", "secret")] {
        let items = world.get_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            item.as_object_mut().into_iter().for_each(|fields| drop(fields.shift_remove(secret)));
        }
    }
    world
}

fn read(body: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn done(result: Result<(), String>, value: impl FnOnce() -> Value) -> Answer {
    match result {
        Ok(()) => ok(value()),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error),
    }
}

fn ok(value: Value) -> Answer {
    json_reply(StatusCode::OK, value)
}

pub(crate) fn refused(status: StatusCode, error: &str) -> Answer {
    json_reply(status, json!({"error": error}))
}

fn json_reply(status: StatusCode, value: Value) -> Answer {
    let mut answer = reply(status, Bytes::from(value.to_string()));
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert("content-type", kind);
    answer
}

fn reply(status: StatusCode, bytes: Bytes) -> Answer {
    let body = Full::new(bytes).map_err(|never| match never {}).boxed_unsync();
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer
}
