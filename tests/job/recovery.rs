//! What a journal tells of runs that take unusual ways.

use crate::journal::*;
use crate::world::*;
use issue_bulk::intake::Findings;
use issue_bulk::job::Job;
use issue_bulk::plan::Options;
use issue_bulk::time::Instant;
use issue_bulk::traffic::{Machine, Output};

#[test]
fn a_drained_run_hands_out_and_writes_down_what_another_keeps() {
    let told = |is_drained: bool| {
        let mut service = issue;
        let mut world = journalled(30, one_by_one(), &mut service);
        if is_drained {
            world.job.drain();
        }
        world.run();
        (exported(&world.job), exported(&review(&world.stored, one_by_one())))
    };
    let kept = told(false);
    assert!(kept.0.contains("67dd4237ef21a64211000001"));
    assert_eq!(told(true), kept);
    assert_eq!(kept.0, kept.1);
}

#[test]
fn a_stop_between_the_pieces_of_the_ids_leaves_a_sound_journal() {
    let spread = |n: i64| n.wrapping_mul(6_364_136_223_846_793_005) & i64::MAX;
    let ids: Vec<i64> = (1..=300_000).map(spread).collect();
    for pieces in 0..3 {
        let mut nobody = issue;
        let job = Job::new(plan(Options::default()), ids.clone(), false, 7, Instant::START);
        let job = job.with_journal(Instant::START, WALL, Findings::default());
        let mut world = World::around(job, &mut nobody);
        for _ in 0..pieces {
            assert_eq!(world.job.poll_output(world.now), Output::Persist);
            world.persist();
        }
        world.job.cancel();
        world.run();
        assert!(recovered(&world.stored).done, "{pieces} pieces");
        let told = review(&world.stored, Options::default());
        assert_eq!(told.stopped(), world.job.stopped());
        assert_eq!(told.progress(world.now).unsent, 300_000);
        let mut again = |_: &[i64]| errors(403, 4000, "Access is denied!");
        let mut second = resumed(&world.stored, Options::default(), &mut again);
        second.run();
        expect(&second, &[("unsent access-denied", 300_000)]);
    }
}

#[test]
fn what_another_process_did_is_neither_its_pace_nor_a_first_attempt_of_this_one() {
    let retry = || Options { ambiguous: Some("retry"), ..one_by_one() };
    let mut service = issue;
    let mut world = journalled(100, retry(), &mut service);
    run_until_sent(&mut world, 9);
    let mut again = issue;
    let mut second = resumed(&world.stored, retry(), &mut again);
    assert_eq!(second.job.progress(Instant::from_millis(50)).eta_ms, None);
    run_until_sent(&mut second, 2);
    // Eighty were settled before, ten here in 100 ms, and ten are left.
    assert_eq!(second.now.as_millis(), 100);
    assert_eq!(second.job.progress(second.now).eta_ms, Some(100));
    let tally = second.run().tally;
    assert_eq!((tally.attempts, tally.resends), (11, 1));
    let told = review(&second.stored, retry()).progress(second.now).tally;
    assert_eq!((told.attempts, told.resends), (11, 1));
}

#[test]
fn a_gate_takes_back_what_has_not_left() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls == 2 { Reply::Throttled(Some(10)) } else { issue(ids) }
    };
    let options = Options { concurrency: Some(2.0), ..batch_of(10) };
    let mut world = journalled(100, options, &mut service);
    run_until_sent(&mut world, 2);
    world.now = world.next_event(None).unwrap();
    world.deliver();
    // The third intent is being stored when the gate closes.
    assert_eq!(world.job.poll_output(world.now), Output::Persist);
    world.stored.extend(world.job.take_journal());
    world.deliver();
    world.job.handle_persisted();
    assert_eq!(world.job.poll_output(world.now), Output::Persist);
    assert_eq!(recovered(&world.stored).open.len(), 2);
    world.persist();
    let told = recovered(&world.stored);
    assert_eq!((told.open, told.intents, world.sent.len()), (vec![], 2, 2));
    let Output::Wait { until: Some(until) } = world.job.poll_output(world.now) else { panic!() };
    assert!(until.as_millis() >= 10_100, "{until:?}");
    let tally = world.run().tally;
    expect(&world, &[("issued", 100)]);
    assert_eq!((tally.attempts, tally.resends), (11, 1));
}
