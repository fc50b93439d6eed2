//! The machine that takes issuances back (`POST /promotions/revokeEarn`, api.md 14).
//!
//! 1. One issuance goes alone, because it is not documented that the id of an issuance is an earn
//!    id. Others follow only if the answer names it as revoked or redeemed.
//! 2. Then one call a customer, at most [`EARN_IDS_MAX`] issuances in it.
//! 3. A call is resent only if it provably did nothing: never sent, refused credentials, 429. Any
//!    other call without a clear answer leaves its issuances unknown; revoking them again does no
//!    harm.
//! 4. When the machine stops or is cancelled, calls in flight are still awaited.

mod rows;

pub use rows::{write_csv, write_ndjson};

use crate::id::{CustomerId, PromotionId};
use crate::json::Object;
use crate::limits::{ISSUANCE_ID_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::outcome::{StopCode, Stopped};
use crate::plan::Service;
use crate::request::{Request, RequestError};
use crate::response::{Index, Value};
use crate::time::Instant;
use crate::traffic::{Answered, CallOwner, Calls, Ended, Pacing};
use crate::verdict::{Failure, RevokeVerdict, judge_revocation, judge_revoked};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Issuances in one call (api.md 14).
pub const EARN_IDS_MAX: usize = 1_000;

/// The issuances of one promotion to revoke from one customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    customer: CustomerId,
    promotion: PromotionId,
    ids: Vec<Box<str>>,
}

const INVALID_TARGET: &RequestError = &RequestError {
    code: "invalid-issuances",
    message: "Of each customer 1 to 1000 issuances of one promotion can be taken back, each with \
              an id of 1 to 256 bytes.",
};

impl Target {
    pub fn new(
        customer: CustomerId,
        promotion: PromotionId,
        ids: Vec<Box<str>>,
    ) -> Result<Self, &'static RequestError> {
        let target = Self { customer, promotion, ids };
        target.check()?;
        Ok(target)
    }

    fn check(&self) -> Result<(), &'static RequestError> {
        let fits = |id: &str| !id.is_empty() && id.len() <= ISSUANCE_ID_BYTES_MAX;
        let right = (1..=EARN_IDS_MAX).contains(&self.ids.len());
        if right && self.ids.iter().all(|id| fits(id)) { Ok(()) } else { Err(INVALID_TARGET) }
    }

    pub const fn customer(&self) -> CustomerId {
        self.customer
    }

    pub const fn promotion(&self) -> &PromotionId {
        &self.promotion
    }

    pub fn ids(&self) -> &[Box<str>] {
        &self.ids
    }
}

/// Groups issuances by customer, each of whom may have one promotion. An issuance given twice
/// counts once.
pub fn targets(
    issuances: impl IntoIterator<Item = (CustomerId, PromotionId, Box<str>)>,
) -> Result<Vec<Target>, &'static RequestError> {
    // The place of a customer here is that of their target.
    let mut customers = Vec::new();
    let mut index = Index::default();
    let mut targets: Vec<Target> = Vec::new();
    for (customer, promotion, id) in issuances {
        index.push(&mut customers, customer.get());
        let place = index.find(&customers, customer.get());
        match place.and_then(|place| targets.get_mut(place)) {
            None => targets.push(Target::new(customer, promotion, Vec::from([id]))?),
            Some(target) if target.promotion != promotion => return Err(INVALID_TARGET),
            Some(target) if target.ids.contains(&id) => {}
            Some(target) => {
                target.ids.push(id);
                target.check()?;
            }
        }
    }
    Ok(targets)
}

/// The outcome of one issuance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    pub verdict: RevokeVerdict,
    /// The service's own code, if it gave one.
    pub code: Option<i64>,
    pub status: Option<u16>,
    /// The service's message, redacted and truncated; may be empty.
    pub message: Box<str>,
    pub request_id: Option<Box<str>>,
}

impl Revoked {
    fn unsent() -> Self {
        Self {
            verdict: RevokeVerdict::Unsent,
            code: None,
            status: None,
            message: "".into(),
            request_id: None,
        }
    }
}

/// The machine. The call with number 0 is the first issuance alone, the call 1 the rest of its
/// customer, and the call `n` the customer `n - 1`.
pub struct Revoke {
    service: Service,
    targets: Vec<Target>,
    /// One outcome for each issuance, in the order of the targets.
    results: Vec<Vec<Revoked>>,
    counts: Counts,
    calls: Calls,
}

/// How many issuances came to what; what has no answer yet is unsent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub revoked: u32,
    pub refused: u32,
    pub unsent: u32,
    pub unknown: u32,
}

impl Counts {
    const fn of(&mut self, verdict: RevokeVerdict) -> &mut u32 {
        match verdict {
            RevokeVerdict::Revoked => &mut self.revoked,
            RevokeVerdict::Refused => &mut self.refused,
            RevokeVerdict::Unsent => &mut self.unsent,
            RevokeVerdict::Unknown => &mut self.unknown,
        }
    }

    fn replace(&mut self, before: RevokeVerdict, after: RevokeVerdict) {
        let count = self.of(before);
        *count = count.saturating_sub(1);
        let count = self.of(after);
        *count = count.saturating_add(1);
    }
}

/// The number of the call with the first issuance alone.
const PROBE: u32 = 0;

impl Revoke {
    /// With `fetched_credentials` they are asked for first; `seed` decides the jitter.
    pub fn new(
        service: Service,
        targets: Vec<Target>,
        fetched_credentials: bool,
        seed: u64,
        now: Instant,
    ) -> Self {
        let pacing = Pacing::of(&service);
        let calls = Calls::new(pacing, fetched_credentials, seed, judge_revocation);
        let mut calls = calls.awaiting_answers();
        if !targets.is_empty() {
            calls.ask(PROBE, now);
        }
        let unsent = |target: &Target| target.ids.iter().map(|_| Revoked::unsent()).collect();
        let results: Vec<Vec<_>> = targets.iter().map(unsent).collect();
        let issuances = results.iter().map(Vec::len).sum::<usize>();
        let unsent = u32::try_from(issuances).unwrap_or(u32::MAX);
        let counts = Counts { unsent, ..Counts::default() };
        Self { service, targets, results, counts, calls }
    }

    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The outcomes so far, target by target.
    pub fn results(&self) -> &[Vec<Revoked>] {
        &self.results
    }

    /// How many issuances came to what so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The reason why it ended early, if it did.
    pub const fn stopped(&self) -> Option<&Stopped> {
        self.calls.stopped()
    }

    /// The target of a call, and the range of its issuances in the call.
    fn part(&self, number: u32) -> Option<(usize, Range<usize>)> {
        let place = usize::try_from(number.saturating_sub(1)).ok()?;
        let len = self.targets.get(place)?.ids.len();
        Some(match number {
            PROBE => (0, 0..1),
            1 => (0, 1..len),
            _ => (place, 0..len),
        })
    }

    fn ask_all(&mut self, now: Instant) {
        let count = u32::try_from(self.targets.len()).unwrap_or(u32::MAX);
        for number in 1..=count {
            if self.part(number).is_some_and(|(_, part)| !part.is_empty()) {
                self.calls.ask(number, now);
            }
        }
    }

    /// Records the outcomes of a call; true if all of them are unknown.
    fn settle(&mut self, answered: &Answered, rest: RevokeVerdict) -> bool {
        let Some((place, part)) = self.part(answered.number) else { return false };
        let Some(target) = self.targets.get(place) else { return false };
        let ids = target.ids.get(part.clone()).unwrap_or_default();
        let found = results_of(&self.calls, target, ids, answered, rest);
        let all_unknown = found.iter().all(|one| one.verdict == RevokeVerdict::Unknown);
        let results = self.results.get_mut(place).and_then(|all| all.get_mut(part));
        for (result, found) in results.into_iter().flatten().zip(found) {
            self.counts.replace(result.verdict, found.verdict);
            *result = found;
        }
        all_unknown
    }

    /// Takes the answer to the first issuance: others follow only if it was found.
    fn conclude_probe(&mut self, now: Instant) {
        let Some(first) = self.results.first().and_then(|all| all.first()) else { return };
        // A redeemed issuance was found, so its id is an earn id.
        if first.verdict == RevokeVerdict::Revoked || first.code == Some(REDEEMED) {
            self.ask_all(now);
            return;
        }
        self.calls.stop_with(Stopped {
            status: first.status,
            service_code: first.code,
            said: first.message.clone(),
            request_id: first.request_id.clone(),
            ..Stopped::plain(StopCode::FirstNotRevoked)
        });
    }
}

/// The customer has redeemed the promotion (api.md 14).
const REDEEMED: i64 = 729;

impl CallOwner for Revoke {
    fn calls(&self) -> &Calls {
        &self.calls
    }

    fn calls_mut(&mut self) -> &mut Calls {
        &mut self.calls
    }

    fn request_of(&self, number: u32) -> Request {
        let mut body = Vec::new();
        if let Some((place, part)) = self.part(number)
            && let Some(target) = self.targets.get(place)
        {
            write_body(target, target.ids.get(part).unwrap_or_default(), &mut body);
        }
        Request::post(self.service.endpoint.revoke_url(), body)
    }

    fn conclude(&mut self, now: Instant, ended: Ended) {
        let (answered, rest) = match ended {
            Ended::Open => return,
            Ended::Answered(answered) => (answered, RevokeVerdict::Unknown),
            Ended::Refused(answered) => (answered, RevokeVerdict::Unsent),
            Ended::GaveUp(answered) => {
                // An answer that began shows that the request was sent.
                let is_unsent = answered.http_status().is_none()
                    && matches!(answered.failure, Some(Failure::NotSent(_)));
                let rest = if is_unsent { RevokeVerdict::Unsent } else { RevokeVerdict::Unknown };
                (answered, rest)
            }
        };
        let all_unknown = self.settle(&answered, rest);
        if answered.number == PROBE {
            self.conclude_probe(now);
        } else if all_unknown {
            self.calls.count_failure(StopCode::TooManyAmbiguous, answered.failure);
        } else if rest == RevokeVerdict::Unknown {
            self.calls.accept();
        }
    }
}

/// `{"customerId":1,"earnRevokeDetails":[{"promotionId":"…","earnIds":["…"]}]}`
fn write_body(target: &Target, ids: &[Box<str>], out: &mut Vec<u8>) {
    let mut details = Vec::from(*b"[");
    let mut detail = Object::begin(&mut details);
    detail.text("promotionId", Some(target.promotion.as_str()));
    detail.texts("earnIds", ids.iter().map(|id| &**id));
    detail.end();
    details.push(b']');
    let mut body = Object::begin(out);
    body.number("customerId", Some(target.customer.get()));
    body.json("earnRevokeDetails", &details);
    body.end();
}

/// One outcome for each issuance. `rest` is the outcome of one that a complete answer does not
/// name.
fn results_of(
    calls: &Calls,
    target: &Target,
    ids: &[Box<str>],
    answered: &Answered,
    rest: RevokeVerdict,
) -> Vec<Revoked> {
    // A truncated answer proves nothing, even if parts of it are readable.
    let answer = Value::object(&answered.text).filter(|_| answered.failure.is_none());
    let errors = answer.as_ref().map_or(&[][..], |answer| answer.elements_of("errors"));
    ids.iter()
        .map(|id| {
            let own = errors.iter().find(|error| names(error, "earnIds", id));
            // An error that names no issuance speaks of all of them.
            let error = own.or_else(|| errors.iter().find(|error| error.get("earnIds").is_none()));
            let said = |value: &Value<'_>| calls.redact(&value.readable(MESSAGE_BYTES_MAX));
            let words = error.and_then(|error| error.get("message"));
            let words = words.or_else(|| answer.as_ref().and_then(|answer| answer.get("message")));
            let code = error.and_then(|error| error.get("code"));
            let code = code.or_else(|| answer.as_ref().and_then(|answer| answer.get("errorCode")));
            let code = code.and_then(Value::long);
            let is_gone = answer.as_ref().is_some_and(|answer| is_gone(answer, target, id));
            let verdict = match rest {
                RevokeVerdict::Unknown => {
                    judge_revoked(answered.http_status(), is_gone, own.is_some(), code)
                }
                _ => rest,
            };
            Revoked {
                verdict,
                code,
                status: answered.http_status(),
                message: words.map(said).unwrap_or_default(),
                request_id: answered.head.as_ref().and_then(|head| head.request_id.clone()),
            }
        })
        .collect()
}

/// True if the answer names the issuance as revoked.
fn is_gone(answer: &Value<'_>, target: &Target, id: &str) -> bool {
    let text = |value: &Value<'_>, name: &str| -> Option<String> {
        value.get(name)?.text(ISSUANCE_ID_BYTES_MAX)
    };
    let details = answer.get("data").map_or(&[][..], |data| data.elements_of("revokedDetails"));
    details.iter().any(|detail| {
        text(detail, "promotionId").as_deref() == Some(target.promotion.as_str())
            && text(detail, "status").as_deref() == Some("SUCCESS")
            && names(detail, "revokedEarnIds", id)
    })
}

fn names(value: &Value<'_>, list: &str, id: &str) -> bool {
    let is_it = |one: &Value<'_>| one.text(ISSUANCE_ID_BYTES_MAX).as_deref() == Some(id);
    value.elements_of(list).iter().any(is_it)
}

#[cfg(test)]
mod tests;
