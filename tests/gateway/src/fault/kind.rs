//! What can go wrong, as data. Names and parameters are those of the JSON the tests write.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::retry_after::RetryAfter;
use crate::switches::Envelope;

/// One fault with its parameters; the JSON field `kind` names the variant in camelCase.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[serde(deny_unknown_fields)]
pub(crate) enum Kind {
    // Another answer in place of the right one.
    /// An error answer with this status. `code` defaults to the status; `body` replaces the
    /// envelope.
    Status {
        status: u16,
        code: Option<u32>,
        message: Option<String>,
        envelope: Option<Envelope>,
        body: Option<String>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// A status nobody documents, with the right body.
    UnknownStatus {
        #[serde(default = "status_299")]
        status: u16,
    },
    /// 429 (or `status`) with this Retry-After.
    RateLimited {
        #[serde(default = "absent")]
        retry_after: RetryAfter,
        #[serde(default = "status_429")]
        status: u16,
        envelope: Option<Envelope>,
        /// Seconds by which the answer's Date header is off; the header is right when absent.
        date_skew_seconds: Option<i64>,
    },
    /// A page of a proxy.
    Html {
        #[serde(default = "status_200")]
        status: u16,
    },
    /// A redirect.
    Redirect {
        #[serde(default = "status_302")]
        status: u16,
        location: String,
    },
    /// Any status and body.
    Body {
        #[serde(default = "status_200")]
        status: u16,
        text: String,
        #[serde(default = "json_type")]
        content_type: String,
    },
    /// The answer is `status`, and the issue takes effect this long afterwards, whether or not
    /// the client is still there.
    LateApply {
        after_ms: u64,
        #[serde(default = "status_504")]
        status: u16,
    },

    // The right answer, altered.
    /// Ids missing from `data`.
    OmitIds {
        #[serde(default)]
        which: Which,
    },
    /// Ids nobody sent: these, or `count` invented ones.
    ExtraIds {
        #[serde(default)]
        ids: Vec<String>,
        #[serde(default = "one")]
        count: u64,
    },
    /// The same key twice, the second time with another issuance id.
    DuplicateIds {
        #[serde(default)]
        which: Which,
    },
    /// The key is another number than the entry's `customerId`.
    WrongKeys {
        #[serde(default)]
        which: Which,
    },
    /// An entry of another promotion.
    WrongPromotion {
        #[serde(default)]
        which: Which,
    },
    /// An entry with another `earnedFromId`.
    WrongContext {
        #[serde(default)]
        which: Which,
    },
    /// Ids refused one by one, in `errors` or in their entry.
    PerIdError {
        #[serde(default)]
        which: Which,
        #[serde(default = "code_708")]
        code: u32,
        message: Option<String>,
        #[serde(default)]
        place: ErrorPlace,
    },
    /// Null entries.
    NullEntries {
        #[serde(default)]
        which: Which,
    },
    /// `customerId` in another form of number.
    NumberForms {
        #[serde(default)]
        which: Which,
        form: NumberForm,
    },

    // The right answer, in a body that is not right.
    /// Padding until the body has this many bytes.
    Oversized {
        bytes: u64,
        #[serde(default)]
        padding: Padding,
    },
    /// An array this deep beside `data`.
    Deep { depth: usize },
    /// This many more keys beside `data`.
    ManyKeys { keys: u64 },
    /// A second document behind the first.
    TwoDocuments,
    /// These bytes behind the document.
    TrailingBytes { text: String },
    /// A gzip body that unpacks to at least this many bytes.
    GzipBomb { bytes: u64 },

    // The right answer, delivered badly.
    /// Waits before the answer.
    Delay {
        ms: u64,
        /// Up to this much more, by the seed.
        #[serde(default)]
        jitter_ms: u64,
    },
    /// Nothing, until the client leaves or the faults change.
    StallBeforeHeaders,
    /// Headers and `at` bytes, then nothing.
    StallInBody { at: Option<Position> },
    /// `at` bytes of the body, then the end of the connection.
    Truncate {
        at: Option<Position>,
        #[serde(default)]
        framing: Framing,
        #[serde(default)]
        end: End,
    },
    /// `at` bytes of the status line and headers, then the end. HTTP/1.1; a reset on HTTP/2.
    TruncateHead {
        at: Option<Position>,
        #[serde(default)]
        end: End,
    },
    /// The body in pieces of `bytes`, one every `every_ms`.
    Drip { bytes: usize, every_ms: u64 },
    /// A reset as soon as the head of the request is there; its body is not read.
    ResetBeforeRead,
    /// A reset after the whole request was read.
    ResetAfterRead,
    /// A reset after `at` bytes of the body.
    ResetInBody { at: Option<Position> },
    /// The connection ends without an answer and without a reset.
    CloseBeforeAnswer,
    /// The issue takes effect, then the connection ends.
    ActThenDrop {
        #[serde(default)]
        end: End,
    },
    /// A complete answer, after which the server closes only its sending side. HTTP/1.1.
    HalfClose,
    /// Content-Length names `by` bytes more than come. HTTP/1.1.
    ContentLengthLong {
        #[serde(default = "ten")]
        by: u64,
    },
    /// Content-Length names `by` bytes fewer than come. HTTP/1.1.
    ContentLengthShort {
        #[serde(default = "ten")]
        by: u64,
    },
    /// An informational answer first; the final one follows only if `then` is true. HTTP/1.1.
    Informational {
        #[serde(default = "status_103")]
        status: u16,
        #[serde(default)]
        then: bool,
    },
    /// These bytes instead of HTTP. HTTP/1.1; a reset on HTTP/2.
    Raw { text: String },
    /// RST_STREAM with this reason on HTTP/2; a TCP reset on HTTP/1.1.
    StreamReset { reason: ResetReason },
    /// GOAWAY naming no stream as processed on HTTP/2; a close on HTTP/1.1.
    GoAway,
}

/// Which ids of a call a fault touches.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Which {
    /// Every one.
    All,
    /// The first so many.
    Count(u64),
    /// Every n-th, starting with the n-th.
    Every(u64),
    /// These, wherever they are.
    Ids(Vec<String>),
}

/// A byte of a body or head.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Position {
    /// Bytes from the start.
    Byte(usize),
    /// Bytes before the end.
    BeforeEnd(usize),
    /// A share of the length, 0 to 1.
    Share(f64),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Framing {
    #[default]
    Length,
    Chunked,
}

/// How a connection ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum End {
    #[default]
    Close,
    Reset,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ErrorPlace {
    #[default]
    Entry,
    Errors,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum NumberForm {
    /// `"5"`
    Text,
    /// `5.0`
    Float,
    /// `5e0`
    Exponent,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Padding {
    /// White space behind `data`.
    #[default]
    Blanks,
    /// One long string beside `data`.
    Text,
}

/// HTTP/2 error codes worth telling apart (RFC 9113, 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ResetReason {
    RefusedStream,
    Cancel,
    InternalError,
    EnhanceYourCalm,
    ProtocolError,
}

impl Default for Which {
    fn default() -> Self {
        Self::Count(1)
    }
}

impl Which {
    /// Whether it touches the id at this place (from 0) of the call.
    pub(crate) fn touches(&self, place: usize, customer: i64) -> bool {
        let place = place as u64;
        match self {
            Self::All => true,
            Self::Count(count) => place < *count,
            Self::Every(every) => {
                place.saturating_add(1).checked_rem(*every).is_some_and(|rest| rest == 0)
            }
            Self::Ids(ids) => ids.iter().any(|id| id.parse() == Ok(customer)),
        }
    }
}

impl Position {
    /// The offset within `length` bytes, never beyond it.
    pub(crate) fn within(self, length: usize) -> usize {
        match self {
            Self::Byte(at) => at.min(length),
            Self::BeforeEnd(before) => length.saturating_sub(before),
            // A share of a length is no id: a rounded float is good enough and cannot exceed it.
            Self::Share(share) => ((length as f64 * share.clamp(0.0, 1.0)) as usize).min(length),
        }
    }

    /// The given position, or the middle.
    pub(crate) fn or_middle(at: Option<Self>) -> Self {
        at.unwrap_or(Self::Share(0.5))
    }
}

impl Kind {
    /// Whether the issue takes effect when the rule does not say so: yes where the right answer
    /// is altered or badly delivered, no where it is replaced or the request is not answered.
    pub(crate) fn applies_by_default(&self) -> bool {
        match self {
            Self::Status { .. }
            | Self::RateLimited { .. }
            | Self::Html { .. }
            | Self::Redirect { .. }
            | Self::Body { .. }
            | Self::LateApply { .. }
            | Self::PerIdError { .. }
            | Self::StallBeforeHeaders
            | Self::ResetBeforeRead
            | Self::ResetAfterRead
            | Self::CloseBeforeAnswer
            | Self::Raw { .. }
            | Self::StreamReset { .. }
            | Self::GoAway => false,
            Self::Informational { then, .. } => *then,
            _ => true,
        }
    }

    /// The name used in JSON, which also names a rule without a name.
    pub(crate) fn name(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value.get("kind").and_then(|kind| kind.as_str()).unwrap_or("fault").into()
    }
}

fn status_103() -> u16 {
    103
}

fn status_200() -> u16 {
    200
}

fn status_299() -> u16 {
    299
}

fn status_302() -> u16 {
    302
}

fn status_429() -> u16 {
    429
}

fn status_504() -> u16 {
    504
}

fn code_708() -> u32 {
    708
}

fn one() -> u64 {
    1
}

fn ten() -> u64 {
    10
}

fn absent() -> RetryAfter {
    RetryAfter::Absent
}

fn json_type() -> String {
    "application/json".into()
}
