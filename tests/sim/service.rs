//! The world's own service: it issues, keeps an account of it, and answers.

use crate::chance::Chance;
use crate::entries;
use crate::fault::Fault;
use crate::header::RetryAfter;
use crate::meaning::{Issuance, Meaning};
use crate::refusals;
use crate::scenario::{CONTEXT, Customs, GuiltyRefusal, Scenario};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// A request as it arrived.
pub struct Call {
    pub ids: Vec<i64>,
    /// The value of its authenticating header.
    pub credentials: String,
    /// The service's wall clock, in milliseconds since 1970.
    pub service_ms: u64,
}

/// An answer and what it proves.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    pub retry_after: RetryAfter,
    pub meaning: Meaning,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>, meaning: Meaning) -> Self {
        Self { status, body: body.into(), retry_after: RetryAfter::default(), meaning }
    }
}

/// What became of one id that reached the account.
#[derive(Clone, Debug)]
pub enum Slot {
    Issued(Issuance),
    /// Its issuances reached the limit.
    Limit,
    /// Left out on purpose.
    Skipped,
}

pub struct Service {
    pub customs: Customs,
    /// Every issuance of this run, by customer.
    account: HashMap<i64, Vec<Issuance>>,
    /// Customers whose request arrived twice by no doing of the client.
    doubled: HashSet<i64>,
    issued: u64,
    /// Tokens with the end of their lives; empty where credentials are not fetched.
    tokens: HashMap<String, u64>,
}

impl Service {
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            customs: scenario.customs.clone(),
            account: HashMap::new(),
            doubled: HashSet::new(),
            issued: 0,
            tokens: HashMap::new(),
        }
    }

    pub fn issuances(&self, customer: i64) -> &[Issuance] {
        self.account.get(&customer).map_or(&[], Vec::as_slice)
    }

    pub fn is_doubled(&self, customer: i64) -> bool {
        self.doubled.contains(&customer)
    }

    pub fn double(&mut self, ids: &[i64]) {
        self.doubled.extend(ids);
    }

    /// A token that is good until `until_ms`.
    pub fn grant(&mut self, token: &str, until_ms: u64) {
        self.tokens.insert(token.into(), until_ms);
    }

    pub fn revoke(&mut self, token: &str) {
        self.tokens.insert(token.into(), 0);
    }

    fn accepts(&self, call: &Call) -> bool {
        self.tokens.get(&call.credentials).is_none_or(|until| call.service_ms < *until)
    }

    /// Takes a request and answers it; `fault` is one of the answers' or none.
    pub fn answer(&mut self, call: &Call, fault: Option<Fault>, chance: &mut Chance) -> Answer {
        if let Some(answer) = fault.and_then(|fault| refusals::refuse(fault, call, chance)) {
            if matches!(fault, Some(Fault::Unauthorised)) && chance.coin() {
                self.revoke_known(&call.credentials);
            }
            return answer;
        }
        if !self.accepts(call) {
            return refusals::unauthorised(chance);
        }
        if call.ids.len() > self.customs.ids_max {
            return refusals::too_large(self.customs.size_as_code);
        }
        let guilty = call.ids.iter().any(|id| self.customs.guilty.contains(id));
        if guilty && self.customs.refusal != GuiltyRefusal::Entry {
            return refusals::guilty(self.customs.refusal);
        }
        entries::answer(self, call, fault, chance)
    }

    fn revoke_known(&mut self, token: &str) {
        if self.tokens.contains_key(token) {
            self.revoke(token);
        }
    }

    /// Issues to all ids but those to skip; refuses those beyond the limit.
    pub fn issue(&mut self, call: &Call, skip: &[bool], odd: bool) -> Vec<Slot> {
        let places = call.ids.iter().zip(skip);
        places
            .map(|(id, skipped)| match *skipped || self.customs.guilty.contains(id) {
                true => Slot::Skipped,
                false => self.issue_one(*id, call.service_ms, odd),
            })
            .collect()
    }

    /// Issues to all ids of a request that nobody waits for any more.
    pub fn issue_late(&mut self, ids: &[i64], now_ms: u64) {
        for id in ids {
            if !self.customs.guilty.contains(id) {
                self.issue_one(*id, now_ms, false);
            }
        }
    }

    fn issue_one(&mut self, customer: i64, now_ms: u64, odd: bool) -> Slot {
        let earlier = usize::from(self.customs.earlier.contains(&customer));
        let count = self.issuances(customer).len() + earlier;
        if self.customs.issuances_max.is_some_and(|max| count >= max) {
            return Slot::Limit;
        }
        self.issued += 1;
        let number = self.issued;
        let (id, context) = match odd {
            true => (odd_id(number), odd_context(number)),
            false => (format!("67dd4237ef21a64211{number:06x}"), CONTEXT),
        };
        let now = now_ms as i64;
        let issuance = Issuance {
            id: id.into(),
            context: context.into(),
            event_time: (!number.is_multiple_of(7)).then_some(now),
            valid_till: (!number.is_multiple_of(11)).then_some(now + 86_400_000),
        };
        self.account.entry(customer).or_default().push(issuance.clone());
        Slot::Issued(issuance)
    }
}

fn odd_id(number: u64) -> String {
    match number % 4 {
        0 => format!("67DD4237EF21A64211{number:06X}"),
        1 => number.to_string(),
        2 => format!("issue \\\"{number}\\\" é"),
        _ => format!("{number:0>256}"),
    }
}

fn odd_context(number: u64) -> &'static str {
    if number.is_multiple_of(2) { CONTEXT } else { "another context" }
}

impl Issuance {
    /// What the text says once its escapes are read.
    pub fn plain_id(&self) -> Rc<str> {
        self.id.replace("\\\"", "\"").into()
    }
}
