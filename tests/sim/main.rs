//! The simulator: seeded worlds drive the real core through every fault of faults.md and check
//! the invariants of architecture.md after every input. Half of the runs keep a journal, and their
//! process may die at any step: another one goes on with what is stored.
//!
//! `SIM_SEEDS=n` runs the seeds 0 to n - 1 (default 20,000 in release, 1,000 in debug),
//! `SIM_SEED=n` replays one of them with its whole trace.

#![cfg(not(target_arch = "wasm32"))]

mod books;
mod chance;
mod coverage;
mod crash;
mod entries;
mod fault;
mod feed;
mod finish;
mod header;
mod meaning;
mod network;
mod refusals;
mod rule;
mod run;
mod saboteur;
mod scenario;
mod service;
mod storage;
mod subject;
mod trace;
mod witness;
mod world;

use rule::Watch;
use run::{asked, run, run_many, tell};
use std::time::Instant;

const SEEDS_DEFAULT: u64 = if cfg!(debug_assertions) { 1_000 } else { 20_000 };

/// Below this many worlds chance may leave out a rare path.
const SEEDS_FOR_COVERAGE: u64 = 1_000;

#[test]
fn every_world_keeps_every_rule_and_comes_to_its_end() {
    if let Some(seed) = asked("SIM_SEED") {
        if let Err(broken) = run(seed, None, Watch(None)) {
            panic!("{broken}");
        }
        return;
    }
    let seeds = asked("SIM_SEEDS").unwrap_or(SEEDS_DEFAULT);
    let start = Instant::now();
    let summary = run_many(seeds).unwrap_or_else(|broken| panic!("{broken}"));
    let [issued, rejected, unsent, unknown] = summary.outcomes;
    tell(&format!(
        "sim: {} worlds, each run twice, {} requests, {} events, {} ids: {issued} issued, \
         {rejected} rejected, {unsent} unsent, {unknown} unknown; {:.1} s",
        summary.worlds,
        summary.requests,
        summary.events,
        summary.ids,
        start.elapsed().as_secs_f64(),
    ));
    let missing = coverage::missing(&summary);
    let covered = missing.is_empty() || seeds < SEEDS_FOR_COVERAGE;
    assert!(covered, "no world left the marks {missing:?}; seen: {:?}", summary.marks);
}

#[test]
fn every_saboteur_is_caught_by_the_checker_of_its_rule() {
    /// Worlds in which a saboteur may hide.
    const WORLDS: u64 = 2_000;
    let mut lines = String::new();
    for (sabotage, rule) in saboteur::ALL {
        let caught = (0..WORLDS)
            .find_map(|seed| run(seed, Some(sabotage), Watch(Some(rule))).err())
            .unwrap_or_else(|| panic!("{sabotage:?} breaks {rule:?} and was not caught"));
        assert_eq!(caught.violation.rule, rule);
        lines += &format!("\n  {sabotage:?} caught by {rule:?} in seed {}", caught.seed);
    }
    tell(&format!("sim: {} saboteurs caught{lines}", saboteur::ALL.len()));
}
