//! Summaries on their way out: structs of the border, made of what the core says.

use super::convert::{merged, plain};
use super::intake::Source;
use crate::digest;
use crate::forecast;
use crate::intake::{self, Findings, Layout, ProblemReason};
use crate::job::{self, RunState};
use crate::outcome::{self, Cause};
use crate::plan;
use crate::promotion;
use crate::reconcile;
use crate::time::{UnixTime, millis};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;

/// What was given, before anything is sent.
#[derive(Default, Serialize)]
struct Given {
    given: u64,
    invalid: u64,
    duplicate: u64,
    blank: u64,
}

impl Given {
    const fn new(findings: &Findings) -> Self {
        let Findings { given, invalid, duplicate, blank, .. } = *findings;
        Self { given, invalid, duplicate, blank }
    }
}

fn given_object(source: &Source) -> JsValue {
    plain(&Given::new(&source.findings))
}

/// The sums of a run; they balance with what was given.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    issued: u32,
    rejected: u32,
    unsent: u32,
    unknown: u32,
    attempts: u32,
    retries: u32,
    bytes_sent: u64,
    bytes_received: u64,
    elapsed_ms: u64,
}

/// A run under way: its sums, and what only describes it while it lasts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Progress {
    state: &'static str,
    distinct: u32,
    queued: u32,
    in_flight: u32,
    eta_ms: Option<f64>,
    paused_by: Option<&'static str>,
}

impl Counts {
    fn new(progress: &job::Progress) -> Self {
        let tally = &progress.tally;
        Self {
            issued: progress.issued,
            rejected: progress.rejected,
            unsent: progress.unsent,
            unknown: progress.unknown,
            attempts: tally.attempts,
            retries: tally.resends,
            bytes_sent: tally.bytes_sent,
            bytes_received: tally.bytes_received,
            elapsed_ms: progress.elapsed_ms,
        }
    }
}

pub(super) fn progress_object(progress: &job::Progress, source: &Source) -> JsValue {
    let state = plain(&Progress {
        state: state_name(progress.state),
        distinct: progress.distinct,
        queued: progress.queued,
        in_flight: progress.in_flight,
        // More milliseconds than a Long holds are no forecast.
        eta_ms: progress.eta_ms.and_then(|eta_ms| i64::try_from(eta_ms).ok()).map(|ms| ms as f64),
        paused_by: progress.paused_by.map(|code| code.code()),
    });
    merged(state, &counts_object(progress, source))
}

/// The progress of a run whose input is being read.
pub(super) fn reading_object() -> JsValue {
    let state = plain(&Progress {
        state: "reading",
        distinct: 0,
        queued: 0,
        in_flight: 0,
        eta_ms: None,
        paused_by: None,
    });
    merged(merged(state, &plain(&Given::default())), &plain(&Counts::default()))
}

pub(super) fn counts_object(progress: &job::Progress, source: &Source) -> JsValue {
    merged(given_object(source), &plain(&Counts::new(progress)))
}

const fn state_name(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Paused => "paused",
        RunState::Stopping => "stopping",
        RunState::Reconciling => "reconciling",
        RunState::Done => "done",
    }
}

/// How the customers were read.
#[derive(Serialize)]
struct Input<'a> {
    distinct: usize,
    format: &'static str,
    column: Option<&'a str>,
    header: &'a [Box<str>],
}

pub(super) fn input_object(source: &Source, layout: &Layout) -> JsValue {
    let input = plain(&Input {
        distinct: source.ids.len(),
        format: layout.kind.code(),
        column: layout.name.as_deref(),
        header: &layout.header,
    });
    merged(given_object(source), &input)
}

/// An input that is not sent because of itself, with its place.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    line: u64,
    column: u32,
    reason: &'static str,
    /// What is no UTF-8 is replaced.
    text: Cow<'a, str>,
    first_line: Option<u64>,
}

pub(super) fn problems_list(problems: &[intake::Problem]) -> JsValue {
    let problems = problems.iter().map(|problem| Problem {
        line: problem.line,
        column: problem.column,
        reason: problem.reason.code(),
        text: String::from_utf8_lossy(&problem.text),
        first_line: match problem.reason {
            ProblemReason::Duplicate { first_line } => Some(first_line),
            _ => None,
        },
    });
    plain(&problems.collect::<Vec<_>>())
}

/// What a run would take.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Forecast {
    distinct: usize,
    digest: String,
    requests: u32,
    bytes: u64,
    batch_size: u32,
    concurrency: u32,
    estimated_ms: u64,
}

pub(super) fn forecast_object(plan: &plan::Plan, source: &Source) -> JsValue {
    let forecast = forecast::forecast(plan, &source.ids);
    let forecast = plain(&Forecast {
        distinct: source.ids.len(),
        digest: digest::of_ids(&source.ids),
        requests: forecast.requests,
        bytes: forecast.bytes,
        batch_size: plan.batch_size(),
        concurrency: plan.concurrency_max(),
        estimated_ms: millis(forecast.estimated),
    });
    merged(given_object(source), &forecast)
}

/// Why a run ended before its ids did.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stopped<'a> {
    code: &'static str,
    reason: String,
    status: Option<u16>,
    service_code: Option<f64>,
    request_id: Option<&'a str>,
    /// What the network said of a call that was never answered.
    cause: Option<String>,
}

/// Null for a run that came to its end. `special` is said instead of the usual advice.
pub(super) fn stopped_object(stopped: Option<&outcome::Stopped>, special: Option<&str>) -> JsValue {
    plain(&stopped.map(|stopped| Stopped {
        code: stopped.code.code(),
        reason: match stopped.said.is_empty() {
            true => special.unwrap_or(stopped.code.advice()).into(),
            false => [stopped.code.advice(), " The service said: ", &stopped.said].concat(),
        },
        status: stopped.status,
        service_code: stopped.service_code.map(|code| code as f64),
        request_id: stopped.request_id.as_deref(),
        cause: stopped.cause.map(|cause| cause.text()),
    }))
}

/// What a read-back rests on; times are milliseconds since 1970.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadBack {
    asked: u32,
    issued: u32,
    not_issued: u32,
    calls: u32,
    #[serde(serialize_with = "as_millis")]
    from: UnixTime,
    #[serde(serialize_with = "as_millis")]
    until: UnixTime,
}

fn as_millis<S: Serializer>(time: &UnixTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_millis() as f64)
}

/// Null for a run's own outcomes.
pub(super) fn read_back_object(evidence: Option<&reconcile::Evidence>) -> JsValue {
    plain(&evidence.map(|evidence| ReadBack {
        asked: evidence.asked,
        issued: evidence.issued,
        not_issued: evidence.not_issued,
        calls: evidence.calls,
        from: evidence.from,
        until: evidence.until,
    }))
}

/// What is worth knowing but changes no outcome.
#[derive(Serialize)]
struct Note {
    code: &'static str,
    message: &'static str,
    count: u32,
}

pub(super) fn notes_list(notes: &[job::Note]) -> JsValue {
    let notes =
        notes.iter().map(|note| Note { code: note.code, message: note.message, count: note.count });
    plain(&notes.collect::<Vec<_>>())
}

/// Why ids were not issued, as rows share it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CauseShown<'a> {
    reason: &'static str,
    code: Option<f64>,
    status: Option<u16>,
    message: &'a str,
    request_id: Option<&'a str>,
}

pub(super) fn causes_list(causes: &[Cause]) -> JsValue {
    let causes = causes.iter().map(|cause| CauseShown {
        reason: cause.reason.code(),
        code: cause.code.map(|code| code as f64),
        status: cause.status,
        message: &cause.message,
        request_id: cause.request_id.as_deref(),
    });
    plain(&causes.collect::<Vec<_>>())
}

/// What a check found. Dates are milliseconds since 1970; what the service did not say is null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checked<'a> {
    ok: bool,
    exists: Option<bool>,
    active: Option<bool>,
    r#type: Option<&'a str>,
    start_date: Option<f64>,
    end_date: Option<f64>,
    max_issuance_per_customer: Option<f64>,
    customer_activation_required: Option<bool>,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Finding {
    severity: &'static str,
    code: &'static str,
    message: &'static str,
}

pub(super) fn checked_object(checked: &promotion::Checked) -> JsValue {
    let details = &checked.details;
    let number = |number: Option<i64>| number.map(|number| number as f64);
    let findings = checked.findings.iter().map(|finding| Finding {
        severity: finding.severity.name(),
        code: finding.code,
        message: finding.message,
    });
    plain(&Checked {
        ok: checked.is_ok(),
        exists: checked.exists,
        active: details.active,
        r#type: details.kind.as_deref(),
        start_date: number(details.start),
        end_date: number(details.end),
        max_issuance_per_customer: number(details.issuances_max),
        customer_activation_required: details.activation_required,
        findings: findings.collect(),
    })
}
