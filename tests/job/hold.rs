//! A run whose outcomes pile up: nothing new is sent, and nothing else stops.

use crate::journal::{journalled, recovered};
use crate::world::*;
use issue_bulk::job::RunState;
use issue_bulk::plan::Options;
use issue_bulk::time::Instant;
use issue_bulk::traffic::{Machine, Output};

#[test]
fn nothing_new_leaves_while_held_and_everything_after() {
    let mut service = issue;
    let mut world = World::new(100, batch_of(10), &mut service);
    world.job.hold();
    let progress = world.run();
    assert_eq!((world.sent.len(), progress.queued), (0, 100));
    assert_eq!((progress.state, progress.paused_by), (RunState::Running, None));
    world.job.release();
    world.run();
    expect(&world, &[("issued", 100)]);
}

/// Sends the first two batches of ten, then holds the run.
fn held_with_two_in_flight(world: &mut World<'_>) {
    for _ in 0..2 {
        let Output::Send { batch, attempt } = world.job.poll_output(world.now) else { panic!() };
        world.send(batch, attempt);
    }
    world.job.hold();
}

#[test]
fn what_is_in_flight_is_judged_while_held() {
    let mut service = issue;
    let mut world = World::new(100, batch_of(10), &mut service);
    held_with_two_in_flight(&mut world);
    let progress = world.run();
    assert_eq!((progress.issued, progress.in_flight, progress.queued), (20, 0, 80));
}

#[test]
fn a_timeout_fires_while_held() {
    let mut service = |_: &[i64]| Reply::Silence;
    let options = Options { timeout_ms: Some(5_000.0), ..batch_of(10) };
    let mut world = World::new(100, options, &mut service);
    held_with_two_in_flight(&mut world);
    let progress = world.run();
    assert_eq!((progress.unknown, progress.queued), (20, 80));
    assert_eq!(world.now, Instant::from_millis(5_000));
}

#[test]
fn the_deadline_ends_a_run_that_is_held() {
    let mut service = issue;
    let options = Options { deadline_ms: Some(5_000.0), ..batch_of(10) };
    let mut world = World::new(100, options, &mut service);
    held_with_two_in_flight(&mut world);
    world.run();
    expect(&world, &[("issued", 20), ("unsent deadline", 80)]);
    assert_eq!(world.now, Instant::from_millis(5_000));
}

#[test]
fn a_fetch_of_credentials_is_given_up_while_held() {
    let mut service = issue;
    let mut world = World::with_credentials(10, batch_of(10), &mut service, Some(Vec::new()));
    assert_eq!(world.job.poll_output(world.now), Output::FetchCredentials);
    world.job.hold();
    // Nobody answers.
    let until = Instant::from_millis(60_000);
    assert_eq!(world.job.poll_output(world.now), Output::Wait { until: Some(until) });
    assert_eq!(world.job.poll_output(until), Output::Wait { until: None });
    // What comes now is too late for that fetch, and the next one brings the credentials.
    world.job.handle_credentials(until, None);
    world.now = until;
    world.job.release();
    world.run();
    assert_eq!(world.credentials_asked, 1);
    expect(&world, &[("issued", 10)]);
}

#[test]
fn a_cancel_ends_a_run_that_is_held() {
    let mut service = issue;
    let mut world = World::new(100, batch_of(10), &mut service);
    held_with_two_in_flight(&mut world);
    world.job.cancel();
    assert_eq!(world.run().state, RunState::Done);
    expect(&world, &[("issued", 20), ("unsent cancelled", 80)]);
}

#[test]
fn a_pause_stays_when_the_hold_ends_and_the_other_way_round() {
    let mut service = issue;
    let mut world = World::new(10, batch_of(10), &mut service);
    world.job.pause();
    world.job.hold();
    world.job.release();
    assert_eq!((world.run().state, world.sent.len()), (RunState::Paused, 0));
    world.job.hold();
    world.job.resume(world.now);
    assert_eq!((world.run().state, world.sent.len()), (RunState::Running, 0));
    world.job.release();
    assert_eq!(world.run().state, RunState::Done);
}

#[test]
fn the_journal_is_written_while_held_and_no_intent_stays_open() {
    let mut service = issue;
    let mut world = journalled(100, batch_of(10), &mut service);
    // The ids and the first two intents are stored, and nothing has left.
    for _ in 0..2 {
        assert_eq!(world.job.poll_output(world.now), Output::Persist);
        world.persist();
    }
    assert_eq!(recovered(&world.stored).open.len(), 2);
    world.job.hold();
    let progress = world.run();
    assert_eq!((world.sent.len(), progress.queued, world.persists), (0, 100, 3));
    let told = recovered(&world.stored);
    assert_eq!((told.open, told.intents), (Vec::new(), 0));
    world.job.release();
    world.run();
    expect(&world, &[("issued", 100)]);
    assert!(recovered(&world.stored).done);
}
