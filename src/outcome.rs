//! What the caller finally learns of one id, and why.

use alloc::boxed::Box;

/// The four outcomes. Every distinct valid id ends with exactly one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// The service returned an issuance for this id.
    Issued = 0,
    /// The service said no to this id.
    Rejected = 1,
    /// Provably not applied: never sent, or refused as a whole.
    Unsent = 2,
    /// It may have been issued; nobody may send it again blindly.
    Unknown = 3,
}

impl Outcome {
    pub const ALL: [Self; 4] = [Self::Issued, Self::Rejected, Self::Unsent, Self::Unknown];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Rejected => "rejected",
            Self::Unsent => "unsent",
            Self::Unknown => "unknown",
        }
    }
}

/// Why an id was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// The id's own place in a 200 holds an error with a code that means "no".
    EntryError,
    /// Sent alone, the id was refused as an invalid or unknown customer.
    InvalidCustomer,
}

/// Why an id was not sent, or was sent in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsent {
    /// The run stopped before or at this id.
    Stopped(StopCode),
    /// No connection came about within the allowed attempts; no byte of a request left.
    NotReached,
    /// The run's retries were used up before this id's batch could be sent again.
    RetryBudgetUsed,
    /// Its batch was refused for some of its ids, and the probes to find them were used up.
    RefusedWithOthers,
    /// Even alone the id makes a request that the service calls too large.
    TooLarge,
}

/// Why nobody knows whether an id was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unknown {
    /// No complete answer within the timeout.
    Timeout,
    /// The connection failed after the request may have left.
    Network,
    /// A status that does not prove that nothing was done.
    AmbiguousStatus,
    /// 521 in the service's own words: another action holds the customer (api.md 6).
    CustomerLocked,
    /// A 200 that ended before its JSON did.
    CutBody,
    /// A 200 that is not the documented JSON.
    UnreadableBody,
    /// A 200 beyond the caps on bytes, depth, keys or values.
    OversizedBody,
    /// A 200 that answers one id twice.
    ContradictoryBody,
    /// A 200 without the documented `data`, or with errors instead.
    ErrorsInSuccess,
    /// A complete 200 without this id.
    MissingInAnswer,
    /// The id's own place holds an error with a code that proves nothing.
    EntryError,
    /// The id's own place cannot be read as an issuance.
    UnreadableEntry,
    /// The id's own place speaks of another customer or promotion.
    MismatchedEntry,
}

/// Why a run ended before its ids did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopCode {
    Cancelled,
    Deadline,
    PromotionNotFound,
    PromotionUnusable,
    Unauthorised,
    AccessDenied,
    EndpointRefuses,
    RequestRefused,
    Redirected,
    RetryAfterTooLong,
    Throttled,
    TooManyAmbiguous,
    TooManyFailures,
    ProtocolViolation,
    InternalError,
}

impl StopCode {
    /// The stable code of `report.stopped.code`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Deadline => "deadline",
            Self::PromotionNotFound => "promotion-not-found",
            Self::PromotionUnusable => "promotion-unusable",
            Self::Unauthorised => "unauthorised",
            Self::AccessDenied => "access-denied",
            Self::EndpointRefuses => "endpoint-refuses",
            Self::RequestRefused => "request-refused",
            Self::Redirected => "redirected",
            Self::RetryAfterTooLong => "retry-after-too-long",
            Self::Throttled => "throttled",
            Self::TooManyAmbiguous => "too-many-ambiguous",
            Self::TooManyFailures => "too-many-failures",
            Self::ProtocolViolation => "protocol-violation",
            Self::InternalError => "internal-error",
        }
    }

    /// One sentence with what to do about it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Cancelled => "The run was cancelled; issue the unsent ids in a new run.",
            Self::Deadline => "The deadline passed; issue the unsent ids in a new run.",
            Self::PromotionNotFound => {
                "The service does not know this promotion; check promotionId and host."
            }
            Self::PromotionUnusable => {
                "The service refuses to issue this promotion; check its type, dates and state."
            }
            Self::Unauthorised => "The service refused the credentials; check auth.",
            Self::AccessDenied => {
                "The credentials may not issue promotions; ask for write access to the customer \
                 group resource."
            }
            Self::EndpointRefuses => {
                "The address does not take this request; check host and basePath."
            }
            Self::RequestRefused => {
                "The service refuses the organisation or whom it is issued for; check orgId and \
                 attribution."
            }
            Self::Redirected => {
                "The service answered with a redirect, which is never followed; check host."
            }
            Self::RetryAfterTooLong => {
                "The service asked for a longer wait than is honoured; issue the rest later."
            }
            Self::Throttled => {
                "The service kept refusing the rate; set rate.perMinute and issue the rest."
            }
            Self::TooManyAmbiguous => {
                "Too many answers in a row proved nothing; check the service before going on."
            }
            Self::TooManyFailures => {
                "Too many calls failed; check the service and the network before going on."
            }
            Self::ProtocolViolation => {
                "An answer spoke of customers or promotions that were not asked for; check what \
                 answers at this host."
            }
            Self::InternalError => "The client found a mistake of its own; please report it.",
        }
    }
}

/// The cause of every outcome but issued, as kept for the report.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cause {
    pub reason: Reason,
    /// HTTP status of the answer that decided, if one came.
    pub status: Option<u16>,
    /// The service's own code, if it gave one.
    pub code: Option<i64>,
    /// The service's own words, bounded and without control characters; may be empty.
    pub message: Box<str>,
    /// The service's request id, for its support.
    pub request_id: Option<Box<str>>,
}

/// The reasons of all outcomes but issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    Rejected(Rejection),
    Unsent(Unsent),
    Unknown(Unknown),
}

impl Reason {
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Rejected(_) => Outcome::Rejected,
            Self::Unsent(_) => Outcome::Unsent,
            Self::Unknown(_) => Outcome::Unknown,
        }
    }

    /// The stable code of an outcome's `reason`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rejected(Rejection::EntryError) => "entry-error",
            Self::Rejected(Rejection::InvalidCustomer) => "invalid-customer",
            Self::Unsent(Unsent::Stopped(stop)) => stop.code(),
            Self::Unsent(Unsent::NotReached) => "not-reached",
            Self::Unsent(Unsent::RetryBudgetUsed) => "retry-budget-used",
            Self::Unsent(Unsent::RefusedWithOthers) => "refused-with-others",
            Self::Unsent(Unsent::TooLarge) => "too-large",
            Self::Unknown(Unknown::Timeout) => "timeout",
            Self::Unknown(Unknown::Network) => "network",
            Self::Unknown(Unknown::AmbiguousStatus) => "ambiguous-status",
            Self::Unknown(Unknown::CustomerLocked) => "customer-locked",
            Self::Unknown(Unknown::CutBody) => "cut-body",
            Self::Unknown(Unknown::UnreadableBody) => "unreadable-body",
            Self::Unknown(Unknown::OversizedBody) => "oversized-body",
            Self::Unknown(Unknown::ContradictoryBody) => "contradictory-body",
            Self::Unknown(Unknown::ErrorsInSuccess) => "errors-in-success",
            Self::Unknown(Unknown::MissingInAnswer) => "missing-in-answer",
            Self::Unknown(Unknown::EntryError) => "entry-error",
            Self::Unknown(Unknown::UnreadableEntry) => "unreadable-entry",
            Self::Unknown(Unknown::MismatchedEntry) => "mismatched-entry",
        }
    }
}

impl Cause {
    pub fn new(reason: Reason) -> Self {
        Self { reason, status: None, code: None, message: "".into(), request_id: None }
    }
}
