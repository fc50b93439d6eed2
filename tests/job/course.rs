//! The course of a run: stop rules, cancel, deadline, pause, credentials.

use crate::world::*;
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::job::RunState;
use issue_bulk::outcome::StopCode;
use issue_bulk::plan::Options;
use issue_bulk::status::Status;
use issue_bulk::time::Instant;
use issue_bulk::traffic::{CredentialsFailure, Head, Machine, Output};
use issue_bulk::verdict::Failure;

#[test]
fn ambiguous_answers_in_a_row_stop_the_run() {
    let mut service = |_: &[i64]| Reply::Status(502, String::new());
    let options = Options { concurrency: Some(1.0), ..batch_of(1) };
    let mut world = World::new(100, options, &mut service);
    world.run();
    expect(&world, &[("unknown ambiguous-status", 5), ("unsent too-many-ambiguous", 95)]);
}

#[test]
fn answers_that_decide_nothing_count_as_ambiguous() {
    let mut service = |_: &[i64]| Reply::Status(200, r#"{"data":{}}"#.into());
    let options = Options { concurrency: Some(1.0), ..batch_of(1) };
    let mut world = World::new(100, options, &mut service);
    world.run();
    expect(&world, &[("unknown missing-in-answer", 5), ("unsent too-many-ambiguous", 95)]);
}

#[test]
fn too_many_failures_stop_the_run() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls % 2 == 0 { Reply::Fails(Failure::Network(None)) } else { issue(ids) }
    };
    let options = Options { concurrency: Some(1.0), ..batch_of(1) };
    let mut world = World::new(100, options, &mut service);
    world.run();
    let expected = [("issued", 10), ("unknown network", 10), ("unsent too-many-failures", 80)];
    expect(&world, &expected);
}

#[test]
fn cancelling_awaits_what_is_in_flight() {
    let mut service = issue;
    let mut world = World::new(100, batch_of(10), &mut service);
    for _ in 0..2 {
        let Output::Send { batch, attempt } = world.job.poll_output(world.now) else { panic!() };
        world.send(batch, attempt);
    }
    world.job.cancel();
    assert_eq!(world.job.progress(world.now).state, RunState::Stopping);
    world.run();
    expect(&world, &[("issued", 20), ("unsent cancelled", 80)]);
}

#[test]
fn what_is_silent_after_a_cancel_is_unknown_and_never_unsent() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls == 1 { issue(ids) } else { Reply::Silence }
    };
    let mut world = World::new(100, batch_of(10), &mut service);
    for _ in 0..2 {
        let Output::Send { batch, attempt } = world.job.poll_output(world.now) else { panic!() };
        world.send(batch, attempt);
    }
    world.job.cancel();
    world.run();
    expect(&world, &[("issued", 10), ("unknown timeout", 10), ("unsent cancelled", 80)]);
    assert_eq!((world.sent.len(), world.now.as_millis()), (2, 60_000));
}

#[test]
fn a_storm_of_pauses_sends_nothing_twice() {
    let mut service = issue;
    let mut world = World::new(500, batch_of(7), &mut service);
    for step in 0.. {
        match world.job.poll_output(world.now) {
            Output::Send { batch, attempt } => world.send(batch, attempt),
            Output::Wait { until } => {
                let Some(next) = world.next_event(until) else {
                    assert_eq!(world.job.progress(world.now).state, RunState::Paused);
                    world.job.resume(world.now);
                    continue;
                };
                world.now = world.now.max(next);
                world.deliver();
            }
            Output::Done => break,
            output => panic!("{output:?}"),
        }
        match step % 3 {
            0 => world.job.pause(),
            1 => world.job.resume(world.now),
            _ => {}
        }
        assert!(step < 10_000, "the run does not end");
    }
    expect(&world, &[("issued", 500)]);
    let mut ids: Vec<i64> = world.sent.iter().flat_map(|(_, ids)| ids.clone()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (1..=500).collect::<Vec<i64>>());
}

#[test]
fn cancelling_a_run_that_is_done_changes_nothing() {
    let mut service = issue;
    let mut world = World::new(10, Options::default(), &mut service);
    world.run();
    world.job.cancel();
    assert_eq!(world.stop_code(), None);
    expect(&world, &[("issued", 10)]);
}

#[test]
fn cancelling_before_the_first_request_sends_nothing() {
    let mut service = issue;
    let mut world = World::new(100, Options::default(), &mut service);
    world.job.cancel();
    world.run();
    expect(&world, &[("unsent cancelled", 100)]);
    assert!(world.sent.is_empty());
}

#[test]
fn the_deadline_stops_sending() {
    let mut service = issue;
    let options = Options { deadline_ms: Some(250.0), concurrency: Some(1.0), ..batch_of(10) };
    let mut world = World::new(100, options, &mut service);
    world.run();
    expect(&world, &[("issued", 30), ("unsent deadline", 70)]);
    assert!(world.sent.iter().all(|(at, _)| *at < 250));
}

#[test]
fn the_deadline_counts_from_the_start_and_not_from_the_making() {
    let mut service = issue;
    let options = Options { deadline_ms: Some(250.0), concurrency: Some(1.0), ..batch_of(10) };
    let mut world = World::new(100, options, &mut service);
    world.now = Instant::from_millis(1_000);
    world.job.start(world.now);
    world.run();
    expect(&world, &[("issued", 30), ("unsent deadline", 70)]);
}

#[test]
fn a_deadline_that_passes_while_the_last_answers_are_awaited_is_no_event() {
    let mut service = |_: &[i64]| Reply::Silence;
    let options = Options { deadline_ms: Some(50.0), timeout_ms: Some(1_000.0), ..batch_of(10) };
    let mut world = World::new(10, options, &mut service);
    let Output::Send { batch, attempt } = world.job.poll_output(world.now) else { panic!() };
    world.send(batch, attempt);
    let late = Instant::from_millis(60);
    let until = Some(Instant::from_millis(1_000));
    assert_eq!(world.job.poll_output(late), Output::Wait { until });
    world.run();
    expect(&world, &[("unknown timeout", 10)]);
}

#[test]
fn nothing_leaves_while_paused_and_everything_after() {
    let mut service = issue;
    let mut world = World::new(100, batch_of(10), &mut service);
    world.job.pause();
    assert_eq!(world.run().state, RunState::Paused);
    assert!(world.sent.is_empty());
    assert_eq!(world.job.poll_output(world.now), Output::Wait { until: None });
    world.job.resume(world.now);
    world.run();
    expect(&world, &[("issued", 100)]);
}

#[test]
fn refused_credentials_are_renewed_once() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls == 1 { Reply::Status(401, String::new()) } else { issue(ids) }
    };
    let mut world = World::with_credentials(100, Options::default(), &mut service, Some(vec![]));
    world.run();
    expect(&world, &[("issued", 100)]);
    assert_eq!(world.credentials_asked, 2);
}

#[test]
fn credentials_refused_twice_stop_a_run_and_pause_a_job() {
    for attended in [false, true] {
        let mut service = |_: &[i64]| Reply::Status(401, String::new());
        let options = Options { attended, ..Options::default() };
        let mut world = World::with_credentials(10, options, &mut service, Some(vec![]));
        let progress = world.run();
        assert_eq!(world.credentials_asked, 2);
        if attended {
            assert_eq!(progress.paused_by, Some(StopCode::Unauthorised));
            assert_eq!(progress.queued, 10);
        } else {
            expect(&world, &[("unsent unauthorised", 10)]);
        }
    }
}

#[test]
fn a_paused_job_goes_on_with_new_credentials() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls <= 1 { Reply::Status(401, String::new()) } else { issue(ids) }
    };
    let options = Options { attended: true, ..Options::default() };
    let mut world = World::new(10, options, &mut service);
    assert_eq!(world.run().state, RunState::Paused);
    world.job.resume(world.now);
    world.run();
    expect(&world, &[("issued", 10)]);
    assert_eq!(world.credentials_asked, 0, "whoever has them to hand is not asked for them");
}

#[test]
fn credentials_that_cannot_be_had_stop_the_run_before_anything_is_sent() {
    for (failure, outcome, asked) in [
        (CredentialsFailure::REFUSED, "unsent unauthorised", 1),
        (CredentialsFailure::UNREADABLE, "unsent credentials-unreadable", 1),
        (CredentialsFailure::UNAVAILABLE, "unsent credentials-unavailable", 5),
    ] {
        let mut service = issue;
        let credentials = Some(vec![Err(failure); 10]);
        let mut world = World::with_credentials(10, Options::default(), &mut service, credentials);
        world.run();
        expect(&world, &[(outcome, 10)]);
        assert!(world.sent.is_empty());
        assert_eq!(world.credentials_asked, asked);
    }
}

#[test]
fn the_rest_is_estimated_from_the_pace_so_far() {
    let mut service = issue;
    let options = Options { concurrency: Some(1.0), ..batch_of(10) };
    let mut world = World::new(40, options, &mut service);
    assert_eq!(world.job.progress(world.now).eta_ms, None);
    let Output::Send { batch, attempt } = world.job.poll_output(world.now) else { panic!() };
    world.send(batch, attempt);
    world.now = world.next_event(None).unwrap();
    world.deliver();
    let progress = world.job.progress(world.now);
    assert_eq!((progress.elapsed_ms, progress.eta_ms), (100, Some(300)));
    world.job.pause();
    assert_eq!(world.job.progress(world.now).eta_ms, None);
    world.job.resume(world.now);
    let progress = world.run();
    assert_eq!((progress.elapsed_ms, progress.eta_ms), (400, None));
}

#[test]
fn late_answers_change_nothing() {
    let mut service = |_: &[i64]| Reply::Silence;
    let mut world = World::new(1, Options::default(), &mut service);
    world.run();
    let (batch, attempt) = (BatchId(0), AttemptNumber(1));
    world.job.handle_head(
        world.now,
        batch,
        attempt,
        Head { status: Status::Http(200), ..Head::default() },
    );
    let _flow = world.job.handle_chunk(batch, attempt, success(&[1]).as_bytes());
    world.job.handle_end(world.now, batch, attempt);
    expect(&world, &[("unknown timeout", 1)]);
}
