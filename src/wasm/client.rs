//! The exported run: from the caller's options to a driven job.

use super::clock;
use super::convert::{Reader, get, object};
use super::driver::{Hooks, Shared, drive};
use super::error::{error, misused};
use super::intake::{Input, Source};
use super::outcomes::Outcomes;
use crate::auth::{Attribution, Auth, Secret};
use crate::forecast::forecast;
use crate::job::{Job, Progress, RunState};
use crate::plan::{Options, Plan};
use crate::request::{Header, RequestError};
use core::mem;
use core::time::Duration;
use js_sys::{Function, Promise};
use std::rc::Rc;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::future_to_promise;

/// The version of the crate, which is that of the package.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

/// Milliseconds between a request and its answer that a plan assumes.
const LATENCY_ASSUMED: Duration = Duration::from_secs(1);

/// What a run of this input would take; sends nothing and leaves the input as it is.
#[wasm_bindgen]
pub fn plan(request: JsValue, options: JsValue, input: &Input) -> Result<JsValue, JsValue> {
    let plan = read_plan(&request, &options)?;
    read_auth(&options)?;
    read_attribution(&options)?;
    let (batch_size, concurrency) = (plan.batch_size(), plan.concurrency_max());
    let mut source = input.borrow_mut()?;
    let (forecast, ids) = forecast(plan, mem::take(&mut source.ids), LATENCY_ASSUMED);
    source.ids = ids;
    Ok(object(&[
        ("given", number(source.counts.given)),
        ("invalid", number(source.counts.invalid)),
        ("duplicate", number(source.counts.duplicate)),
        ("blank", number(source.counts.blank)),
        ("distinct", number(source.ids.len() as u64)),
        ("requests", forecast.requests.into()),
        ("bytes", number(forecast.bytes)),
        ("batchSize", batch_size.into()),
        ("concurrency", concurrency.into()),
        ("estimatedMs", number(crate::time::millis(forecast.elapsed))),
    ]))
}

/// One bulk run.
#[wasm_bindgen]
pub struct Run {
    shared: Rc<Shared>,
}

#[wasm_bindgen]
impl Run {
    /// Checks everything before anything is sent. The input is taken.
    #[wasm_bindgen(constructor)]
    pub fn new(request: JsValue, options: JsValue, input: &Input) -> Result<Self, JsValue> {
        let plan = read_plan(&request, &options)?;
        let (auth, credentials) = read_auth(&options)?;
        let headers = read_attribution(&options)?;
        let seed = Reader(&options).number("seed")?.map_or_else(clock::seed, f64::to_bits);
        let source = mem::take(&mut *input.borrow_mut()?);
        let Source { ids, counts, problems } = source;
        let job = Job::new(plan, ids, auth.is_fetched(), seed, clock::now());
        let shared = Shared::new(job, auth, headers, credentials).with_input(counts, problems);
        Ok(Self { shared: Rc::new(shared) })
    }

    /// Sends the batches; resolves when every id has its outcome. What the service or the network
    /// does never rejects it.
    pub fn start(&self, hooks: JsValue) -> Result<Promise, JsValue> {
        if self.shared.started.replace(true) {
            return Err(misused());
        }
        let function = |key| get(&hooks, key).dyn_into::<Function>().ok();
        let hooks = Hooks {
            fetch: function("fetch").ok_or_else(misused)?,
            progress: function("progress"),
            credentials: function("credentials"),
        };
        self.shared.job_mut()?.start(clock::now());
        let shared = Rc::clone(&self.shared);
        Ok(future_to_promise(async move {
            drive(shared, Rc::new(hooks)).await;
            Ok(JsValue::UNDEFINED)
        }))
    }

    /// Nothing new is sent; what is in flight is awaited.
    pub fn pause(&self) -> Result<(), JsValue> {
        self.shared.job_mut()?.pause();
        self.shared.signal.raise();
        Ok(())
    }

    /// Goes on, with other credentials where they are given.
    pub fn resume(&self, auth: JsValue) -> Result<(), JsValue> {
        if auth.is_object() {
            let (auth, headers) = auth_of(&auth)?;
            if auth.is_fetched() != self.shared.has_fetched_credentials() {
                return Err(error(
                    "invalid-credentials",
                    "A run goes on with the kind of credentials that it began with.",
                ));
            }
            self.shared.set_auth(auth, headers);
        }
        self.shared.job_mut()?.resume(clock::now());
        self.shared.signal.raise();
        Ok(())
    }

    /// Nothing more is sent; what is in flight is awaited until its timeout.
    pub fn cancel(&self) -> Result<(), JsValue> {
        self.shared.job_mut()?.cancel();
        self.shared.signal.raise();
        Ok(())
    }

    pub fn progress(&self) -> Result<JsValue, JsValue> {
        self.shared.progress()
    }

    /// The outcomes of a run that is done.
    pub fn outcomes(&self) -> Result<Outcomes, JsValue> {
        let state = self.shared.job_ref()?.progress(clock::now()).state;
        if state != RunState::Done {
            return Err(error("still-running", "The run is not done; await it first."));
        }
        Ok(Outcomes::new(Rc::clone(&self.shared)))
    }
}

/// A count for JavaScript: exact up to 2^53, which no count of ours reaches.
pub(super) fn number(count: u64) -> JsValue {
    JsValue::from_f64(count as f64)
}

pub(super) fn progress_object(progress: &Progress, shared: &Shared) -> JsValue {
    let counts = &shared.counts;
    let state = match progress.state {
        RunState::Running => "running",
        RunState::Paused => "paused",
        RunState::Stopping => "stopping",
        RunState::Done => "done",
    };
    object(&[
        ("state", state.into()),
        ("given", number(counts.given)),
        ("invalid", number(counts.invalid)),
        ("duplicate", number(counts.duplicate)),
        ("blank", number(counts.blank)),
        ("distinct", progress.distinct.into()),
        ("queued", progress.queued.into()),
        ("inFlight", progress.in_flight.into()),
        ("issued", progress.issued.into()),
        ("rejected", progress.rejected.into()),
        ("unsent", progress.unsent.into()),
        ("unknown", progress.unknown.into()),
        ("attempts", progress.tally.attempts.into()),
        ("retries", progress.tally.retries.into()),
        ("bytesSent", number(progress.tally.bytes_sent)),
        ("bytesReceived", number(progress.tally.bytes_received)),
        ("elapsedMs", number(progress.elapsed_ms)),
        ("etaMs", progress.eta_ms.map_or(JsValue::NULL, number)),
        ("pausedBy", progress.paused_by.map_or(JsValue::NULL, |code| code.code().into())),
    ])
}

fn read_plan(request: &JsValue, options: &JsValue) -> Result<Plan, JsValue> {
    let (request, options) = (Reader(request), Reader(options));
    let (rate, stop) = (options.inner("rate")?, options.inner("stop")?);
    let (rate, stop) = (Reader(&rate), Reader(&stop));
    let promotion_id = request.text("promotionId")?.unwrap_or_default();
    let context_id = request.text("contextId")?.unwrap_or_default();
    let host = options.text("host")?.unwrap_or_default();
    let base_path = options.text("basePath")?;
    let options = Options {
        promotion_id: &promotion_id,
        context_id: &context_id,
        host: &host,
        base_path: base_path.as_deref(),
        batch_size: options.number("batchSize")?,
        concurrency: options.number("concurrency")?,
        rate_per_minute: rate.number("perMinute")?,
        attempts: options.number("attempts")?,
        timeout_ms: options.number("timeoutMs")?,
        deadline_ms: options.number("deadlineMs")?,
        response_bytes_max: options.number("responseBytesMax")?,
        stop_ambiguous_in_row: stop.number("ambiguousInRow")?,
        stop_failure_percent: stop.number("failurePercent")?,
        stop_failure_calls_min: stop.number("failureCallsMin")?,
        attended: options.flag("isJob")?.unwrap_or(false),
    };
    Ok(Plan::new(&options)?)
}

fn read_auth(options: &JsValue) -> Result<(Auth, Vec<Header>), JsValue> {
    auth_of(&Reader(options).inner("auth")?)
}

fn auth_of(given: &JsValue) -> Result<(Auth, Vec<Header>), JsValue> {
    let fields = Reader(given);
    let text = |key| fields.text(key);
    let secret = |key| Ok::<_, JsValue>(text(key)?.as_deref().map(Secret::new));
    let username = text("username")?.map(String::into_boxed_str);
    let basic = (username, secret("password")?, secret("passwordMd5")?);
    let auth = match (basic, secret("key")?, secret("secret")?, secret("token")?) {
        ((Some(username), Some(password), None), None, None, None) => {
            Auth::Basic { username, password }
        }
        ((Some(username), None, Some(password_md5)), None, None, None) => {
            Auth::BasicMd5 { username, password_md5 }
        }
        ((None, None, None), Some(key), Some(secret), None) => Auth::Client { key, secret },
        ((None, None, None), None, None, Some(token)) => Auth::Token(token),
        ((None, None, None), None, None, None) => match fields.flag("callback")? {
            Some(true) => Auth::Callback,
            None if given.is_undefined() => Auth::None,
            _ => return Err(AUTH_FORM.into()),
        },
        _ => return Err(AUTH_FORM.into()),
    };
    auth.check()?;
    let header = auth.header()?;
    Ok((auth, header.into_iter().collect()))
}

const AUTH_FORM: RequestError = RequestError {
    code: "invalid-credentials",
    message: "auth must be { username, password }, { username, passwordMd5 }, { key, secret }, \
              { token } or a function that returns headers.",
};

fn read_attribution(options: &JsValue) -> Result<Vec<Header>, JsValue> {
    let attribution = Reader(options).inner("attribution")?;
    let attribution = Reader(&attribution);
    let org_id = Reader(options).text("orgId")?;
    let (entity_type, entity_code) = (attribution.text("type")?, attribution.text("code")?);
    let attribution = Attribution {
        org_id: org_id.as_deref(),
        entity_type: entity_type.as_deref(),
        entity_code: entity_code.as_deref(),
    };
    Ok(attribution.headers()?)
}
