//! The outcome of one id and its cause.

use alloc::boxed::Box;

pub use stop::{FailureCause, FailureKind, StopCode, Stopped};

/// The four outcomes. Every distinct valid id ends with exactly one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// The service returned an issuance for this id.
    Issued = 0,
    /// The service refused this id.
    Rejected = 1,
    /// Provably not applied: never sent, or refused as a whole.
    Unsent = 2,
    /// It may have been issued; it must not be resent blindly.
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

/// Makes plain enums whose variants have a stable code, written once beside each variant.
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
            /// Every variant, to read a code back.
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

mod stop;

coded! {
    /// The reason for a rejected id.
    Rejection {
        /// The id's slot in a 200 holds an error with a code that rejects it.
        EntryError = "entry-error",
        /// Sent alone, the id was refused as an invalid or unknown customer.
        InvalidCustomer = "invalid-customer",
    }
}

/// The reason for an id that was not sent, or sent and provably not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsent {
    /// The run stopped before or at this id.
    Stopped(StopCode),
    /// No connection within the allowed attempts; no byte of a request was sent.
    NotReached,
    /// The run's retries were used up before this id's batch could be sent again.
    RetryBudgetUsed,
    /// Its batch was refused for some of its ids, and the calls to find them were used up.
    RefusedWithOthers,
    /// The service calls the request too large even with this id alone.
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
    /// The reason for an id that may or may not have been issued.
    Unknown {
        /// No complete answer within the timeout.
        Timeout = "timeout",
        /// The connection failed when the request may already have been sent.
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
        /// A 200 with errors instead of the documented `data`, or one that says it failed.
        ErrorsInSuccess = "errors-in-success",
        /// A complete 200 without this id.
        MissingInAnswer = "missing-in-answer",
        /// The id's slot holds an error with a code that proves nothing.
        EntryError = "entry-error",
        /// The id's slot cannot be read as an issuance.
        UnreadableEntry = "unreadable-entry",
        /// The id's slot names another customer or promotion.
        MismatchedEntry = "mismatched-entry",
        /// The id's slot holds an issuance from before the call, by the service's clock and by
        /// ours: a cache repeated an answer, or the service returned an earlier issuance.
        OlderThanCall = "older-than-call",
        /// The run was interrupted between the journalled intent to send and the outcome.
        Interrupted = "interrupted",
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
    /// The service's message, truncated and without control characters; may be empty.
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
                // This match does not compile with a new variant until `WHILE_RUNNING` has it, too.
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
