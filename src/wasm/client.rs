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
use crate::outcome::StopCode;
use crate::plan::{Options, Plan};
use crate::request::{Header, RequestError};
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;
use js_sys::{Function, Promise};
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
    read_credentials(&options)?;
    let (batch_size, concurrency) = (plan.batch_size(), plan.concurrency_max());
    let mut source = input.borrow_mut()?;
    let (forecast, ids) = forecast(plan, mem::take(&mut source.ids), LATENCY_ASSUMED);
    source.ids = ids;
    Ok(object(|object| {
        source.write_counts(object);
        object.count("distinct", source.ids.len() as u64);
        object.count("requests", forecast.requests.into());
        object.count("bytes", forecast.bytes);
        object.count("batchSize", batch_size.into());
        object.count("concurrency", concurrency.into());
        object.count("estimatedMs", crate::time::millis(forecast.elapsed));
    }))
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
        let (auth, credentials, headers) = read_credentials(&options)?;
        let mut fields = Reader::new(&options);
        let seed = fields.number("seed").map_or_else(clock::seed, f64::to_bits);
        fields.done()?;
        let mut source = mem::take(&mut *input.borrow_mut()?);
        let ids = mem::take(&mut source.ids);
        let job = Job::new(plan, ids, auth.is_fetched(), seed, clock::now());
        let shared = Shared::new(job, auth, headers, credentials, source);
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

pub(super) fn progress_object(progress: &Progress, source: &Source) -> JsValue {
    let state = match progress.state {
        RunState::Running => "running",
        RunState::Paused => "paused",
        RunState::Stopping => "stopping",
        RunState::Done => "done",
    };
    let counts = [
        ("distinct", progress.distinct),
        ("queued", progress.queued),
        ("inFlight", progress.in_flight),
        ("issued", progress.issued),
        ("rejected", progress.rejected),
        ("unsent", progress.unsent),
        ("unknown", progress.unknown),
        ("attempts", progress.tally.attempts),
        ("retries", progress.tally.retries),
    ];
    object(|object| {
        object.text("state", Some(state));
        source.write_counts(object);
        for (name, count) in counts {
            object.count(name, count.into());
        }
        object.count("bytesSent", progress.tally.bytes_sent);
        object.count("bytesReceived", progress.tally.bytes_received);
        object.count("elapsedMs", progress.elapsed_ms);
        // More milliseconds than a Long holds are no forecast.
        object.number("etaMs", progress.eta_ms.and_then(|eta_ms| i64::try_from(eta_ms).ok()));
        object.text("pausedBy", progress.paused_by.map(StopCode::code));
    })
}

fn read_plan(request: &JsValue, options: &JsValue) -> Result<Plan, JsValue> {
    let (mut request, mut options) = (Reader::new(request), Reader::new(options));
    let (rate, stop) = (options.inner("rate"), options.inner("stop"));
    let (mut rate, mut stop) = (Reader::new(&rate), Reader::new(&stop));
    let [promotion_id, context_id] = ["promotionId", "contextId"].map(|key| request.text(key));
    let [host, base_path, ambiguous] =
        ["host", "basePath", "ambiguous"].map(|key| options.text(key));
    let numbers =
        ["batchSize", "concurrency", "attempts", "timeoutMs", "deadlineMs", "responseBytesMax"];
    let [batch_size, concurrency, attempts, timeout_ms, deadline_ms, response_bytes_max] =
        numbers.map(|key| options.number(key));
    let [stop_ambiguous_in_row, stop_failure_percent, stop_failure_calls_min] =
        ["ambiguousInRow", "failurePercent", "failureCallsMin"].map(|key| stop.number(key));
    let read = Options {
        promotion_id: promotion_id.as_deref().unwrap_or_default(),
        context_id: context_id.as_deref().unwrap_or_default(),
        host: host.as_deref().unwrap_or_default(),
        base_path: base_path.as_deref(),
        batch_size,
        concurrency,
        rate_per_minute: rate.number("perMinute"),
        attempts,
        timeout_ms,
        deadline_ms,
        response_bytes_max,
        stop_ambiguous_in_row,
        stop_failure_percent,
        stop_failure_calls_min,
        ambiguous: ambiguous.as_deref(),
        attended: options.flag("isJob").unwrap_or(false),
    };
    for reader in [request, options, rate, stop] {
        reader.done()?;
    }
    Ok(Plan::new(&read)?)
}

/// Who issues: the credentials, the headers they make at once, and those of the attribution.
fn read_credentials(options: &JsValue) -> Result<(Auth, Vec<Header>, Vec<Header>), JsValue> {
    let mut fields = Reader::new(options);
    let (auth, attribution) = (fields.inner("auth"), fields.inner("attribution"));
    let org_id = fields.text("orgId");
    fields.done()?;
    let (auth, credentials) = auth_of(&auth)?;
    let mut fields = Reader::new(&attribution);
    let [entity_type, entity_code] = ["type", "code"].map(|key| fields.text(key));
    fields.done()?;
    let attribution = Attribution {
        org_id: org_id.as_deref(),
        entity_type: entity_type.as_deref(),
        entity_code: entity_code.as_deref(),
    };
    Ok((auth, credentials, attribution.headers()?))
}

fn auth_of(given: &JsValue) -> Result<(Auth, Vec<Header>), JsValue> {
    let mut fields = Reader::new(given);
    let texts = ["username", "password", "passwordMd5", "key", "secret", "token"];
    let texts = texts.map(|key| fields.text(key));
    let callback = fields.flag("callback");
    fields.done()?;
    let auth = match texts {
        [Some(username), Some(password), None, None, None, None] => {
            Auth::Basic { username: username.into(), password: Secret::new(password) }
        }
        [Some(username), None, Some(md5), None, None, None] => {
            Auth::BasicMd5 { username: username.into(), password_md5: Secret::new(md5) }
        }
        [None, None, None, Some(key), Some(own), None] => {
            Auth::Client { key: Secret::new(key), secret: Secret::new(own) }
        }
        [None, None, None, None, None, Some(token)] => Auth::Token(Secret::new(token)),
        [None, None, None, None, None, None] if callback == Some(true) => Auth::Callback,
        [None, None, None, None, None, None] if given.is_undefined() => Auth::None,
        _ => return Err(AUTH_FORM.into()),
    };
    auth.check()?;
    let header = auth.header()?;
    Ok((auth, header.into_iter().collect()))
}

const AUTH_FORM: &RequestError = &RequestError {
    code: "invalid-credentials",
    message: "auth must be { username, password }, { username, passwordMd5 }, { key, secret }, \
              { token } or a function that returns headers.",
};
