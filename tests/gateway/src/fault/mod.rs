//! Faults to order: rules that say when, and kinds that say what.
//!
//! Which call meets which fault depends only on the rules, the seed and the call's number within
//! its path, counted from 1 since the rules were put. Chance is a hash of these, not a stream, so
//! concurrent calls cannot change one another's luck.

mod kind;
mod retry_after;

use std::sync::Mutex;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) use kind::{
    End, ErrorPlace, Framing, Kind, NumberForm, Padding, Position, ResetReason, Which,
};
pub(crate) use retry_after::{DateFormat, RetryAfter, http_date};

use crate::account::CallPath;
use crate::chance::{happens, mix3};
use crate::sync::lock;

/// One fault chosen for one call.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// Name of the rule.
    pub name: String,
    pub kind: Kind,
    /// Whether the issue takes effect all the same.
    pub apply: bool,
    /// 64 bits of chance that belong to this call and rule alone.
    pub draw: u64,
}

impl Fault {
    /// The fault with what its message is to repeat of the request: `{credentials}` and `{body}`.
    pub(crate) fn repeating(&self, credentials: &str, body: &[u8]) -> Self {
        let mut fault = self.clone();
        if let Kind::Status { message: Some(text), .. }
        | Kind::PerIdError { message: Some(text), .. } = &mut fault.kind
        {
            let body = String::from_utf8_lossy(body);
            *text = text.replace("{credentials}", credentials).replace("{body}", &body);
        }
        fault
    }
}

/// When a rule fires. All conditions given must hold; without any the rule always fires.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct When {
    /// Numbers of calls, from 1.
    calls: Option<Vec<u64>>,
    /// Every n-th call.
    every: Option<u64>,
    probability: Option<f64>,
    /// One element per call from the first: false or null for nothing, true for the rule's own
    /// fault, or another fault.
    script: Option<Vec<Value>>,
    /// Kind of endpoint, default issue.
    path: Option<CallPath>,
    /// The call's body holds one of these ids.
    contains: Option<Vec<String>>,
    /// At most this many times.
    times: Option<u64>,
}

#[derive(Clone, Debug)]
struct Rule {
    name: String,
    when: When,
    contains: Vec<i64>,
    /// The rule's own fault, absent where the script names all.
    fault: Option<Effect>,
    script: Vec<Option<Effect>>,
    fired: u64,
}

#[derive(Clone, Debug)]
struct Effect {
    kind: Kind,
    apply: bool,
}

/// The rules in force.
pub(crate) struct Faults {
    set: Mutex<Set>,
    /// Changes when the rules do, which ends every stall.
    version: watch::Sender<u64>,
}

#[derive(Default)]
struct Set {
    given: Value,
    seed: u64,
    rules: Vec<Rule>,
    /// Calls per path since the rules were put.
    calls: [u64; CallPath::ALL.len()],
}

/// A call's place among those the rules have seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    path: CallPath,
    number: u64,
    version: u64,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self { set: Mutex::default(), version: watch::Sender::new(0) }
    }

    /// Replaces all rules and counts calls from 1 again.
    ///
    /// # Errors
    /// A sentence that names the rule and what is wrong with it.
    pub(crate) fn put(&self, given: Value) -> Result<(), String> {
        let set = Set::read(given)?;
        *lock(&self.set) = set;
        self.version.send_modify(|version| *version = version.wrapping_add(1));
        Ok(())
    }

    /// No faults.
    pub(crate) fn clear(&self) {
        *lock(&self.set) = Set::default();
        self.version.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// The rules as given, and how often each fired.
    pub(crate) fn describe(&self) -> Value {
        let set = lock(&self.set);
        let fired: serde_json::Map<String, Value> =
            set.rules.iter().map(|rule| (rule.name.clone(), rule.fired.into())).collect();
        json!({"given": set.given, "fired": fired})
    }

    /// Counts a call.
    pub(crate) fn turn(&self, path: CallPath) -> Turn {
        let mut set = lock(&self.set);
        let version = *self.version.borrow();
        let Some(count) = set.calls.get_mut(path.code()) else {
            return Turn { path, number: 0, version };
        };
        *count = count.saturating_add(1);
        Turn { path, number: *count, version }
    }

    /// The fault of a call whose body is not read yet, if that fault forbids reading it.
    pub(crate) fn before_read(&self, turn: Turn) -> Option<Fault> {
        let mut set = lock(&self.set);
        let (index, fault) = set.choose(turn, None)?;
        matches!(fault.kind, Kind::ResetBeforeRead).then(|| set.fire(index, fault))
    }

    /// The fault of a call whose ids are known.
    pub(crate) fn after_read(&self, turn: Turn, customers: &[i64]) -> Option<Fault> {
        let mut set = lock(&self.set);
        let (index, fault) = set.choose(turn, Some(customers))?;
        Some(set.fire(index, fault))
    }

    /// Returns when the rules are no longer those this call met.
    pub(crate) async fn changed(&self, turn: Turn) {
        let mut receiver = self.version.subscribe();
        // An error means the gateway itself is gone, which ends a stall as well.
        drop(receiver.wait_for(|version| *version != turn.version).await);
    }
}

impl Set {
    fn read(given: Value) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Given {
            #[serde(default)]
            seed: u64,
            rules: Vec<GivenRule>,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct GivenRule {
            name: Option<String>,
            #[serde(default)]
            when: When,
            fault: Option<Value>,
        }
        let read: Given =
            serde_json::from_value(given.clone()).map_err(|error| error.to_string())?;
        let rules = read.rules.into_iter().enumerate().map(|(index, rule)| {
            let named = rule.name.clone().unwrap_or_else(|| format!("rule {index}"));
            Rule::build(rule.name, rule.when, rule.fault)
                .map_err(|error| format!("{named}: {error}"))
        });
        let rules = rules.collect::<Result<_, _>>()?;
        Ok(Self { given, seed: read.seed, rules, calls: Default::default() })
    }

    /// The first rule that fires. Without ids, a rule that asks for ids makes the answer "not
    /// yet": whether it or a later one wins is only known after reading.
    fn choose(&self, turn: Turn, customers: Option<&[i64]>) -> Option<(usize, Fault)> {
        for (index, rule) in self.rules.iter().enumerate() {
            let draw = mix3(self.seed, index as u64, turn.number);
            let Some(effect) = rule.effect(turn, draw) else { continue };
            if !rule.contains.is_empty() {
                let ids = customers?;
                if !ids.iter().any(|id| rule.contains.contains(id)) {
                    continue;
                }
            }
            let fault = Fault {
                name: rule.name.clone(),
                kind: effect.kind.clone(),
                apply: effect.apply,
                draw: mix3(self.seed, draw, turn.number),
            };
            return Some((index, fault));
        }
        None
    }

    fn fire(&mut self, index: usize, fault: Fault) -> Fault {
        if let Some(rule) = self.rules.get_mut(index) {
            rule.fired = rule.fired.saturating_add(1);
        }
        fault
    }
}

impl Rule {
    fn build(name: Option<String>, when: When, fault: Option<Value>) -> Result<Self, String> {
        let fault = fault.map(Effect::read).transpose()?;
        let script = when.script.iter().flatten().map(|step| match step {
            Value::Null | Value::Bool(false) => Ok(None),
            Value::Bool(true) => {
                fault.clone().map(Some).ok_or_else(|| "true in a script without a fault".into())
            }
            other => Effect::read(other.clone()).map(Some),
        });
        let script: Vec<Option<Effect>> = script.collect::<Result<_, String>>()?;
        if fault.is_none() && script.is_empty() {
            return Err("neither a fault nor a script".into());
        }
        let ids = when.contains.iter().flatten().map(|id| {
            id.parse::<i64>().map_err(|_| "contains takes customer ids as strings".to_string())
        });
        let contains = ids.collect::<Result<_, _>>()?;
        let own_name = || fault.as_ref().map_or("script".into(), |effect| effect.kind.name());
        let name = name.unwrap_or_else(own_name);
        Ok(Self { name, when, contains, fault, script, fired: 0 })
    }

    /// What the rule would do to this call, its ids aside.
    fn effect(&self, turn: Turn, draw: u64) -> Option<&Effect> {
        let when = &self.when;
        let holds = when.path.unwrap_or(CallPath::Issue) == turn.path
            && when.calls.as_ref().is_none_or(|calls| calls.contains(&turn.number))
            && when.every.is_none_or(|every| turn.number.checked_rem(every) == Some(0))
            && when.probability.is_none_or(|probability| happens(draw, probability))
            && when.times.is_none_or(|times| self.fired < times);
        if !holds {
            return None;
        }
        match &when.script {
            None => self.fault.as_ref(),
            Some(_) => {
                let step = usize::try_from(turn.number.checked_sub(1)?).ok()?;
                self.script.get(step)?.as_ref()
            }
        }
    }
}

impl Effect {
    fn read(mut given: Value) -> Result<Self, String> {
        let apply = given.as_object_mut().and_then(|fields| fields.remove("apply"));
        let kind: Kind = serde_json::from_value(given).map_err(|error| error.to_string())?;
        let apply = match apply {
            None | Some(Value::Null) => kind.applies_by_default(),
            Some(Value::Bool(apply)) => apply,
            Some(_) => return Err("apply is true or false".into()),
        };
        Ok(Self { kind, apply })
    }
}

#[cfg(test)]
mod tests;
