//! What is sent again, when, and how it ends.

use crate::world::*;
use issue_bulk::job::Job;
use issue_bulk::outcome::StopCode;
use issue_bulk::plan::Options;
use issue_bulk::status::Status;
use issue_bulk::time::Instant;
use issue_bulk::traffic::{Head, Machine, Output};
use issue_bulk::verdict::{Failure, TransportError, judge_transport_error};
use std::time::Duration;

#[test]
fn a_batch_that_is_too_large_is_halved_and_the_size_remembered() {
    let mut service = |ids: &[i64]| match ids.len() {
        0..=30 => issue(ids),
        _ => Reply::Status(413, String::new()),
    };
    let options = Options { concurrency: Some(1.0), ..batch_of(100) };
    let mut world = World::new(1_000, options, &mut service);
    world.run();
    expect(&world, &[("issued", 1_000)]);
    let refused = world.sent.iter().filter(|(_, ids)| ids.len() > 30).count();
    assert!(refused <= 3, "{refused} refused");
}

#[test]
fn a_single_id_that_is_too_large_is_unsent() {
    let mut service = |_: &[i64]| Reply::Status(413, String::new());
    let mut world = World::new(3, Options::default(), &mut service);
    world.run();
    expect(&world, &[("unsent too-large", 3)]);
}

#[test]
fn guilty_ids_are_found_and_all_others_issued() {
    let guilty = [7, 500, 501, 999];
    let mut service = |ids: &[i64]| match ids.iter().any(|id| guilty.contains(id)) {
        true => errors(400, 1006, "Invalid customer identifier"),
        false => issue(ids),
    };
    let mut world = World::new(1_000, Options::default(), &mut service);
    world.run();
    expect(&world, &[("issued", 996), ("rejected invalid-customer", 4)]);
}

#[test]
fn the_search_for_guilty_ids_ends_where_there_are_too_many() {
    let mut service = |_: &[i64]| errors(400, 1006, "Invalid customer identifier");
    let mut world = World::new(2_000, batch_of(1_000), &mut service);
    world.run();
    // Two requests, and as many halves as may be tried.
    assert_eq!(world.sent.len(), 1_002);
    let outcomes = world.outcomes();
    let (found, left) =
        (outcomes["rejected invalid-customer"], outcomes["unsent refused-with-others"]);
    assert_eq!((found + left, outcomes.len()), (2_000, 2));
    assert!(found > 400, "{found}");
}

#[test]
fn throttling_waits_for_the_gate_and_uses_no_attempt() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if (2..=9).contains(&calls) { Reply::Throttled(Some(10)) } else { issue(ids) }
    };
    let options = Options { attempts: Some(1.0), concurrency: Some(1.0), ..batch_of(10) };
    let mut world = World::new(50, options, &mut service);
    world.run();
    expect(&world, &[("issued", 50)]);
    let gaps: Vec<u64> = world.sent.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    // After the second to the ninth request the gate stays closed for ten seconds.
    assert!(gaps.iter().skip(1).take(8).all(|gap| (10_000..11_200).contains(gap)), "{gaps:?}");
}

#[test]
fn one_gate_holds_all_batches_and_the_concurrency_halves() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if (100..=105).contains(&calls) { Reply::Throttled(Some(30)) } else { issue(ids) }
    };
    let mut world = World::new(3_000, batch_of(10), &mut service);
    world.run();
    expect(&world, &[("issued", 3_000)]);
    let refused_until = world.sent[104].0;
    let after: Vec<u64> =
        world.sent.iter().map(|(at, _)| *at).filter(|at| *at > refused_until).collect();
    assert!(after[0] >= refused_until + 30_000, "nothing leaves while the gate is closed");
    // An answer takes 100 ms.
    let together = after.iter().filter(|at| **at < after[0] + 100).count();
    assert_eq!(together, 3, "six in flight became three");
    assert!(after[1] > after[0], "and they leave at half the rate of before, one by one");
}

#[test]
fn a_service_that_answers_nothing_after_a_429_has_half_as_many_calls_to_answer() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        match calls {
            1..=30 => issue(ids),
            31..=36 => Reply::Throttled(Some(1)),
            _ => Reply::Silence,
        }
    };
    let options = Options { concurrency: Some(6.0), ..batch_of(10) };
    let mut world = World::new(3_000, options, &mut service);
    world.run();
    let (before, after) = world.sent.split_at(36);
    assert!(after[0].0 >= before[35].0 + 1_000, "{after:?}");
    // The first of them are given up after a minute.
    let unanswered = after.iter().filter(|(at, _)| *at < after[0].0 + 60_000).count();
    assert_eq!(unanswered, 3, "six in flight became three");
}

#[test]
fn a_retry_after_of_a_day_stops_the_run() {
    let mut service = |_: &[i64]| Reply::Throttled(Some(86_400));
    let mut world = World::new(10, Options::default(), &mut service);
    world.run();
    expect(&world, &[("unsent retry-after-too-long", 10)]);
    assert!(world.now.as_millis() < 1_000);
}

#[test]
fn a_retry_after_of_two_minutes_is_waited_for_and_a_longer_one_is_not() {
    for (seconds, stop) in [(120, None), (121, Some(StopCode::RetryAfterTooLong))] {
        let mut calls = 0;
        let mut service = |ids: &[i64]| {
            calls += 1;
            if calls == 1 { Reply::Throttled(Some(seconds)) } else { issue(ids) }
        };
        let mut world = World::new(10, Options::default(), &mut service);
        world.run();
        assert_eq!(world.stop_code(), stop, "{seconds}");
    }
}

#[test]
fn a_job_that_is_resumed_before_a_day_is_over_is_not_held_for_a_day() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls == 1 { Reply::Throttled(Some(86_400)) } else { issue(ids) }
    };
    let options = Options { attended: true, ..Options::default() };
    let mut world = World::new(10, options, &mut service);
    world.run();
    assert!(world.now.as_millis() < 1_000);
    world.job.resume(world.now);
    world.run();
    expect(&world, &[("issued", 10)]);
    assert!(world.now.as_millis() < 125_000);
}

#[test]
fn endless_throttling_ends() {
    let mut service = |_: &[i64]| Reply::Throttled(None);
    let mut world = World::new(10, Options::default(), &mut service);
    world.run();
    expect(&world, &[("unsent throttled", 10)]);
    assert_eq!(world.sent.len(), 11, "the first and ten retries of the budget");
}

#[test]
fn the_wait_after_a_refusal_of_the_rate_doubles_at_the_most() {
    // The longest of many waits comes near its ceiling, and none goes beyond it.
    let mut longest = [0_u64; 4];
    for seed in 0..100 {
        let mut calls = 0;
        let mut service = |ids: &[i64]| {
            calls += 1;
            if calls <= 4 { Reply::Throttled(None) } else { issue(ids) }
        };
        let ids: Vec<i64> = (1..=10).collect();
        let job = Job::new(plan(batch_of(10)), ids, false, seed, Instant::START);
        let mut world = World::around(job, &mut service);
        world.run();
        expect(&world, &[("issued", 10)]);
        // An answer takes 100 ms.
        let waits = world.sent.windows(2).map(|pair| pair[1].0 - pair[0].0 - 100);
        longest.iter_mut().zip(waits).for_each(|(longest, wait)| *longest = wait.max(*longest));
    }
    for (longest, ceiling) in longest.into_iter().zip([1_000, 2_000, 4_000, 8_000]) {
        assert!(longest <= ceiling && longest > ceiling * 9 / 10, "{longest} of {ceiling}");
    }
}

#[test]
fn connections_that_never_came_about_are_tried_again_with_backoff() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls <= 3 { Reply::Fails(Failure::NotSent(None)) } else { issue(ids) }
    };
    let mut world = World::new(10, Options::default(), &mut service);
    world.run();
    expect(&world, &[("issued", 10)]);
    assert_eq!(world.sent.len(), 4);
}

#[test]
fn an_unreachable_service_leaves_everything_unsent() {
    let mut service = |_: &[i64]| Reply::Fails(Failure::NotSent(None));
    let mut world = World::new(10, Options::default(), &mut service);
    world.run();
    expect(&world, &[("unsent not-reached", 10)]);
    assert_eq!(world.sent.len(), 5, "five attempts");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = || {
        let mut calls = 0_u32;
        let mut service = |ids: &[i64]| {
            calls += 1;
            match calls % 5 {
                0 => Reply::Throttled(None),
                3 => Reply::Fails(Failure::NotSent(None)),
                _ => issue(ids),
            }
        };
        let mut world = World::new(500, batch_of(10), &mut service);
        world.run();
        (world.sent.clone(), world.outcomes())
    };
    assert_eq!(run(), run());
}

fn in_doubt() -> Options<'static> {
    Options { ambiguous: Some("retry"), concurrency: Some(1.0), ..batch_of(10) }
}

#[track_caller]
fn expect_resent(world: &World<'_>, ids: u32) {
    let note = world.job.notes().iter().find(|note| note.code == "resent-after-ambiguity");
    assert_eq!(note.map_or(0, |note| note.count), ids);
}

#[test]
fn an_ambiguous_batch_comes_back_only_where_the_policy_says_so() {
    let run = |options: Options<'static>, expected: &[(&str, u32)], resent: u32| {
        let mut calls = 0;
        let mut service = |ids: &[i64]| {
            calls += 1;
            if calls == 2 { errors(503, 503, "busy") } else { issue(ids) }
        };
        let mut world = World::new(30, options, &mut service);
        world.run();
        expect(&world, expected);
        expect_resent(&world, resent);
    };
    run(in_doubt(), &[("issued", 30)], 10);
    let hold = Options { ambiguous: Some("hold"), ..in_doubt() };
    run(hold, &[("issued", 20), ("unknown ambiguous-status", 10)], 0);
}

#[test]
fn a_doubt_outlives_every_answer_but_an_issuance() {
    type Second = fn() -> Reply;
    let answers: [Second; 7] = [
        || errors(404, 404, "Passed promotion is not found"),
        || Reply::Status(401, String::new()),
        || Reply::Throttled(Some(86_400)),
        || Reply::Fails(Failure::NotSent(None)),
        || Reply::Status(413, String::new()),
        || errors(400, 1006, "Invalid customer identifier"),
        || {
            let refused = r#"{"error":{"code":708,"message":"limit"}}"#;
            Reply::Status(200, format!(r#"{{"data":{{"1":{refused},"2":{refused}}}}}"#))
        },
    ];
    for second in answers {
        let mut calls = 0;
        let mut service = |_: &[i64]| {
            calls += 1;
            if calls == 1 { Reply::Fails(Failure::Network(None)) } else { second() }
        };
        let mut world = World::new(2, in_doubt(), &mut service);
        world.run();
        expect(&world, &[("unknown network", 2)]);
    }
}

#[test]
fn a_doubt_that_is_followed_by_another_is_told_as_the_last() {
    let mut calls = 0;
    let mut service = |_: &[i64]| {
        calls += 1;
        if calls == 1 { Reply::Fails(Failure::Network(None)) } else { errors(502, 502, "x") }
    };
    let options = Options { attempts: Some(2.0), ..in_doubt() };
    let mut world = World::new(10, options, &mut service);
    world.run();
    expect(&world, &[("unknown ambiguous-status", 10)]);
}

#[test]
fn doubt_ends_with_the_attempts_and_with_the_stop_rules() {
    let mut service = |_: &[i64]| Reply::Fails(Failure::Network(None));
    let options = Options { attempts: Some(3.0), ..in_doubt() };
    let mut world = World::new(10, options, &mut service);
    world.run();
    assert_eq!(world.sent.len(), 3);
    expect(&world, &[("unknown network", 10)]);
    expect_resent(&world, 20);
    let mut service = |_: &[i64]| Reply::Fails(Failure::Network(None));
    let options = Options { stop_ambiguous_in_row: Some(2.0), ..in_doubt() };
    let mut world = World::new(20, options, &mut service);
    world.run();
    assert_eq!(world.stop_code(), Some(StopCode::TooManyAmbiguous));
    // The first batch still waits for its turn when the second one ends the run.
    expect(&world, &[("unknown network", 20)]);
}

#[test]
fn a_run_that_the_network_stops_names_the_misspelt_host() {
    let error = TransportError { code: "ENOTFOUND".into(), ..TransportError::default() };
    let failure = judge_transport_error(&error, false);
    let mut service = |_: &[i64]| Reply::Fails(failure);
    let mut world = World::new(100, batch_of(1), &mut service);
    world.run();
    let stopped = world.job.stopped().unwrap();
    let cause = stopped.cause.unwrap().text();
    assert_eq!(stopped.code, StopCode::TooManyFailures);
    assert_eq!(cause, "The host name was not found; check host and the network (ENOTFOUND).");
    let note = world.job.notes().iter().find(|note| note.code == "unknown-host").unwrap();
    assert!(note.count >= 20, "{note:?}");
}

#[test]
fn a_429_acts_when_its_head_is_there_and_not_when_its_slow_body_ends() {
    let ids: Vec<i64> = (1..=100).collect();
    let mut job = Job::new(plan(batch_of(10)), ids, false, 7, Instant::START);
    let at = Instant::from_millis;
    let mut sent = Vec::new();
    while let Output::Send { batch, attempt } = job.poll_output(at(0)) {
        sent.push((batch, attempt));
    }
    let [first, second] = sent[..] else { panic!("{sent:?}") };
    let retry_after = Some(Duration::from_secs(5));
    job.handle_head(
        at(100),
        first.0,
        first.1,
        Head { status: Status::Http(429), retry_after, ..Head::default() },
    );
    // The other call goes through, which would let two more leave.
    let body = job.request(second.0).body.unwrap();
    let second_ids: Vec<i64> = serde_json::from_slice(&body).unwrap();
    job.handle_head(
        at(200),
        second.0,
        second.1,
        Head { status: Status::Http(200), ..Head::default() },
    );
    let _flow = job.handle_chunk(second.0, second.1, success(&second_ids).as_bytes());
    job.handle_end(at(200), second.0, second.1);
    assert!(matches!(job.poll_output(at(200)), Output::Wait { .. }));
    job.handle_end(at(4_000), first.0, first.1);
    assert!(matches!(job.poll_output(at(4_001)), Output::Wait { .. }), "inside the Retry-After");
    assert!(matches!(job.poll_output(at(6_100)), Output::Send { .. }), "counted from the head");
}
