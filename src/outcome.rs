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

/// Plain enums whose variants have a stable code, each said once beside its variant.
macro_rules! coded {
    (
        $(#[$about:meta])*
        $name:ident { $($(#[$doc:meta])* $variant:ident = $code:literal,)+ }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// Every variant, for whoever reads a code back.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            /// The stable code, as the report and the journal give it.
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }
    };
}

coded! {
    /// Why an id was rejected.
    Rejection {
        /// The id's own place in a 200 holds an error with a code that means "no".
        EntryError = "entry-error",
        /// Sent alone, the id was refused as an invalid or unknown customer.
        InvalidCustomer = "invalid-customer",
    }
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
    /// It was unknown, and reading the customer's promotions back showed no issuance.
    NotIssued,
}

impl Unsent {
    /// Every variant but those of a stopped run.
    const WHILE_RUNNING: [Self; 5] = [
        Self::NotReached,
        Self::RetryBudgetUsed,
        Self::RefusedWithOthers,
        Self::TooLarge,
        Self::NotIssued,
    ];

    /// The stable code, as the report and the journal give it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Stopped(stop) => stop.code(),
            Self::NotReached => "not-reached",
            Self::RetryBudgetUsed => "retry-budget-used",
            Self::RefusedWithOthers => "refused-with-others",
            Self::TooLarge => "too-large",
            Self::NotIssued => "read-back-not-issued",
        }
    }
}

coded! {
    /// Why nobody knows whether an id was issued.
    Unknown {
        /// No complete answer within the timeout.
        Timeout = "timeout",
        /// The connection failed after the request may have left.
        Network = "network",
        /// A status that does not prove that nothing was done.
        AmbiguousStatus = "ambiguous-status",
        /// 521 in the service's own words: another action holds the customer (api.md 6).
        CustomerLocked = "customer-locked",
        /// A 200 that ended before its JSON did.
        CutBody = "cut-body",
        /// A 200 that is not the documented JSON.
        UnreadableBody = "unreadable-body",
        /// A 200 beyond the caps on bytes, depth, keys or values.
        OversizedBody = "oversized-body",
        /// A 200 that answers one id twice.
        ContradictoryBody = "contradictory-body",
        /// A 200 without the documented `data`, with errors instead, or that calls itself failed.
        ErrorsInSuccess = "errors-in-success",
        /// A complete 200 without this id.
        MissingInAnswer = "missing-in-answer",
        /// The id's own place holds an error with a code that proves nothing.
        EntryError = "entry-error",
        /// The id's own place cannot be read as an issuance.
        UnreadableEntry = "unreadable-entry",
        /// The id's own place speaks of another customer or promotion.
        MismatchedEntry = "mismatched-entry",
        /// The run was interrupted between the journalled intent to send and the outcome.
        Interrupted = "interrupted",
    }
}

coded! {
    /// Why a run ended before its ids did.
    StopCode {
        Cancelled = "cancelled",
        Deadline = "deadline",
        PromotionNotFound = "promotion-not-found",
        PromotionUnusable = "promotion-unusable",
        Unauthorised = "unauthorised",
        AccessDenied = "access-denied",
        EndpointRefuses = "endpoint-refuses",
        RequestRefused = "request-refused",
        Redirected = "redirected",
        RetryAfterTooLong = "retry-after-too-long",
        Throttled = "throttled",
        TooManyAmbiguous = "too-many-ambiguous",
        TooManyFailures = "too-many-failures",
        ProtocolViolation = "protocol-violation",
        /// The journal could not be written; without its intent nothing may leave.
        JournalFailed = "journal-failed",
        /// Only of a journal that is read and not resumed: its run never came to an end.
        Interrupted = "interrupted",
        InternalError = "internal-error",
    }
}

impl StopCode {
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
            Self::JournalFailed => {
                "The journal could not be written, so nothing more was sent; make room for it and \
                 resume it."
            }
            Self::Interrupted => {
                "The run was interrupted; resume its journal to issue the unsent ids."
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
            Self::Rejected(rejection) => rejection.code(),
            Self::Unsent(unsent) => unsent.code(),
            Self::Unknown(unknown) => unknown.code(),
        }
    }

    /// The reason with this code among those of an outcome.
    pub fn find(outcome: Outcome, code: &str) -> Option<Self> {
        match outcome {
            Outcome::Issued => None,
            Outcome::Rejected => {
                Rejection::ALL.into_iter().find(|r| r.code() == code).map(Self::Rejected)
            }
            Outcome::Unsent => {
                let stops = StopCode::ALL.into_iter().map(Unsent::Stopped);
                let mut all = Unsent::WHILE_RUNNING.into_iter().chain(stops);
                all.find(|unsent| unsent.code() == code).map(Self::Unsent)
            }
            Outcome::Unknown => {
                Unknown::ALL.into_iter().find(|u| u.code() == code).map(Self::Unknown)
            }
        }
    }
}

impl Cause {
    pub fn new(reason: Reason) -> Self {
        Self { reason, status: None, code: None, message: "".into(), request_id: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_found_by_its_outcome_and_code() {
        let stops = StopCode::ALL.map(|stop| Reason::Unsent(Unsent::Stopped(stop)));
        let unsent = Unsent::WHILE_RUNNING.map(Reason::Unsent);
        let rejected = Rejection::ALL.map(Reason::Rejected);
        let unknown = Unknown::ALL.map(Reason::Unknown);
        let all = stops.into_iter().chain(unsent).chain(rejected).chain(unknown);
        for reason in all {
            assert_eq!(Reason::find(reason.outcome(), reason.code()), Some(reason));
            if let Reason::Unsent(unsent) = reason {
                // A new variant does not compile here until `WHILE_RUNNING` has it, too.
                match unsent {
                    Unsent::Stopped(_) => {}
                    Unsent::NotReached
                    | Unsent::RetryBudgetUsed
                    | Unsent::RefusedWithOthers
                    | Unsent::TooLarge
                    | Unsent::NotIssued => assert!(Unsent::WHILE_RUNNING.contains(&unsent)),
                }
            }
        }
        assert_eq!(Reason::find(Outcome::Rejected, "timeout"), None);
        assert_eq!(Reason::find(Outcome::Issued, "entry-error"), None);
    }
}
