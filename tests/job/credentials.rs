//! Credentials that are fetched: when they are asked for, and what their refusals do.

use crate::world::*;
use core::time::Duration;
use issue_bulk::job::{Job, RunState};
use issue_bulk::outcome::StopCode;
use issue_bulk::plan::Options;
use issue_bulk::time::Instant;
use issue_bulk::traffic::{CredentialsFailure, Machine, Output};

const UNAVAILABLE: CredentialsFailure = CredentialsFailure::UNAVAILABLE;

fn fetching(options: Options<'_>, seed: u64) -> Job {
    Job::new(plan(options), (1..=10).collect::<Vec<_>>(), true, seed, Instant::START)
}

#[track_caller]
fn wait_of(job: &mut Job, now: Instant) -> Instant {
    let Output::Wait { until: Some(until) } = job.poll_output(now) else { panic!("no wait") };
    until
}

#[test]
fn the_answer_to_a_fetch_is_awaited_until_its_timeout_and_no_longer() {
    let options = || Options { timeout_ms: Some(1_000.0), attempts: Some(2.0), ..batch_of(10) };
    let mut job = fetching(options(), 7);
    let mut now = Instant::START;
    for _ in 0..2 {
        assert_eq!(job.poll_output(now), Output::FetchCredentials);
        let overdue = now.after(Duration::from_secs(1));
        // However often it is looked at, there is one fetch at a time.
        for _ in 0..3 {
            assert_eq!(wait_of(&mut job, now), overdue);
        }
        let just_before = Instant::from_millis(overdue.as_millis() - 1);
        assert_eq!(wait_of(&mut job, just_before), overdue);
        now = match job.poll_output(overdue) {
            Output::Wait { until: Some(again) } => again,
            Output::FetchCredentials => panic!("without any wait"),
            _ => break,
        };
        // What comes too late is not taken for an answer to the next fetch.
        job.handle_credentials(overdue, None);
        job.handle_credentials_failure(overdue, CredentialsFailure::REFUSED);
        assert_eq!(wait_of(&mut job, overdue), now);
    }
    assert_eq!(job.stopped().map(|stopped| stopped.code), Some(StopCode::CredentialsUnavailable));
}

#[test]
fn credentials_that_nobody_asked_for_change_nothing() {
    let mut service = issue;
    let mut world = World::new(10, one_call(), &mut service);
    world.job.handle_credentials(world.now, Some(Duration::ZERO));
    for _ in 0..10 {
        world.job.handle_credentials_failure(world.now, UNAVAILABLE);
    }
    world.job.handle_credentials_failure(world.now, CredentialsFailure::REFUSED);
    world.run();
    expect(&world, &[("issued", 10)]);
    assert_eq!((world.credentials_asked, world.now.as_millis()), (0, 100));
}

fn one_call() -> Options<'static> {
    Options { concurrency: Some(1.0), ..batch_of(10) }
}

#[test]
fn the_wait_after_a_failed_fetch_doubles_at_the_most() {
    // The longest of many waits comes near its ceiling, and none goes beyond it.
    let mut longest = [0_u64; 4];
    for seed in 0..100 {
        let mut job = fetching(batch_of(10), seed);
        let mut now = Instant::START;
        for longest in &mut longest {
            assert_eq!(job.poll_output(now), Output::FetchCredentials);
            job.handle_credentials_failure(now, UNAVAILABLE);
            let again = match job.poll_output(now) {
                Output::Wait { until: Some(until) } => until,
                output => panic!("{output:?}"),
            };
            *longest = again.as_millis().saturating_sub(now.as_millis()).max(*longest);
            now = again;
        }
    }
    for (longest, ceiling) in longest.into_iter().zip([500, 1_000, 2_000, 4_000]) {
        assert!(longest <= ceiling && longest > ceiling * 9 / 10, "{longest} of {ceiling}");
    }
}

#[test]
fn a_fetch_that_succeeds_ends_the_count_of_failures() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls == 1 { Reply::Status(401, String::new()) } else { issue(ids) }
    };
    // Four may fail in a row; these are seven, with one success between them.
    let failures = |count| vec![Err(UNAVAILABLE); count];
    let credentials = [failures(4), vec![Ok(())], failures(3)].concat();
    let mut world = World::with_credentials(30, one_call(), &mut service, Some(credentials));
    for _ in 0..9 {
        match world.job.poll_output(world.now) {
            Output::FetchCredentials => world.fetch_credentials(),
            Output::Wait { until } => world.now = until.unwrap(),
            output => panic!("{output:?}"),
        }
    }
    let Output::Send { batch, attempt } = world.job.poll_output(world.now) else { panic!() };
    world.send(batch, attempt);
    assert_eq!(world.credentials_asked, 5);
    // The next ones are asked for after a refusal.
    world.run();
    expect(&world, &[("issued", 30)]);
    assert_eq!(world.credentials_asked, 9);
}

#[test]
fn each_refusal_after_a_call_that_went_through_is_worth_a_renewal() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls % 2 == 1 { Reply::Status(401, String::new()) } else { issue(ids) }
    };
    let mut world = World::with_credentials(30, one_call(), &mut service, Some(vec![]));
    world.run();
    expect(&world, &[("issued", 30)]);
    assert_eq!((world.credentials_asked, world.sent.len()), (4, 6));
}

#[test]
fn calls_that_left_with_the_same_credentials_are_refused_once() {
    // The second refusal comes before the renewal, or after it.
    for is_late in [false, true] {
        let mut calls = 0;
        let mut service = |ids: &[i64]| {
            calls += 1;
            if calls <= 2 { Reply::Status(401, String::new()) } else { issue(ids) }
        };
        let options = Options { concurrency: Some(2.0), ..batch_of(10) };
        let mut world = World::with_credentials(40, options, &mut service, Some(vec![]));
        assert_eq!(world.job.poll_output(world.now), Output::FetchCredentials);
        world.fetch_credentials();
        for _ in 0..2 {
            let Output::Send { batch, attempt } = world.job.poll_output(world.now) else {
                panic!()
            };
            world.send(batch, attempt);
        }
        world.now = world.next_event(None).unwrap();
        world.deliver();
        if is_late {
            assert_eq!(world.job.poll_output(world.now), Output::FetchCredentials);
            world.fetch_credentials();
        }
        world.deliver();
        world.run();
        expect(&world, &[("issued", 40)]);
        assert_eq!(world.credentials_asked, 2);
    }
}

#[test]
fn credentials_are_renewed_when_they_fall_due_and_not_before() {
    let mut service = issue;
    let mut world = World::with_credentials(30, one_call(), &mut service, Some(vec![]));
    assert_eq!(world.job.poll_output(world.now), Output::FetchCredentials);
    world.job.handle_credentials(world.now, Some(Duration::from_millis(150)));
    world.run();
    expect(&world, &[("issued", 30)]);
    // Calls take 100 ms: the third is the first after they fell due.
    assert_eq!(world.credentials_asked, 1);
    let at: Vec<u64> = world.sent.iter().map(|(at, _)| *at).collect();
    assert_eq!(at, [0, 100, 200]);
}

#[test]
fn an_obstacle_that_comes_after_a_cancel_pauses_nothing() {
    for reply in [(401, 401), (403, 4000)] {
        let mut service = |_: &[i64]| errors(reply.0, reply.1, "Access is denied!");
        let options = Options { attended: true, ..one_call() };
        let mut world = World::new(30, options, &mut service);
        let Output::Send { batch, attempt } = world.job.poll_output(world.now) else { panic!() };
        world.send(batch, attempt);
        world.job.cancel();
        world.now = world.next_event(None).unwrap();
        world.deliver();
        let progress = world.job.progress(world.now);
        assert_eq!((progress.state, progress.paused_by), (RunState::Stopping, None));
        assert_eq!(world.job.poll_output(world.now), Output::Done);
        let progress = world.job.progress(world.now);
        assert_eq!((progress.state, progress.paused_by), (RunState::Done, None));
        expect(&world, &[("unsent cancelled", 30)]);
    }
}

#[test]
fn a_job_that_is_resumed_asks_for_credentials_and_renews_them_once_more() {
    let mut service = |_: &[i64]| Reply::Status(401, String::new());
    let options = Options { attended: true, ..one_call() };
    let mut world = World::with_credentials(10, options, &mut service, Some(vec![]));
    for pauses in 1..4 {
        assert_eq!(world.run().paused_by, Some(StopCode::Unauthorised));
        assert_eq!((world.credentials_asked, world.sent.len()), (2 * pauses, 2 * pauses as usize));
        world.job.resume(world.now);
    }
}

#[test]
fn a_job_that_is_resumed_while_credentials_are_awaited_does_not_ask_twice() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        match calls {
            1 => Reply::Status(401, String::new()),
            2 => errors(403, 4000, "Access is denied!"),
            _ => issue(ids),
        }
    };
    let options = Options { attended: true, concurrency: Some(2.0), ..batch_of(10) };
    let mut world = World::with_credentials(30, options, &mut service, Some(vec![]));
    assert_eq!(world.job.poll_output(world.now), Output::FetchCredentials);
    world.fetch_credentials();
    for _ in 0..2 {
        let Output::Send { batch, attempt } = world.job.poll_output(world.now) else { panic!() };
        world.send(batch, attempt);
    }
    world.now = world.next_event(None).unwrap();
    world.deliver();
    assert_eq!(world.job.poll_output(world.now), Output::FetchCredentials);
    world.deliver();
    assert_eq!(world.job.progress(world.now).paused_by, Some(StopCode::AccessDenied));
    world.job.resume(world.now);
    wait_of(&mut world.job, world.now);
    world.fetch_credentials();
    world.run();
    expect(&world, &[("issued", 30)]);
    assert_eq!(world.credentials_asked, 2);
}
