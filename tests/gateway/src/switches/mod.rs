//! Every behaviour the documentation leaves open, as a named switch (api.md 16).
//!
//! The defaults are the most plausible service; a test that depends on one of them sets it.

mod shape;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use shape::{EntryOrder, ListForm, Shape};

use crate::fault::RetryAfter;

/// All switches. `PATCH /switches` takes any part of this as JSON; a null is a value, not a
/// removal; an unknown name is refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Switches {
    pub cors: Cors,
    pub request_id: RequestId,
    /// Send `x-cap-api-request-uri`.
    pub request_uri_header: bool,
    pub auth: Auth,
    pub errors: Errors,
    pub promotion: PromotionCodes,
    pub context_id: ContextId,
    pub ids: Ids,
    pub rate: Rate,
    pub reconcile: Reconcile,
    pub shape: Shape,
    /// Refuse a body whose content type is not JSON with 415.
    pub require_content_type: bool,
    /// Answers are gzipped when the request accepts it.
    pub gzip: bool,
    /// Every answer waits this long first. A latency of the service, not a fault.
    pub latency_ms: u64,
    /// Customers on which "multiple actions are running": the call answers 521.
    pub locked_customers: Vec<String>,
}

/// Which origins a browser may call from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Cors {
    /// Null or empty: no CORS headers at all. `"*"` allows any.
    pub origins: Option<Vec<String>>,
    pub allow_headers: Vec<String>,
    pub expose_headers: Vec<String>,
    /// `Access-Control-Max-Age`, seconds; null for none.
    pub max_age_seconds: Option<u32>,
}

/// The request id header of the answer (api.md 12).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct RequestId {
    /// Header name; null sends none.
    pub header: Option<String>,
    /// Repeat the request's `x-cap-request-id` instead of making one.
    pub echo: bool,
}

/// Authentication and access.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Auth {
    /// Accept Basic users.
    pub basic: bool,
    /// Accept OAuth tokens.
    pub oauth: bool,
    /// Headers a token may arrive in; `authorization` means `Bearer <token>`.
    pub token_headers: Vec<String>,
    /// Life of new tokens in seconds, instead of the client's own.
    pub token_ttl_seconds: Option<u64>,
    /// Status of a call without valid credentials.
    pub unauthorised_status: u16,
    /// Status of a call with an expired token.
    pub expired_status: u16,
    /// Status of the token endpoint for a bad key or secret.
    pub token_refused_status: u16,
    /// Answer 503 with code 4001, "Authorization status unavailable!".
    pub unavailable: bool,
    /// Treat every credential as refused, as after a secret was rotated.
    pub refuse_all: bool,
}

/// How errors look.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Errors {
    /// Envelope of errors without an own one in `by_code`.
    pub envelope: Envelope,
    /// Envelope by code.
    pub by_code: BTreeMap<String, Envelope>,
    /// HTTP status by code, for example `{"706":200}`.
    pub status: BTreeMap<String, u16>,
    /// Codes as JSON strings.
    pub string_codes: bool,
}

/// The documented error bodies (api.md 5), and what a proxy in between may send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Envelope {
    /// Shape A: `{"errors":[{"code","message"}]}`.
    Promotions,
    /// Shape B: `{"timestamp","errorCode","message","errorDetails"}`.
    Validation,
    /// Shape C: `{"warnings":[],"errors":[{"status":false,"code","message"}]}`.
    AccessGroup,
    /// Shape D: `{"data":null,"errors":[{"code","message"}]}`.
    Token,
    /// Shape E: `{"response":{"status":{...},"customers":null}}`.
    Customer,
    /// Badges: `{"data":null,"errors":[{"code","message","reference":null}],"warnings":null}`.
    Badges,
    Html,
    Text,
    Empty,
}

/// Codes for promotions that cannot be issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct PromotionCodes {
    pub unknown: u32,
    /// Not 24 hex digits.
    pub malformed: u32,
    pub expired: u32,
    pub inactive: u32,
    /// Code by type that is not CUSTOMER; a type not listed is issued.
    pub wrong_type: BTreeMap<String, u32>,
}

/// What the service makes of `contextId`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct ContextId {
    /// Refuse its absence with 400.
    pub required: bool,
    /// Accept an empty one.
    pub allow_empty: bool,
    /// Longest accepted, in characters; null for no limit.
    pub chars_max: Option<usize>,
    pub allow_non_ascii: bool,
    pub repeated: Repeated,
    /// Read `+` as a space.
    pub plus_is_space: bool,
}

/// Which of several `contextId` counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Repeated {
    First,
    Last,
    Reject,
}

/// What the service makes of the ids.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Ids {
    /// An id that is no customer.
    pub unknown: Refusal,
    pub unknown_code: u32,
    /// A customer that already holds `maxIssuancePerCustomer`.
    pub limit_reached: Refusal,
    pub limit_code: u32,
    pub duplicates: Duplicates,
    /// Longest array; null for no limit.
    pub array_max: Option<usize>,
    /// Code beyond it: 1060, 400 or 413.
    pub array_max_code: u32,
    /// Longest body in bytes; beyond it 413. Default 64 MiB: far above any real call.
    pub body_bytes_max: usize,
}

/// How one id is refused while others are issued.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Refusal {
    /// Absent from the answer.
    Omit,
    /// In `errors` beside `data`.
    Errors,
    /// As an `error` in its own entry of `data`.
    EntryError,
    /// A null entry in `data`.
    NullEntry,
    /// The whole call is refused and nothing issued.
    RejectAll,
    /// Issued all the same.
    Issue,
}

/// What the same id twice in one array does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Duplicates {
    /// Issued once, one entry.
    IssueOnce,
    /// Issued each time; the entry shows the last.
    IssueEach,
    /// 1006 for the whole call.
    RejectAll,
}

/// The real rate limit: a token bucket per credential.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Rate {
    /// Calls per minute and credential; null for no limit.
    pub per_minute: Option<u32>,
    /// Calls that may come at once; null for one minute's worth.
    pub burst: Option<u32>,
    /// What a refused call is told; null sends the seconds until the next token.
    pub retry_after: Option<RetryAfter>,
    pub status: u16,
    pub envelope: Envelope,
}

/// The read-back endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Reconcile {
    /// An issuance is invisible for this long.
    pub delay_ms: u64,
    /// Highest `limit` honoured; null for any.
    pub limit_max: Option<usize>,
    /// Whether `earnedPromotionId` is the `id` of issueBulk; else another id with its second.
    pub same_id: bool,
    /// Whether rows carry `earnedFromId`.
    pub earned_from_id: bool,
}

impl Switches {
    /// These switches with a part replaced.
    ///
    /// # Errors
    /// A sentence naming the unknown switch or the value that does not fit.
    pub(crate) fn patched(&self, patch: &Value) -> Result<Self, String> {
        // A derived reader would take an array as the fields in order.
        if !patch.is_object() {
            return Err("an object of switches is expected".into());
        }
        let mut patch = patch.clone();
        if let Some(fields) = patch.as_object_mut()
            && let Some(per_minute) = fields.shift_remove(RATE_SHORTHAND)
        {
            merge(&mut patch, &serde_json::json!({"rate": {"perMinute": per_minute}}));
        }
        let mut value = serde_json::to_value(self).map_err(|error| error.to_string())?;
        merge(&mut value, &patch);
        serde_json::from_value(value).map_err(|error| error.to_string())
    }
}

/// The most used switch has a short name: `{"rateLimitPerMinute":60}` is `rate.perMinute`.
const RATE_SHORTHAND: &str = "rateLimitPerMinute";

/// Names whose objects are maps of data: a patch replaces them as a whole, or an entry could never
/// be taken away again.
const MAPS: [&str; 3] = ["byCode", "status", "wrongType"];

fn merge(target: &mut Value, patch: &Value) {
    let (Value::Object(target), Value::Object(patch)) = (&mut *target, patch) else {
        *target = patch.clone();
        return;
    };
    for (name, value) in patch {
        match target.get_mut(name) {
            Some(old) if value.is_object() && !MAPS.contains(&name.as_str()) => merge(old, value),
            _ => drop(target.insert(name.clone(), value.clone())),
        }
    }
}

mod defaults;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_patch_changes_its_part_and_nothing_else() {
        let patch = json!({"shape":{"pretty":true},"cors":{"origins":null},
            "rate":{"perMinute":60,"retryAfter":{"form":"garbage"}}});
        let switches = Switches::default().patched(&patch).unwrap();
        assert!(switches.shape.pretty && switches.cors.origins.is_none());
        assert_eq!(switches.rate.per_minute, Some(60));
        assert!(!switches.cors.allow_headers.is_empty());
        let short = switches.patched(&json!({"rateLimitPerMinute": 5})).unwrap();
        assert_eq!((short.rate.per_minute, short.shape.pretty), (Some(5), true));
        let back = switches.patched(&json!({"rate":{"retryAfter":{"form":"absent"}}})).unwrap();
        assert!(back.shape.pretty);
    }

    #[test]
    fn unknown_names_and_wrong_values_are_refused_by_name() {
        let defaults = Switches::default();
        let error = defaults.patched(&json!({"shape":{"prety":true}})).unwrap_err();
        assert!(error.contains("prety"), "{error}");
        assert!(defaults.patched(&json!({"ids":{"unknown":"sometimes"}})).is_err());
        assert!(defaults.patched(&json!([])).is_err());
    }
}
