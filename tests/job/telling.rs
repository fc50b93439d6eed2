//! What a run tells while it goes: what became of each attempt, its traffic, what it lets go.

use crate::world::*;
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::job::Conclusion;
use issue_bulk::outcome::Unknown;
use issue_bulk::plan::Options;
use issue_bulk::report::{self, Detail};
use issue_bulk::time::Instant;
use issue_bulk::traffic::{Machine, Output};
use issue_bulk::verdict::{Failure, Retry, Verdict};

fn one_by_one() -> Options<'static> {
    Options { concurrency: Some(1.0), ..batch_of(10) }
}

/// Sends the next request and brings its answer.
fn exchange(world: &mut World<'_>) {
    loop {
        match world.job.poll_output(world.now) {
            Output::Send { batch, attempt } => break world.send(batch, attempt),
            Output::Wait { until } => world.now = until.unwrap(),
            output => panic!("{output:?}"),
        }
    }
    world.now = world.next_event(None).unwrap();
    world.deliver();
}

#[test]
fn the_conclusion_of_each_attempt_is_told_once() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        match calls {
            1 => Reply::Throttled(Some(1)),
            3 => Reply::Fails(Failure::Network(None)),
            _ => issue(ids),
        }
    };
    let mut world = World::new(20, one_by_one(), &mut service);
    assert_eq!(world.job.take_conclusion(), None);
    let told = |batch, attempt, rows, status: Option<u16>, verdict| Conclusion {
        batch: BatchId(batch),
        attempt: AttemptNumber(attempt),
        rows,
        status,
        request_id: status.map(|_| "r-1".into()),
        verdict,
    };
    for expected in [
        told(0, 1, 0..10, Some(429), Verdict::Retry(Retry::Throttled)),
        told(0, 2, 0..10, Some(200), Verdict::Match),
        told(1, 1, 10..20, None, Verdict::Hold(Unknown::Network)),
    ] {
        exchange(&mut world);
        assert_eq!(world.job.take_conclusion(), Some(expected));
        assert_eq!(world.job.take_conclusion(), None);
    }
}

#[test]
fn a_batch_in_flight_has_its_length_and_another_none() {
    let mut service = issue;
    let mut world = World::new(13, one_by_one(), &mut service);
    for (batch, len) in [(0, 10), (1, 3)] {
        assert_eq!(world.job.batch_len(BatchId(batch)), 0);
        let Output::Send { batch, attempt } = world.job.poll_output(world.now) else { panic!() };
        world.send(batch, attempt);
        assert_eq!(world.job.batch_len(batch), len);
        world.now = world.next_event(None).unwrap();
        world.deliver();
        assert_eq!(world.job.batch_len(batch), 0);
    }
}

#[test]
fn the_bytes_of_bodies_are_counted_in_both_directions() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls == 1 { Reply::Throttled(Some(1)) } else { issue(ids) }
    };
    let mut world = World::new(12, one_by_one(), &mut service);
    let tally = world.run().tally;
    // The first batch leaves twice.
    let sent = "[1,2,3,4,5,6,7,8,9,10]".len() * 2 + "[11,12]".len();
    let received = success(&(1..=10).collect::<Vec<_>>()).len() + success(&[11, 12]).len();
    assert_eq!((tally.bytes_sent, tally.bytes_received), (sent as u64, received as u64));
    assert_eq!((tally.attempts, tally.resends), (3, 1));
}

#[test]
fn a_run_that_drains_forgets_what_was_taken_and_another_keeps_it() {
    for is_drained in [true, false] {
        let mut service = issue;
        let mut world = World::new(20, one_by_one(), &mut service);
        if is_drained {
            world.job.drain();
        }
        world.run();
        assert!((0..20).all(|row| world.job.ledger().issuance(row).is_some()));
        world.job.forget(&(0..10));
        let has = |row: &u32| world.job.ledger().issuance(*row).is_some();
        let left: Vec<u32> = (0..20).filter(has).collect();
        let from = if is_drained { 10 } else { 0 };
        assert_eq!(left, (from..20).collect::<Vec<_>>());
        assert_eq!(world.job.progress(world.now).issued, 20);
    }
}

#[test]
fn what_is_odd_of_an_issuance_is_told_by_itself() {
    let usual = "67dd4237ef21a64211000001";
    for (odd_id, odd_context) in [(false, false), (true, false), (false, true), (true, true)] {
        let id = if odd_id { "7d444840-9dc0-11d1-b245-5ffdce74fad2" } else { usual };
        let context = if odd_context { "another" } else { CONTEXT };
        let mut service = |ids: &[i64]| {
            Reply::Status(200, success(ids).replace(usual, id).replace(CONTEXT, context))
        };
        let mut world = World::new(1, one_by_one(), &mut service);
        world.run();
        let Detail::Issued(issued) = report::row(&world.job, 0).unwrap().detail else { panic!() };
        assert_eq!((issued.id.as_ref(), issued.earned_from), (id, context));
    }
}

#[test]
fn time_that_passes_before_the_end_counts_and_after_it_does_not() {
    let mut service = issue;
    let mut world = World::new(20, one_by_one(), &mut service);
    world.run();
    let later = Instant::from_millis(5_000);
    assert_eq!(world.job.poll_output(later), Output::Done);
    assert_eq!(world.job.progress(later).elapsed_ms, 200);
}
