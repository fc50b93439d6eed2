//! Runs worlds: one, one twice, or many on all processors; tells what they covered and which
//! seed broke a rule.

use crate::rule::{Rule, Violation, Watch};
use crate::saboteur::Sabotage;
use crate::scenario::Scenario;
use crate::trace::Trace;
use crate::world::World;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use issue_bulk::outcome::Outcome;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// What worlds came to.
#[derive(Default)]
pub struct Summary {
    pub worlds: u64,
    pub requests: u64,
    pub events: u64,
    pub ids: u64,
    /// Ids by outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; 4],
    /// How many worlds left each mark.
    pub marks: BTreeMap<String, u64>,
}

impl Summary {
    fn of(world: &World) -> Self {
        let mut summary = Self {
            worlds: 1,
            requests: world.requests,
            events: world.trace.count,
            ids: world.scenario.ids.len() as u64,
            outcomes: Outcome::ALL.map(|outcome| world.witness.count(outcome)),
            marks: BTreeMap::new(),
        };
        let marks = world.witness.marks.iter().map(|mark| (*mark).to_owned());
        let reasons = world.reasons.iter();
        let reasons = reasons.map(|(outcome, reason)| format!("{outcome} {reason}"));
        let all = marks.chain(reasons).chain(world.faults.iter().cloned());
        summary.marks.extend(all.map(|mark| (mark, 1)));
        summary
    }

    fn add(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.requests += other.requests;
        self.events += other.events;
        self.ids += other.ids;
        for (sum, count) in self.outcomes.iter_mut().zip(other.outcomes) {
            *sum += count;
        }
        for (mark, count) in other.marks {
            *self.marks.entry(mark).or_default() += count;
        }
    }
}

/// A world in which a rule was broken, with all that is needed to look at it again.
pub struct Broken {
    pub seed: u64,
    pub violation: Violation,
    scenario: String,
    trace: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {} broke a rule; replay it with SIM_SEED={}", self.seed, self.seed)?;
        write!(f, "{}\n{}  {}\n", self.scenario, self.trace, self.violation)
    }
}

/// One world from its seed to its end, and the hash of its trace.
fn run_once(seed: u64, sabotage: Option<Sabotage>, watch: Watch) -> (World, Option<Violation>) {
    let scenario = Scenario::draw(seed);
    let mut world = World::new(&scenario, sabotage, watch, Trace::new(is_replay()));
    let result = catch_unwind(AssertUnwindSafe(|| world.run()));
    let result =
        result.unwrap_or_else(|_| watch.check(Rule::Panics, false, || "the core panicked".into()));
    (world, result.err())
}

/// Runs a world twice: the second time must be the first again.
pub fn run(seed: u64, sabotage: Option<Sabotage>, watch: Watch) -> Result<Summary, Box<Broken>> {
    let (world, violation) = run_once(seed, sabotage, watch);
    let violation = violation.or_else(|| {
        let (again, _) = run_once(seed, sabotage, watch);
        let same = again.trace.hash() == world.trace.hash();
        let check = watch.check(Rule::Repeatable, same, || "a second run was another one".into());
        check.err()
    });
    if is_replay() {
        tell(&format!("{}\ntrace hash {:016x}", world.trace, world.trace.hash()));
    }
    match violation {
        None => Ok(Summary::of(&world)),
        Some(violation) => Err(Box::new(Broken {
            seed,
            violation,
            scenario: format!("{:?}", world.scenario),
            // A replay has told it already.
            trace: if is_replay() { String::new() } else { world.trace.to_string() },
        })),
    }
}

/// Runs the seeds from 0 on all processors, until one breaks a rule.
pub fn run_many(seeds: u64) -> Result<Summary, Box<Broken>> {
    let next = AtomicU64::new(0);
    let failed = AtomicBool::new(false);
    let total = Mutex::new((Summary::default(), None::<Box<Broken>>));
    let work = || {
        let mut sum = Summary::default();
        let mut broken = None;
        while !failed.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                break;
            }
            match run(seed, None, Watch(None)) {
                Ok(summary) => sum.add(summary),
                Err(error) => {
                    failed.store(true, Ordering::Relaxed);
                    broken = Some(error);
                }
            }
        }
        let mut total = total.lock().expect("no worker panics while it adds");
        total.0.add(sum);
        total.1 = total.1.take().or(broken);
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let (summary, broken) = total.into_inner().expect("all workers are done");
    broken.map_or(Ok(summary), Err)
}

/// Writes past the capture of the test runner: the figures are part of the result.
pub fn tell(text: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").expect("the standard output takes text");
}

pub fn is_replay() -> bool {
    asked("SIM_SEED").is_some()
}

/// A number from the environment.
pub fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a whole number, not {text}")))
}
