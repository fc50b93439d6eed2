//! The schema of what the caller passes as data: request, options, credentials and how an input is
//! read. A field that is not here is refused; the ranges of the values are checked where they
//! become a plan, rules or headers of the core.
//!
//! Functions and objects that only JavaScript can use are named here, so that a misspelt one is
//! refused, and stay there. Undefined is as good as absent everywhere, null for plain data.

use super::error::Refusal;
use super::strict::{self, Root};
use crate::attribution::Attribution as ForWhom;
use crate::auth::{self, Secret};
use crate::intake::{Column, CsvOptions, Dedupe, Delimiter, Format};
use crate::plan;
use crate::reconcile::RulesGiven;
use crate::request::RequestError;
use alloc::string::String;
use core::fmt;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, Visitor};
use wasm_bindgen::JsValue;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) promotion_id: Option<String>,
    pub(super) context_id: Option<String>,
    #[expect(dead_code, reason = "stays in JavaScript; read to be checked")]
    customer_ids: IgnoredAny,
    pub(super) confirmed: Option<Confirmed>,
}

/// Customers as a plan showed them to somebody who confirmed them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Confirmed {
    pub(super) customers: f64,
    pub(super) digest: String,
}

/// The options of all functions; each takes those that its list names.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Options {
    pub(super) request: Request,
    pub(super) host: Option<String>,
    pub(super) base_path: Option<String>,
    auth: Auth,
    attribution: Option<Attribution>,
    org_id: Option<String>,
    batch_size: Option<f64>,
    concurrency: Option<f64>,
    rate: Option<Rate>,
    timeout_ms: Option<f64>,
    deadline_ms: Option<f64>,
    response_bytes_max: Option<f64>,
    attempts: Option<f64>,
    stop: Option<Stop>,
    pub(super) ambiguous: Option<String>,
    reconcile: Option<Reconcile>,
    pub(super) seed: Option<f64>,
    pub(super) input: Input,
    // Of the function `reconcile`, whose rules stand beside its other options.
    quiet_ms: Option<f64>,
    apart_ms: Option<f64>,
    limit: Option<f64>,
    #[expect(dead_code, reason = "stays in JavaScript; read to be checked")]
    signal: IgnoredAny,
    #[expect(dead_code, reason = "stays in JavaScript; read to be checked")]
    on_progress: Function,
    pub(super) on_outcomes: Function,
    #[expect(dead_code, reason = "stays in JavaScript; read to be checked")]
    transport: Function,
    pub(super) journal: Given,
    #[expect(dead_code, reason = "stays in JavaScript; read to be checked")]
    hooks: Hooks,
}

pub(super) const OF_A_RUN: &[&str] = &[
    "host",
    "basePath",
    "auth",
    "attribution",
    "orgId",
    "input",
    "batchSize",
    "concurrency",
    "rate",
    "timeoutMs",
    "deadlineMs",
    "responseBytesMax",
    "attempts",
    "stop",
    "ambiguous",
    "reconcile",
    "seed",
    "signal",
    "onProgress",
    "onOutcomes",
    "hooks",
    "transport",
    "journal",
];
pub(super) const OF_A_RESUMED_RUN: &[&str] = &[
    "request",
    "host",
    "basePath",
    "auth",
    "attribution",
    "orgId",
    "input",
    "batchSize",
    "concurrency",
    "rate",
    "timeoutMs",
    "deadlineMs",
    "responseBytesMax",
    "attempts",
    "stop",
    "ambiguous",
    "reconcile",
    "seed",
    "signal",
    "onProgress",
    "onOutcomes",
    "hooks",
    "transport",
];
pub(super) const OF_A_READ_BACK: &[&str] = &[
    "host",
    "basePath",
    "auth",
    "attribution",
    "orgId",
    "quietMs",
    "apartMs",
    "limit",
    "rate",
    "concurrency",
    "timeoutMs",
    "attempts",
    "seed",
    "signal",
    "onProgress",
    "transport",
];
pub(super) const OF_A_REVOCATION: &[&str] = &[
    "host",
    "basePath",
    "auth",
    "attribution",
    "orgId",
    "concurrency",
    "rate",
    "timeoutMs",
    "attempts",
    "seed",
    "signal",
    "onProgress",
    "transport",
];
pub(super) const OF_A_CHECK: &[&str] = &[
    "host",
    "basePath",
    "auth",
    "attribution",
    "orgId",
    "timeoutMs",
    "attempts",
    "seed",
    "signal",
    "transport",
];

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attribution {
    r#type: Option<String>,
    code: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rate {
    per_minute: Option<f64>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stop {
    ambiguous_in_row: Option<f64>,
    failure_percent: Option<f64>,
    failure_calls_min: Option<f64>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reconcile {
    quiet_ms: Option<f64>,
    apart_ms: Option<f64>,
    limit: Option<f64>,
    rate: Option<Rate>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    format: Option<String>,
    column: Option<ColumnGiven>,
    delimiter: Option<String>,
    field: Option<String>,
    dedupe: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "stays in JavaScript; read to be checked")]
struct Hooks {
    on_run_start: Function,
    on_attempt_start: Function,
    on_attempt_end: Function,
    on_batch_end: Function,
    on_run_end: Function,
}

/// Credentials: a function of the caller, or an object, of which the core knows several forms.
#[derive(Default, Deserialize)]
enum Auth {
    #[default]
    Absent,
    Function,
    Object(AuthFields),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthFields {
    username: Option<String>,
    password: Option<String>,
    password_md5: Option<String>,
    key: Option<String>,
    secret: Option<String>,
    token: Option<String>,
}

/// Whether a function was given.
#[derive(Default)]
pub(super) struct Function(pub(super) bool);

impl<'de> Deserialize<'de> for Function {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_unit(IsGiven).map(Self)
    }
}

/// Whether anything was given, whose kind JavaScript looks at.
#[derive(Default)]
pub(super) struct Given(pub(super) bool);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_ignored_any(IsGiven).map(Self)
    }
}

struct IsGiven;

impl Visitor<'_> for IsGiven {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value that stays in JavaScript")
    }

    fn visit_none<E: de::Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_unit<E: de::Error>(self) -> Result<bool, E> {
        Ok(true)
    }
}

/// A column by its name or by its number from 1.
enum ColumnGiven {
    Name(String),
    Number(f64),
}

impl<'de> Deserialize<'de> for ColumnGiven {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrNumber)
    }
}

struct NameOrNumber;

impl Visitor<'_> for NameOrNumber {
    type Value = ColumnGiven;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or a number")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<ColumnGiven, E> {
        Ok(ColumnGiven::Name(name.into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<ColumnGiven, E> {
        Ok(ColumnGiven::Number(number))
    }
}

impl Request {
    pub(super) fn read(value: JsValue) -> Result<Self, Refusal> {
        strict::read(&Root { name: "request", fields: None }, value)
    }

    /// The request of a check, which issues nothing and so has no context; a plan wants one.
    pub(super) fn read_for_check(value: JsValue) -> Result<Self, Refusal> {
        let root = Root { name: "request", fields: Some(&["promotionId"]) };
        strict::read(&root, value)
    }
}

impl Options {
    /// Reads the options of one function, which takes those of the list.
    pub(super) fn read(value: JsValue, list: &'static [&'static str]) -> Result<Self, Refusal> {
        strict::read(&Root { name: "options", fields: Some(list) }, value)
    }

    pub(super) fn of_plan(&self) -> plan::Options<'_> {
        let stop = self.stop.unwrap_or_default();
        plan::Options {
            host: self.host.as_deref().unwrap_or_default(),
            base_path: self.base_path.as_deref(),
            batch_size: self.batch_size,
            concurrency: self.concurrency,
            rate_per_minute: self.rate.and_then(|rate| rate.per_minute),
            attempts: self.attempts,
            timeout_ms: self.timeout_ms,
            deadline_ms: self.deadline_ms,
            response_bytes_max: self.response_bytes_max,
            stop_ambiguous_in_row: stop.ambiguous_in_row,
            stop_failure_percent: stop.failure_percent,
            stop_failure_calls_min: stop.failure_calls_min,
            ambiguous: self.ambiguous.as_deref(),
            ..plan::Options::default()
        }
    }

    /// The rules of a run's own read-back.
    pub(super) fn of_read_back(&self) -> RulesGiven {
        let given = self.reconcile.unwrap_or_default();
        RulesGiven {
            quiet_ms: given.quiet_ms,
            apart_ms: given.apart_ms,
            limit: given.limit,
            rate_per_minute: given.rate.and_then(|rate| rate.per_minute),
        }
    }

    /// The rules of the function `reconcile`.
    pub(super) fn of_reconcile(&self) -> RulesGiven {
        RulesGiven {
            quiet_ms: self.quiet_ms,
            apart_ms: self.apart_ms,
            limit: self.limit,
            rate_per_minute: self.rate.and_then(|rate| rate.per_minute),
        }
    }

    pub(super) fn auth(&self) -> Result<auth::Auth, &'static RequestError> {
        auth_of(&self.auth)
    }

    pub(super) fn attribution(&self) -> Result<ForWhom, &'static RequestError> {
        let of = self.attribution.as_ref();
        ForWhom::new(
            self.org_id.as_deref(),
            of.and_then(|of| of.r#type.as_deref()),
            of.and_then(|of| of.code.as_deref()),
        )
    }
}

/// Reads the credentials that somebody gives to a run under way.
pub(super) fn read_auth(value: JsValue) -> Result<auth::Auth, Refusal> {
    let given: Auth = strict::read(&Root { name: "auth", fields: None }, value)?;
    Ok(auth_of(&given)?)
}

fn auth_of(given: &Auth) -> Result<auth::Auth, &'static RequestError> {
    let fields = match given {
        Auth::Absent => return Ok(auth::Auth::None),
        Auth::Function => return Ok(auth::Auth::Callback),
        Auth::Object(fields) => fields,
    };
    let AuthFields { username, password, password_md5, key, secret, token } = fields;
    let texts = [username, password, password_md5, key, secret, token].map(Option::as_deref);
    Ok(match texts {
        [Some(username), Some(password), None, None, None, None] => {
            auth::Auth::Basic { username: username.into(), password: Secret::new(password) }
        }
        [Some(username), None, Some(md5), None, None, None] => {
            auth::Auth::BasicMd5 { username: username.into(), password_md5: Secret::new(md5) }
        }
        [None, None, None, Some(key), Some(own), None] => {
            auth::Auth::Client { key: Secret::new(key), secret: Secret::new(own) }
        }
        [None, None, None, None, None, Some(token)] => auth::Auth::Token(Secret::new(token)),
        _ => return Err(AUTH_FORM),
    })
}

const AUTH_FORM: &RequestError = &RequestError {
    code: "invalid-credentials",
    message: "auth must be { username, password }, { username, passwordMd5 }, { key, secret }, \
              { token } or a function that returns headers.",
};

const INVALID_INPUT: &RequestError = &RequestError {
    code: "invalid-input",
    message: "input.format must be auto, lines, csv, ndjson or json; input.column a name or a \
              number from 1; input.delimiter one character.",
};

impl Input {
    pub(super) fn dedupe(&self) -> Dedupe {
        if self.dedupe == Some(false) { Dedupe::TrustInput } else { Dedupe::Exact }
    }

    /// `column` names the column of a CSV and the field of NDJSON; `field` is its older name.
    pub(super) fn format(&self) -> Result<Format, &'static RequestError> {
        let delimiter = match self.delimiter.as_deref().map(str::as_bytes) {
            None => Delimiter::Auto,
            Some([byte]) => Delimiter::Byte(*byte),
            Some(_) => return Err(INVALID_INPUT),
        };
        let csv = CsvOptions { column: self.column()?, delimiter };
        match self.format.as_deref().unwrap_or("auto") {
            "auto" => Ok(Format::Auto(csv)),
            "csv" => Ok(Format::Csv(csv)),
            "ndjson" => match csv.column {
                Column::Auto => Ok(Format::Ndjson { field: None }),
                Column::Name(name) => Ok(Format::Ndjson { field: Some(name) }),
                Column::Number(_) => Err(INVALID_INPUT),
            },
            "lines" => Ok(Format::Lines),
            "json" => Ok(Format::Json),
            _ => Err(INVALID_INPUT),
        }
    }

    fn column(&self) -> Result<Column, &'static RequestError> {
        match &self.column {
            None => {
                Ok(self.field.as_deref().map_or(Column::Auto, |name| Column::Name(name.into())))
            }
            Some(ColumnGiven::Name(name)) => Ok(Column::Name(name.as_str().into())),
            Some(ColumnGiven::Number(n))
                if (1.0..=f64::from(u32::MAX)).contains(n) && n % 1.0 == 0.0 =>
            {
                Ok(Column::Number(*n as u32))
            }
            Some(ColumnGiven::Number(_)) => Err(INVALID_INPUT),
        }
    }
}
