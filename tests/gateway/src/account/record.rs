//! What the account keeps of one call and of one issuance.

use crate::object_id::ObjectId;

/// The kind of endpoint a call reached. Calls are numbered within their path.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum CallPath {
    /// issueBulk.
    Issue,
    /// The OAuth token endpoint.
    Token,
    /// Promotion details.
    Promotions,
    /// Promotion configuration.
    Config,
    /// A customer's promotions.
    Customer,
    /// Revoking issued promotions.
    Revoke,
    /// A CORS preflight.
    Preflight,
    /// Anything else.
    Other,
}

impl CallPath {
    /// All of them; the position is the stored code.
    pub(crate) const ALL: [Self; 8] = [
        Self::Issue,
        Self::Token,
        Self::Promotions,
        Self::Config,
        Self::Customer,
        Self::Revoke,
        Self::Preflight,
        Self::Other,
    ];

    /// The stored code.
    pub(crate) fn code(self) -> usize {
        Self::ALL.iter().position(|path| *path == self).unwrap_or(7)
    }

    /// The path of a stored code.
    pub(crate) fn from_code(code: usize) -> Self {
        Self::ALL.get(code).copied().unwrap_or(Self::Other)
    }

    /// The name used in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Token => "token",
            Self::Promotions => "promotions",
            Self::Config => "config",
            Self::Customer => "customer",
            Self::Revoke => "revoke",
            Self::Preflight => "preflight",
            Self::Other => "other",
        }
    }
}

/// One request that arrived.
#[derive(Clone, Debug)]
pub(crate) struct CallRecord {
    /// Position in the account, from 1; 0 until it is recorded.
    pub id: u64,
    /// Number within its path, from 1.
    pub number: u64,
    pub path: CallPath,
    /// Arrival, epoch ms.
    pub at_ms: i64,
    /// Status decided on; `None` when no answer is to be sent.
    pub status: Option<u16>,
    /// Name of the fault rule that fired.
    pub fault: Option<String>,
    pub request_id: String,
    /// Path and query as received.
    pub target: String,
    pub promotion: Option<String>,
    /// `contextId`, decoded.
    pub context: Option<String>,
    /// `1.1` or `2`.
    pub http: &'static str,
    pub body_bytes: u64,
    /// Names of the request's headers, blank-separated; never their values.
    pub header_names: String,
    /// Values of the attribution headers as `name=value`, blank-separated: they are no secrets.
    pub attribution: String,
    /// The answer did not leave completely.
    pub aborted: bool,
    /// Ids of the body, in its order; empty when it held none or was not read.
    pub customers: Vec<i64>,
}

/// What one call issued: the part its issuances share, and they.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub call: u64,
    pub promotion: String,
    /// `earnedFromId`.
    pub context: String,
    pub event_time: i64,
    pub valid_till: i64,
    pub issuances: Vec<Issuance>,
}

/// One promotion issued to one customer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Issuance {
    /// Position among all issuances, from 1.
    pub seq: u64,
    pub customer: i64,
    pub object_id: ObjectId,
    /// The same pair's issuance before this one; 0 for none. A chain on append-only rows finds a
    /// customer's issuances without an index, which would cost more than the rows themselves.
    pub prev: u64,
}

/// An issuance with what its call shared.
#[derive(Clone, Debug)]
pub(crate) struct IssuanceRow {
    pub seq: u64,
    pub customer: i64,
    pub object_id: ObjectId,
    pub prev: u64,
    pub revoked: bool,
    pub call: u64,
    pub promotion: String,
    pub context: String,
    pub event_time: i64,
    pub valid_till: i64,
}

/// One change to store.
#[derive(Debug)]
pub(crate) enum Entry {
    Call(CallRecord),
    Grant(Grant),
    Abort(u64),
    Revoke(Vec<u64>),
    Reset,
}
