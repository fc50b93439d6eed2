//! `POST /api_gateway/v1/promotions/{promotionId}/issueBulk`.

use rustc_hash::FxHashSet;

use super::Service;
use super::alter::Alteration;
use super::answer::{Entry, Fate, Success};
use super::call::Call;
use super::envelope::Problem;
use super::reply::Reply;
use crate::account::{Demand, Grant, Slot};
use crate::clock::{end_of_day, now_ms};
use crate::long::BodyProblem;
use crate::switches::{Duplicates, Refusal, Repeated, Switches};
use crate::world::Promotion;

/// A request that was found good: what is to be issued to whom.
pub(super) struct Order {
    promotion: Promotion,
    context: String,
    /// The ids of the request, without repetition unless each is to be issued.
    customers: Vec<i64>,
}

/// Whether an issue takes effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    Applied,
    /// The answer is the right one, but nothing is issued.
    Pretended,
}

impl Service {
    /// Answers an issue, altered by a fault if there is one.
    pub(super) fn issue(
        &self,
        call: &Call<'_>,
        effect: Effect,
        alteration: Option<&Alteration>,
    ) -> (Reply, Option<Grant>) {
        let switches = call.switches;
        let result = self.order(call).and_then(|order| {
            self.carry_out(&order, call.record.number, switches, effect, alteration)
        });
        match result {
            Ok((success, grant)) => {
                let body = success.write(switches, alteration);
                (Reply::json(200, body), grant)
            }
            Err(problem) => (problem.reply(switches), None),
        }
    }

    /// Checks a request in the order a gateway, its access control and the service would.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(super) fn order(&self, call: &Call<'_>) -> Result<Order, Problem> {
        let switches = call.switches;
        self.admit(call, true)?;
        call.check_content_type()?;
        let customers = match call.ids {
            Ok(ids) => ids.as_slice(),
            Err(problem) => return Err(body_problem(*problem)),
        };
        if switches.ids.array_max.is_some_and(|max| customers.len() > max) {
            return Err(Problem::new(switches.ids.array_max_code));
        }
        let context = context(call, switches)?;
        let promotion = self.promotion(call, switches)?;
        let locked = &switches.locked_customers;
        if customers.iter().any(|id| locked.iter().any(|text| text.parse() == Ok(*id))) {
            return Err(Problem::new(521));
        }
        let customers = without_repetition(customers, switches.ids.duplicates)?;
        Ok(Order { promotion, context, customers })
    }

    fn promotion(&self, call: &Call<'_>, switches: &Switches) -> Result<Promotion, Problem> {
        let codes = &switches.promotion;
        let id = call.record.promotion.as_deref().unwrap_or("");
        let Some(promotion) = self.world.promotion(id) else {
            let well_formed = id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            return Err(Problem::new(if well_formed { codes.unknown } else { codes.malformed }));
        };
        if let Some(code) = codes.wrong_type.get(&promotion.kind) {
            return Err(Problem::new(*code));
        }
        if promotion.end_date < now_ms() {
            return Err(Problem::new(codes.expired));
        }
        if !promotion.active {
            return Err(Problem::new(codes.inactive));
        }
        Ok(promotion.clone())
    }

    /// Issues what was ordered and says what each id came to.
    ///
    /// # Errors
    /// A customer for whom the whole call is refused.
    pub(super) fn carry_out(
        &self,
        order: &Order,
        call: u64,
        switches: &Switches,
        effect: Effect,
        alteration: Option<&Alteration>,
    ) -> Result<(Success, Option<Grant>), Problem> {
        let ids = &switches.ids;
        let unknown = |id: i64| ids.unknown != Refusal::Issue && !self.world.customers.contains(id);
        if ids.unknown == Refusal::RejectAll && order.customers.iter().any(|id| unknown(*id)) {
            return Err(Problem::new(ids.unknown_code));
        }
        let spared = alteration.filter(|change| change.is_per_id() && effect == Effect::Pretended);
        let wanted: Vec<(i64, bool)> = order
            .customers
            .iter()
            .enumerate()
            .map(|(place, id)| {
                let spared = spared.is_some_and(|change| change.touches(place, *id));
                (*id, !spared && !unknown(*id))
            })
            .collect();
        let event_time = now_ms();
        let promotion = &order.promotion;
        let valid_till =
            end_of_day(event_time, promotion.valid_days, promotion.zone_offset_minutes);
        let (grant, slots) = self.account.issue(Demand {
            call,
            promotion: &promotion.id,
            context: &order.context,
            event_time,
            valid_till: valid_till.min(promotion.end_date),
            customers: &wanted,
            limit: self.limit(promotion, switches),
            all_or_nothing: ids.limit_reached == Refusal::RejectAll,
            pretended: effect == Effect::Pretended && spared.is_none(),
        });
        if ids.limit_reached == Refusal::RejectAll && slots.contains(&Slot::LimitReached) {
            return Err(Problem::new(ids.limit_code));
        }
        let entries = wanted.iter().zip(slots).enumerate().map(|(place, ((id, _), slot))| Entry {
            customer: *id,
            fate: alteration
                .and_then(|change| change.fate(place, *id))
                .unwrap_or_else(|| fate(slot, switches)),
        });
        let mut entries: Vec<Entry> = entries.collect();
        if ids.duplicates == Duplicates::IssueEach {
            keep_last(&mut entries);
        }
        let success = Success {
            promotion: promotion.id.clone(),
            context: order.context.clone(),
            event_time,
            valid_till: grant.valid_till,
            zone_offset_minutes: promotion.zone_offset_minutes,
            entries,
        };
        Ok((success, Some(grant)))
    }

    fn limit(&self, promotion: &Promotion, switches: &Switches) -> Option<u64> {
        let limit = u64::try_from(promotion.max_issuance_per_customer).ok()?;
        (switches.ids.limit_reached != Refusal::Issue).then_some(limit)
    }
}

fn fate(slot: Slot, switches: &Switches) -> Fate {
    let ids = &switches.ids;
    let (how, code) = match slot {
        Slot::Issued(id) => return Fate::Issued(id),
        Slot::LimitReached => (ids.limit_reached, ids.limit_code),
        Slot::Skipped => (ids.unknown, ids.unknown_code),
    };
    Fate::Refused { how, code, message: super::codes::message(code).into() }
}

fn body_problem(problem: BodyProblem) -> Problem {
    match problem {
        BodyProblem::Malformed => Problem::saying(400, "JSON parse error"),
        BodyProblem::NotAnArray => Problem::saying(400, "An array of customer ids is expected"),
        BodyProblem::InvalidIds | BodyProblem::Empty => Problem::new(1006),
    }
}

fn context(call: &Call<'_>, switches: &Switches) -> Result<String, Problem> {
    let rules = &switches.context_id;
    let refuse = |text: &str| Err(Problem::saying(400, text));
    let values = call.query("contextId");
    let value = match (values.as_slice(), rules.repeated) {
        ([], _) if rules.required => return refuse("contextId is mandatory"),
        ([], _) => return Ok(String::new()),
        ([_, _, ..], Repeated::Reject) => return refuse("contextId is given more than once"),
        ([.., last], Repeated::Last) => last,
        ([first, ..], _) => first,
    };
    if value.is_empty() && !rules.allow_empty {
        return refuse("contextId is empty");
    }
    if rules.chars_max.is_some_and(|max| value.chars().count() > max) {
        return refuse("contextId is too long");
    }
    if !rules.allow_non_ascii && !value.is_ascii() {
        return refuse("contextId has a character that is not allowed");
    }
    Ok(value.clone())
}

fn without_repetition(customers: &[i64], rule: Duplicates) -> Result<Vec<i64>, Problem> {
    if rule == Duplicates::IssueEach {
        return Ok(customers.to_vec());
    }
    let mut seen = FxHashSet::with_capacity_and_hasher(customers.len(), Default::default());
    let unique: Vec<i64> = customers.iter().copied().filter(|id| seen.insert(*id)).collect();
    if rule == Duplicates::RejectAll && unique.len() < customers.len() {
        return Err(Problem::new(1006));
    }
    Ok(unique)
}

/// An object cannot show an id twice: the last issuance stands in the place of the first.
fn keep_last(entries: &mut Vec<Entry>) {
    entries.reverse();
    let mut seen = FxHashSet::default();
    entries.retain(|entry| seen.insert(entry.customer));
    entries.reverse();
}
