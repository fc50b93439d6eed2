//! The exported plan, and how the caller's options become one: used by a run and by a dry run.

use super::convert::object;
use super::intake::Input;
use super::settings::Settings;
use crate::auth::{Attribution, Auth, Secret};
use crate::forecast::forecast;
use crate::plan::{Options, Plan};
use crate::reconcile::{Rules, RulesGiven};
use crate::request::{Header, RequestError};
use alloc::string::String;
use alloc::vec::Vec;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// The version of the crate, which is that of the package.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}

/// Finds what is wrong with the options, before any input is read.
#[wasm_bindgen]
pub fn validate(settings: Settings) -> Result<(), JsValue> {
    read_plan(&settings)?;
    read_credentials(&settings)?;
    read_rules(&settings)?;
    Ok(())
}

/// What a run of this input would take, by options that were found valid; sends nothing and leaves
/// the input as it is.
#[wasm_bindgen]
pub fn plan(settings: Settings, input: &mut Input) -> Result<JsValue, JsValue> {
    let plan = read_plan(&settings)?;
    let (batch_size, concurrency) = (plan.batch_size(), plan.concurrency_max());
    let source = &mut input.source;
    let forecast = forecast(&plan, &source.ids);
    Ok(object(|object| {
        source.write_counts(object);
        object.count("distinct", source.ids.len() as u64);
        object.count("requests", forecast.requests.into());
        object.count("bytes", forecast.bytes);
        object.count("batchSize", batch_size.into());
        object.count("concurrency", concurrency.into());
        object.count("estimatedMs", crate::time::millis(forecast.estimated));
    }))
}

pub(super) fn read_plan(settings: &Settings) -> Result<Plan, &'static RequestError> {
    let number = |name| settings.get_number(name);
    Plan::new(&Options {
        promotion_id: settings.get("promotionId").unwrap_or_default(),
        context_id: settings.get("contextId").unwrap_or_default(),
        host: settings.get("host").unwrap_or_default(),
        base_path: settings.get("basePath"),
        batch_size: number("batchSize"),
        concurrency: number("concurrency"),
        rate_per_minute: number("rate.perMinute"),
        attempts: number("attempts"),
        timeout_ms: number("timeoutMs"),
        deadline_ms: number("deadlineMs"),
        response_bytes_max: number("responseBytesMax"),
        stop_ambiguous_in_row: number("stop.ambiguousInRow"),
        stop_failure_percent: number("stop.failurePercent"),
        stop_failure_calls_min: number("stop.failureCallsMin"),
        ambiguous: settings.get("ambiguous"),
        attended: settings.flag("isJob"),
    })
}

/// What a read-back leaves out is as in the run before.
pub(super) fn complete_from(settings: &mut Settings, plan: &Plan) {
    let endpoint = plan.endpoint();
    let known = [
        ("promotionId", plan.promotion().as_str()),
        ("contextId", plan.context().as_str()),
        ("host", endpoint.origin()),
        ("basePath", endpoint.base_path()),
    ];
    // A base path belongs to its host.
    let is_there = settings.get("host").is_some();
    for (name, value) in known {
        if settings.get(name).is_none() && !(name == "basePath" && is_there) {
            settings.text(name.into(), value.into());
        }
    }
}

pub(super) fn read_rules(settings: &Settings) -> Result<Rules, &'static RequestError> {
    let number = |name| settings.get_number(name);
    Rules::new(&RulesGiven {
        quiet_ms: number("reconcile.quietMs"),
        apart_ms: number("reconcile.apartMs"),
        limit: number("reconcile.limit"),
        rate_per_minute: number("reconcile.rate.perMinute"),
    })
}

/// Who issues: the credentials, the headers they make at once, and those of the attribution.
pub(super) struct Credentials {
    pub(super) auth: Auth,
    pub(super) headers: Vec<Header>,
    pub(super) attribution: Vec<Header>,
}

pub(super) fn read_credentials(settings: &Settings) -> Result<Credentials, &'static RequestError> {
    let auth = read_auth(settings)?;
    auth.check()?;
    let headers = auth.header()?.into_iter().collect();
    let attribution = Attribution {
        org_id: settings.get("orgId"),
        entity_type: settings.get("attribution.type"),
        entity_code: settings.get("attribution.code"),
    };
    Ok(Credentials { auth, headers, attribution: attribution.headers()? })
}

fn read_auth(settings: &Settings) -> Result<Auth, &'static RequestError> {
    let texts = AUTH_TEXTS.map(|name| settings.get(name));
    Ok(match texts {
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
        [None, None, None, None, None, None] if settings.flag("auth.isCallback") => Auth::Callback,
        [None, None, None, None, None, None] if !settings.flag("auth.isGiven") => Auth::None,
        _ => return Err(AUTH_FORM),
    })
}

const AUTH_TEXTS: [&str; 6] =
    ["auth.username", "auth.password", "auth.passwordMd5", "auth.key", "auth.secret", "auth.token"];

const AUTH_FORM: &RequestError = &RequestError {
    code: "invalid-credentials",
    message: "auth must be { username, password }, { username, passwordMd5 }, { key, secret }, \
              { token } or a function that returns headers.",
};
