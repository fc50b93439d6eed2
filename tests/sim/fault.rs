//! What can go wrong with one exchange, as data. The numbers are those of faults.md.

use crate::chance::Chance;

/// One kind of fault. What it means for the ids stands in `meaning`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    // The network (E).
    /// No connection came about.
    Refused,
    /// The request is lost, and the connection with it.
    LostBefore,
    /// The request is processed, the answer is lost (50).
    LostAfter,
    /// Silence until the timeout; the request never arrived.
    SilentBefore,
    /// Silence until the timeout; the request was processed (49).
    SilentAfter,
    /// No answer, and the request is processed much later.
    Late,
    /// The runtime below us sends the request twice and shows the second answer.
    Twice,
    /// The answer breaks off at any byte (37).
    Cut,
    /// The answer stops at any byte and nothing follows (51, 52).
    Stall,
    // Answers to the whole request (B, C).
    /// 429 with any form of Retry-After (33).
    Throttled,
    /// 413, or code 1060 (31).
    TooLarge,
    /// The whole is refused for some id that is not named (16).
    Guilty,
    /// The credentials are refused, in any documented shape (19).
    Unauthorised,
    /// 403 (20), of the service or of a firewall.
    Denied,
    /// 407.
    ProxyAsks,
    /// A login page or 511 in place of the answer (58).
    Elsewhere,
    /// 404, or a 400 that says so.
    PromotionGone,
    /// A code that no id of this promotion could pass (61).
    Unusable,
    /// 405, 415 and their like (29, 32).
    EndpointRefuses,
    /// 3xx.
    Redirected,
    /// A status that proves nothing (26, 30, 34, 35).
    UnclearStatus,
    /// 400 or 422 without a reason that is known (28).
    UnclearInvalid,
    // Bodies of a 200 (D).
    /// Some ids are not in the answer (42).
    Missing,
    /// Ids that were not sent are (41).
    Extra,
    /// One id is answered twice (40).
    DuplicateKey,
    /// An entry names another customer (41).
    OtherCustomer,
    /// An entry names another promotion (41).
    OtherPromotion,
    /// An entry is not one.
    NullEntry,
    /// An entry is an error that means "no".
    EntryRefused,
    /// An entry is an error that proves nothing.
    EntryUnclear,
    /// The body is not the documented JSON (38, 39, 45 to 47, 58).
    Garbage,
    /// Errors beside the data (44): they change nothing.
    ErrorsBeside,
    /// Errors in place of the data.
    ErrorsInstead,
    /// Issuance ids and contexts of other forms: they change nothing.
    Odd,
}

pub const NETWORK: [Fault; 9] = [
    Fault::Refused,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::SilentBefore,
    Fault::SilentAfter,
    Fault::Late,
    Fault::Twice,
    Fault::Cut,
    Fault::Stall,
];

/// Faults of answers after which a run can go on.
pub const ANSWERS: [Fault; 15] = [
    Fault::Throttled,
    Fault::TooLarge,
    Fault::Guilty,
    Fault::Unauthorised,
    Fault::UnclearStatus,
    Fault::UnclearInvalid,
    Fault::Missing,
    Fault::DuplicateKey,
    Fault::NullEntry,
    Fault::EntryRefused,
    Fault::EntryUnclear,
    Fault::Garbage,
    Fault::ErrorsBeside,
    Fault::ErrorsInstead,
    Fault::Odd,
];

/// Faults of answers that end a run, so they are drawn less often.
pub const ENDINGS: [Fault; 10] = [
    Fault::Denied,
    Fault::ProxyAsks,
    Fault::Elsewhere,
    Fault::PromotionGone,
    Fault::Unusable,
    Fault::EndpointRefuses,
    Fault::Redirected,
    Fault::Extra,
    Fault::OtherCustomer,
    Fault::OtherPromotion,
];

/// The faults of one world: few kinds, each of them often. A world with all kinds at once never
/// gets far enough for the rare combinations.
#[derive(Clone, Debug)]
pub struct Weather {
    /// Exchanges with a fault, in percent.
    percent: u64,
    kinds: Vec<Fault>,
}

impl Weather {
    pub const CLEAR: Self = Self { percent: 0, kinds: Vec::new() };

    pub fn draw(chance: &mut Chance) -> Self {
        if chance.percent(25) {
            return Self::storm(chance);
        }
        let share = chance.pick(&[10, 30, 60]);
        let mut kinds: Vec<Fault> =
            NETWORK.into_iter().chain(ANSWERS).filter(|_| chance.percent(share)).collect();
        kinds.extend(ENDINGS.into_iter().filter(|_| chance.percent(13)));
        Self { percent: chance.pick(&[0, 5, 20, 50, 80]), kinds }
    }

    /// One kind only, most of the time; often one that uses up the retries.
    fn storm(chance: &mut Chance) -> Self {
        let place = chance.place(NETWORK.len() + ANSWERS.len());
        let kind = match chance.between(0, 3) {
            0 => Some(Fault::Throttled),
            1 => Some(Fault::Refused),
            _ => NETWORK.into_iter().chain(ANSWERS).nth(place),
        };
        Self { percent: chance.pick(&[50, 90, 100]), kinds: kind.into_iter().collect() }
    }

    /// The fault of the next exchange, if it has one.
    pub fn fault(&self, chance: &mut Chance) -> Option<Fault> {
        let bad = !self.kinds.is_empty() && chance.percent(self.percent);
        bad.then(|| chance.pick(&self.kinds))
    }
}
