//! The rules that every world must keep, and how a broken one is told.

use core::fmt;

/// What a checker watches over. The numbers are those of architecture.md, "Invariants the
/// simulator checks after every input".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// 1. The counts add up to the distinct ids and agree with the states, and exactly the ids of
    ///    open exchanges are in flight.
    Books,
    /// 2. A settled id keeps its outcome.
    SettledOnce,
    /// 3. Nothing leaves after cancel, while paused, after the deadline, after a stop.
    Silence,
    /// 4. In flight, rate, attempts, retries, time and sizes stay within the plan.
    Limits,
    /// 5. Nothing leaves before the end of a Retry-After.
    NotBefore,
    /// 6. An id leaves again only if its last exchange proves that it was not processed, or where
    ///    the policy lets ambiguous exchanges be repeated.
    NeverAgain,
    /// 7. Nothing leaves before its intent is stored, and a run goes on from whatever is stored:
    ///    nothing is lost, what was open is unknown.
    Journal,
    /// 8. The same seed gives the same trace.
    Repeatable,
    /// 9. A drain ends.
    Drain,
    /// 9. A job waits for something that will come.
    Waiting,
    /// 10. No secret stands in anything the caller reads.
    Secrets,
    /// The outcome of an id is what its last exchange proves.
    Proof,
    /// The service's account agrees: issued ids are in it with that issuance, rejected and unsent
    /// ids are not, none is in it twice.
    Account,
    /// A request holds ids of the run, digit for digit, and a retry holds the same ones.
    Request,
    /// Nothing leaves with credentials that are missing, expired or refused; one fetch at a time.
    Credentials,
    /// A run stops or pauses only for a reason that happened.
    Stops,
    /// With faults off, every run ends with every id settled.
    Ends,
    /// The core does not panic.
    Panics,
}

/// A rule that was broken.
#[derive(Clone, Debug)]
pub struct Violation {
    pub rule: Rule,
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.text)
    }
}

pub type Checked = Result<(), Violation>;

/// Which rules stop a run: all, or one of them to prove that its own checker is awake.
#[derive(Clone, Copy, Debug)]
pub struct Watch(pub Option<Rule>);

impl Watch {
    pub fn check(self, rule: Rule, holds: bool, text: impl FnOnce() -> String) -> Checked {
        let ignored = self.0.is_some_and(|watched| watched != rule);
        if holds || ignored { Ok(()) } else { Err(Violation { rule, text: text() }) }
    }
}
