//! What one exchange proves, said by the world that made it and not by the core: the table of
//! reliability.md (d) as settled in architecture.md ("Ambiguity"). The checkers hold the core's
//! books against it.

use issue_bulk::outcome::StopCode;
use std::rc::Rc;

/// An issuance in the service's own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuance {
    pub id: Rc<str>,
    /// What its answer says as `earnedFromId`.
    pub context: Rc<str>,
    /// Milliseconds since 1970; `None` where the service names no time.
    pub event_time: Option<i64>,
    pub valid_till: Option<i64>,
}

/// What a complete answer proves about one id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    Issued(Issuance),
    Refused,
    Unclear,
}

/// What an exchange proves once it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A complete answer, each id by its own slot in request order.
    Ids {
        proofs: Vec<Proof>,
        /// It also speaks of customers or promotions that were not asked for.
        foreign: bool,
    },
    /// No byte of the request left.
    NotReached,
    /// 429; how long it asks to wait, as far as a client with its clock can tell.
    Throttled {
        wait_ms: Option<u64>,
    },
    TooLarge,
    /// Refused for some of its ids; a single id is refused for itself.
    Guilty,
    /// The credentials were refused.
    Credentials,
    /// Refused, and all others of the run would be.
    Stop(StopCode),
    /// It may have been processed, now or later.
    Ambiguous,
    /// The same, and something other than the service answers.
    Elsewhere,
}

impl Meaning {
    /// What is left of it when only the head of the answer, or nothing, came through: statuses
    /// that speak for themselves still count, a body that is not whole proves nothing.
    pub fn when_cut(self, status: Option<u16>) -> Self {
        match status {
            None => Self::Ambiguous,
            Some(401) => Self::Credentials,
            Some(403) => Self::Stop(StopCode::Blocked),
            Some(407) => Self::Stop(StopCode::ProxyAuthentication),
            Some(511) => Self::Elsewhere,
            Some(404) => Self::Stop(StopCode::PromotionNotFound),
            Some(405 | 406 | 411 | 414 | 415 | 417 | 431) => Self::Stop(StopCode::EndpointRefuses),
            Some(413) => Self::TooLarge,
            Some(429) => self,
            Some(0 | 300..=399) => Self::Stop(StopCode::Redirected),
            Some(_) => Self::Ambiguous,
        }
    }

    /// The name of its coverage mark.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ids { .. } => "meaning ids",
            Self::NotReached => "meaning not-reached",
            Self::Throttled { .. } => "meaning throttled",
            Self::TooLarge => "meaning too-large",
            Self::Guilty => "meaning guilty",
            Self::Credentials => "meaning credentials",
            Self::Stop(_) => "meaning stop",
            Self::Ambiguous => "meaning ambiguous",
            Self::Elsewhere => "meaning elsewhere",
        }
    }
}

/// What is known of one id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    NeverSent,
    InFlight,
    /// Not processed; it may leave again.
    Back(Back),
    Issued(Issuance),
    Refused,
    /// It may have been issued.
    Unclear,
    /// The same, and the policy lets it leave again.
    Doubted,
}

/// Why an exchange proves that its ids were not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    NotReached,
    Throttled,
    TooLarge,
    Guilty,
    Credentials,
    Stopped,
}
