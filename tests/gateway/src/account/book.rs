//! The counting half of the account: decides under one lock what a call issues.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::record::{CallPath, CallRecord, Grant, Issuance};
use crate::object_id::{ObjectId, ObjectIdMaker};

/// What a call asks to issue.
pub(crate) struct Demand<'a> {
    pub call: u64,
    pub promotion: &'a str,
    pub context: &'a str,
    pub event_time: i64,
    pub valid_till: i64,
    /// Candidates, in order; `false` marks one that must not be issued.
    pub customers: &'a [(i64, bool)],
    /// Issuances one customer may hold; `None` for no limit.
    pub limit: Option<u64>,
    /// Issue nothing when one candidate is at the limit.
    pub all_or_nothing: bool,
    /// Give ids out, but count and keep nothing.
    pub pretended: bool,
}

/// What became of one candidate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    /// Issued under this id.
    Issued(ObjectId),
    /// The customer already holds as many as allowed.
    LimitReached,
    /// Not a candidate.
    Skipped,
}

/// The counters a test compares. "Distinct" counts pairs of promotion and customer, so with one
/// promotion it counts customers.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// Calls of issueBulk.
    pub calls: u64,
    /// Calls of every path, preflights included.
    pub calls_by_path: BTreeMap<&'static str, u64>,
    /// Ids in the bodies of issueBulk calls that were read.
    pub arrivals: u64,
    pub issued: u64,
    pub distinct_arrived: u64,
    pub distinct_issued: u64,
    /// `issued - distinctIssued`.
    pub duplicates_issued: u64,
    pub max_issued_per_customer: u64,
    /// issueBulk calls by status decided on; `none` where no answer was to be sent.
    pub by_status: BTreeMap<String, u64>,
    /// Calls of any path whose answer did not leave completely.
    pub aborted: u64,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    arrivals: u32,
    issued: u32,
    last_seq: u64,
}

/// See the module.
pub(super) struct Book {
    counters_only: bool,
    pairs: FxHashMap<(u32, i64), Tally>,
    promotions: Vec<String>,
    begun: [u64; CallPath::ALL.len()],
    by_status: BTreeMap<Option<u16>, u64>,
    arrivals: u64,
    issued: u64,
    distinct_arrived: u64,
    distinct_issued: u64,
    max_issued: u32,
    aborted: u64,
    calls_stored: u64,
    last_seq: u64,
    ids: ObjectIdMaker,
}

impl Book {
    pub(super) fn new(seed: u64, counters_only: bool) -> Self {
        Self {
            counters_only,
            pairs: FxHashMap::default(),
            promotions: Vec::new(),
            begun: [0; CallPath::ALL.len()],
            by_status: BTreeMap::new(),
            arrivals: 0,
            issued: 0,
            distinct_arrived: 0,
            distinct_issued: 0,
            max_issued: 0,
            aborted: 0,
            calls_stored: 0,
            last_seq: 0,
            ids: ObjectIdMaker::new(seed, 0),
        }
    }

    /// After a replay: ids continue behind those already given out.
    pub(super) fn resume_ids(&mut self, seed: u64) {
        self.ids = ObjectIdMaker::new(seed, self.last_seq);
    }

    /// Positions and object ids go on, so that what a call in flight during the reset stores
    /// cannot collide with anything later.
    pub(super) fn reset(&mut self) {
        let fresh = Self::new(0, self.counters_only);
        let before = std::mem::replace(self, fresh);
        self.ids = before.ids;
        self.last_seq = before.last_seq;
        self.calls_stored = before.calls_stored;
    }

    pub(super) fn begin(&mut self, path: CallPath) -> u64 {
        let Some(count) = self.begun.get_mut(path.code()) else { return 0 };
        *count = count.saturating_add(1);
        *count
    }

    /// Counts a call that is about to be stored and gives it its position.
    pub(super) fn arrive(&mut self, call: &CallRecord) -> u64 {
        self.calls_stored = self.calls_stored.saturating_add(1);
        if call.path == CallPath::Issue {
            let count = self.by_status.entry(call.status).or_default();
            *count = count.saturating_add(1);
            self.count_arrivals(call.promotion.as_deref().unwrap_or(""), &call.customers);
        }
        self.calls_stored
    }

    fn count_arrivals(&mut self, promotion: &str, customers: &[i64]) {
        self.arrivals = self.arrivals.saturating_add(customers.len() as u64);
        if self.counters_only {
            return;
        }
        let promotion = self.intern(promotion);
        for customer in customers {
            let tally = self.pairs.entry((promotion, *customer)).or_default();
            if tally.arrivals == 0 {
                self.distinct_arrived = self.distinct_arrived.saturating_add(1);
            }
            tally.arrivals = tally.arrivals.saturating_add(1);
        }
    }

    pub(super) fn issue(&mut self, demand: Demand<'_>) -> (Grant, Vec<Slot>) {
        let promotion = self.intern(demand.promotion);
        let limit = demand.limit.map_or(u32::MAX, |limit| u32::try_from(limit).unwrap_or(u32::MAX));
        let refuse_all = demand.all_or_nothing
            && demand
                .customers
                .iter()
                .any(|(id, wanted)| *wanted && self.held((promotion, *id)) >= limit);
        let mut issuances = Vec::with_capacity(demand.customers.len());
        let mut slots = Vec::with_capacity(demand.customers.len());
        for (customer, wanted) in demand.customers {
            let pair = (promotion, *customer);
            slots.push(if !wanted {
                Slot::Skipped
            } else if refuse_all || self.held(pair) >= limit {
                Slot::LimitReached
            } else {
                let object_id = self.ids.make(demand.event_time);
                if !demand.pretended {
                    let (seq, prev) = self.count_issuance(pair);
                    issuances.push(Issuance { seq, customer: *customer, object_id, prev });
                }
                Slot::Issued(object_id)
            });
        }
        if self.counters_only {
            issuances.clear();
        }
        let grant = Grant {
            call: demand.call,
            promotion: demand.promotion.into(),
            context: demand.context.into(),
            event_time: demand.event_time,
            valid_till: demand.valid_till,
            issuances,
        };
        (grant, slots)
    }

    /// Issuances the pair holds; unknown, and so 0, when only counters are kept.
    fn held(&self, pair: (u32, i64)) -> u32 {
        self.pairs.get(&pair).map_or(0, |tally| tally.issued)
    }

    /// The new issuance's position and the pair's previous one.
    fn count_issuance(&mut self, pair: (u32, i64)) -> (u64, u64) {
        let seq = self.last_seq.saturating_add(1);
        self.last_seq = seq;
        self.issued = self.issued.saturating_add(1);
        if self.counters_only {
            return (seq, 0);
        }
        let tally = self.pairs.entry(pair).or_default();
        if tally.issued == 0 {
            self.distinct_issued = self.distinct_issued.saturating_add(1);
        }
        tally.issued = tally.issued.saturating_add(1);
        self.max_issued = self.max_issued.max(tally.issued);
        (seq, std::mem::replace(&mut tally.last_seq, seq))
    }

    pub(super) fn abort(&mut self) {
        self.aborted = self.aborted.saturating_add(1);
    }

    /// Replays a stored call.
    pub(super) fn replay_call(&mut self, call: &CallRecord) {
        if let Some(count) = self.begun.get_mut(call.path.code()) {
            *count = (*count).max(call.number);
        }
        self.arrive(call);
        self.calls_stored = self.calls_stored.max(call.id);
        if call.aborted {
            self.abort();
        }
    }

    /// Replays a stored issuance of a pair; rows come in the order of `seq`.
    pub(super) fn replay_issuance(&mut self, pair: (u32, i64), seq: u64) {
        self.last_seq = seq.saturating_sub(1);
        self.count_issuance(pair);
    }

    pub(super) fn customers(&self, promotion: Option<&str>) -> Vec<(i64, u64, u64)> {
        let wanted = promotion.map(|wanted| self.promotions.iter().position(|id| id == wanted));
        self.pairs
            .iter()
            .filter(|((index, _), _)| {
                wanted.is_none_or(|wanted| wanted == usize::try_from(*index).ok())
            })
            .map(|((_, id), tally)| (*id, u64::from(tally.arrivals), u64::from(tally.issued)))
            .collect()
    }

    /// The newest issuance of each promotion the customer holds.
    pub(super) fn last_issuances(&self, customer: i64) -> Vec<u64> {
        (0..self.promotions.len())
            .filter_map(|index| self.pairs.get(&(u32::try_from(index).ok()?, customer)))
            .map(|tally| tally.last_seq)
            .filter(|seq| *seq > 0)
            .collect()
    }

    /// The newest call and issuance.
    pub(super) fn positions(&self) -> (u64, u64) {
        (self.calls_stored, self.last_seq)
    }

    pub(super) fn summary(&self) -> Summary {
        let begun = CallPath::ALL.iter().zip(self.begun).filter(|(_, count)| *count > 0);
        let status = |status: &Option<u16>| status.map_or("none".into(), |code| code.to_string());
        Summary {
            calls: self.begun.first().copied().unwrap_or(0),
            calls_by_path: begun.map(|(path, count)| (path.name(), count)).collect(),
            arrivals: self.arrivals,
            issued: self.issued,
            distinct_arrived: self.distinct_arrived,
            distinct_issued: self.distinct_issued,
            duplicates_issued: if self.counters_only {
                0
            } else {
                self.issued.saturating_sub(self.distinct_issued)
            },
            max_issued_per_customer: u64::from(self.max_issued),
            by_status: self.by_status.iter().map(|(code, count)| (status(code), *count)).collect(),
            aborted: self.aborted,
        }
    }

    /// The number that stands for a promotion in a pair.
    pub(super) fn intern(&mut self, promotion: &str) -> u32 {
        let known = self.promotions.iter().position(|id| id == promotion);
        let index = known.unwrap_or_else(|| {
            self.promotions.push(promotion.into());
            self.promotions.len().saturating_sub(1)
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }
}
