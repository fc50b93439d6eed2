//! A run with a journal: what leaves when, what a crash leaves behind, and who may go on with it.

use crate::header::findings;
use crate::world::*;
use issue_bulk::job::{Job, RunState};
use issue_bulk::journal::{Reader, Recovered};
use issue_bulk::outcome::StopCode;
use issue_bulk::plan::Options;
use issue_bulk::time::{Instant, UnixTime};
use issue_bulk::traffic::{Machine, Output};
use issue_bulk::verdict::Failure;

pub const WALL: UnixTime = UnixTime::from_millis(1_795_381_200_000);

pub fn journalled<'a>(ids: i64, options: Options<'_>, service: &'a mut Service<'a>) -> World<'a> {
    let job = Job::new(plan(options), (1..=ids).collect::<Vec<_>>(), false, 7, Instant::START);
    World::around(job.with_journal(Instant::START, WALL, findings()), service)
}

pub fn recovered(journal: &[u8]) -> Recovered {
    let mut reader = Reader::default();
    reader.feed(journal);
    reader.finish().unwrap().expect("a run had begun")
}

/// Another process that goes on with what is stored.
pub fn resumed<'a>(
    journal: &[u8],
    options: Options<'_>,
    service: &'a mut Service<'a>,
) -> World<'a> {
    let start = Instant::START;
    let job = Job::from_journal(plan(options), recovered(journal), false, 7, start, WALL);
    let mut world = World::around(job.unwrap(), service);
    world.stored = journal.to_vec();
    world
}

pub fn review(journal: &[u8], options: Options<'_>) -> Job {
    Job::review(plan(options), recovered(journal), Instant::START).unwrap()
}

/// One call at a time, batches of ten.
pub fn one_by_one() -> Options<'static> {
    Options { concurrency: Some(1.0), ..batch_of(10) }
}

#[test]
fn nothing_leaves_before_its_intent_is_stored() {
    let mut service = issue;
    let mut world = journalled(100, batch_of(10), &mut service);
    let wait = Output::Wait { until: None };
    // The ids come first, then the two intents that a run starts with, in one piece.
    assert_eq!(world.job.poll_output(world.now), Output::Persist);
    world.stored.extend(world.job.take_journal());
    assert_eq!(world.job.poll_output(world.now), wait);
    world.job.handle_persisted();
    assert_eq!(recovered(&world.stored).open, []);
    assert_eq!(world.job.poll_output(world.now), Output::Persist);
    let intents = world.job.take_journal();
    assert_eq!(world.job.poll_output(world.now), wait);
    assert_eq!(world.job.progress(world.now).queued, 100);
    world.stored.extend(intents);
    let open: Vec<_> = recovered(&world.stored).open.into_iter().map(|open| open.rows).collect();
    assert_eq!(open, [0..10, 10..20]);
    world.job.handle_persisted();
    for _ in 0..2 {
        let Output::Send { batch, attempt } = world.job.poll_output(world.now) else { panic!() };
        world.send(batch, attempt);
    }
    world.run();
    expect(&world, &[("issued", 100)]);
}

#[test]
fn a_journal_tells_the_report_of_a_run_that_is_done() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        troubled(ids, calls)
    };
    let mut world = journalled(100, batch_of(10), &mut service);
    let progress = world.run();
    assert_eq!(progress.state, RunState::Done);
    let told = recovered(&world.stored);
    assert_eq!((told.bytes, told.done), (world.stored.len() as u64, true));
    assert_eq!((told.header.findings, told.header.started), (findings(), WALL));
    assert_eq!(told.intents, world.sent.len() as u32);
    assert_eq!(told.size_max, Some(5));
    let job = review(&world.stored, batch_of(10));
    assert_eq!(job.stopped(), None);
    assert_eq!(exported(&job), exported(&world.job));
    assert_eq!(job.progress(world.now).tally.attempts, progress.tally.attempts);
    assert_eq!(job.progress(world.now).tally.resends, progress.tally.resends);
}

pub fn exported(job: &Job) -> String {
    let mut out = Vec::new();
    issue_bulk::report::write_ndjson(job, 0, u32::MAX, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn what_was_in_flight_when_the_process_died_is_unknown_and_the_rest_is_sent_once() {
    let mut service = issue;
    let mut world = journalled(100, one_by_one(), &mut service);
    run_until_sent(&mut world, 3);
    // Two answers of 100 ms each came before.
    let at = UnixTime::from_millis(WALL.as_millis() + 200);
    let told = recovered(&world.stored);
    assert_eq!((told.open[0].at, told.last_sent), (at, Some(at)));
    let mut again = issue;
    let mut second = resumed(&world.stored, one_by_one(), &mut again);
    let progress = second.run();
    expect(&second, &[("issued", 90), ("unknown interrupted", 10)]);
    assert_eq!(progress.tally.attempts, 10);
    let first: Vec<i64> = world.sent.iter().flat_map(|(_, ids)| ids.clone()).collect();
    let rest: Vec<i64> = second.sent.iter().flat_map(|(_, ids)| ids.clone()).collect();
    assert_eq!((first, rest), ((1..=30).collect(), (31..=100).collect()));
    let job = review(&second.stored, one_by_one());
    assert_eq!((job.stopped(), exported(&job)), (None, exported(&second.job)));
}

/// Runs until so many requests have left.
pub fn run_until_sent(world: &mut World<'_>, count: usize) {
    while world.sent.len() < count {
        match world.job.poll_output(world.now) {
            Output::Send { batch, attempt } => world.send(batch, attempt),
            Output::Persist => world.persist(),
            Output::Wait { until } => {
                world.now = world.now.max(world.next_event(until).unwrap());
                world.deliver();
            }
            output => panic!("{output:?}"),
        }
    }
}

#[test]
fn the_journal_of_an_interrupted_run_can_be_read_without_resuming_it() {
    let mut service = |_: &[i64]| Reply::Silence;
    let mut world = journalled(100, one_by_one(), &mut service);
    run_until_sent(&mut world, 1);
    let mut nobody = issue;
    let mut reader = World::around(review(&world.stored, one_by_one()), &mut nobody);
    reader.run();
    expect(&reader, &[("unknown interrupted", 10), ("unsent interrupted", 90)]);
    assert_eq!((reader.stop_code(), reader.persists), (Some(StopCode::Interrupted), 0));
}

#[test]
fn a_review_tells_why_a_run_did_not_come_to_its_end() {
    let told = |journal: &[u8]| {
        let mut nobody = issue;
        let mut reader = World::around(review(journal, one_by_one()), &mut nobody);
        reader.run();
        (reader.outcomes().into_iter().collect::<Vec<_>>(), reader.stop_code())
    };
    let interrupted = Some(StopCode::Interrupted);
    let all = |what: &str| vec![(what.to_owned(), 10)];

    // Nothing had been meant to leave.
    let mut service = issue;
    let mut world = journalled(10, one_by_one(), &mut service);
    world.job.poll_output(world.now);
    world.persist();
    assert_eq!(told(&world.stored), (all("unsent interrupted"), interrupted));

    // Everything was on its way.
    let mut service = |_: &[i64]| Reply::Silence;
    let mut world = journalled(10, one_by_one(), &mut service);
    run_until_sent(&mut world, 1);
    assert_eq!(told(&world.stored), (all("unknown interrupted"), interrupted));

    // Everything was in ambiguity and waited.
    let mut service = |_: &[i64]| Reply::Status(502, String::new());
    let retry = Options { ambiguous: Some("retry"), ..one_by_one() };
    let mut world = journalled(10, retry, &mut service);
    run_until_sent(&mut world, 1);
    world.now = world.next_event(None).unwrap();
    world.deliver();
    assert_eq!(world.job.poll_output(world.now), Output::Persist);
    world.persist();
    assert_eq!(told(&world.stored), (all("unknown ambiguous-status"), interrupted));

    // A cancel came when nothing was left to be sent.
    let mut service = issue;
    let mut world = journalled(10, one_by_one(), &mut service);
    run_until_sent(&mut world, 1);
    world.job.cancel();
    world.run();
    assert_eq!(told(&world.stored), (all("issued"), Some(StopCode::Cancelled)));
}

#[test]
fn a_stopped_run_is_reviewed_as_it_ended_and_goes_on_when_it_is_resumed() {
    let mut service = |_: &[i64]| errors(403, 4000, "Access is denied!");
    let mut world = journalled(30, one_by_one(), &mut service);
    world.run();
    expect(&world, &[("unsent access-denied", 30)]);
    let job = review(&world.stored, one_by_one());
    assert_eq!(job.stopped(), world.job.stopped());
    let mut again = issue;
    let mut second = resumed(&world.stored, one_by_one(), &mut again);
    second.run();
    expect(&second, &[("issued", 30)]);
    assert_eq!(review(&second.stored, one_by_one()).stopped(), None);
}

#[test]
fn a_run_that_is_done_sends_nothing_when_it_is_resumed() {
    let mut service = issue;
    let mut world = journalled(30, one_by_one(), &mut service);
    world.run();
    let mut again = issue;
    let mut second = resumed(&world.stored, one_by_one(), &mut again);
    second.run();
    expect(&second, &[("issued", 30)]);
    assert!(second.sent.is_empty());
}

#[test]
fn a_pause_takes_back_what_has_not_left() {
    let mut service = issue;
    let mut world = journalled(100, batch_of(10), &mut service);
    world.job.poll_output(world.now);
    world.persist();
    assert_eq!(world.job.poll_output(world.now), Output::Persist);
    world.persist();
    world.job.pause();
    assert_eq!(world.run().state, RunState::Paused);
    assert_eq!((recovered(&world.stored).open, world.sent.len()), (vec![], 0));
    world.job.resume(world.now);
    let progress = world.run();
    expect(&world, &[("issued", 100)]);
    assert_eq!((progress.tally.attempts, progress.tally.resends), (10, 0));
    assert_eq!(recovered(&world.stored).intents, 10);
}

#[test]
fn cancelling_takes_back_what_has_not_left() {
    let mut service = issue;
    let mut world = journalled(100, batch_of(10), &mut service);
    world.job.poll_output(world.now);
    world.persist();
    assert_eq!(world.job.poll_output(world.now), Output::Persist);
    world.job.cancel();
    world.run();
    expect(&world, &[("unsent cancelled", 100)]);
    assert!(world.sent.is_empty());
    let told = recovered(&world.stored);
    assert_eq!((told.open, told.done, told.intents), (vec![], true, 0));
}

#[test]
fn a_journal_that_fails_stops_the_run_and_what_is_in_flight_is_awaited() {
    let mut service = issue;
    let mut world = journalled(100, batch_of(10), &mut service);
    run_until_sent(&mut world, 2);
    world.now = world.next_event(None).unwrap();
    world.deliver();
    assert_eq!(world.job.poll_output(world.now), Output::Persist);
    let _lost = world.job.take_journal();
    world.job.handle_persist_failure();
    assert_eq!(world.stop_code(), Some(StopCode::JournalFailed));
    world.run();
    expect(&world, &[("issued", 20), ("unsent journal-failed", 80)]);
    assert_eq!(world.sent.len(), 2);
    // Nobody knows what the lost piece said.
    let mut nobody = issue;
    let mut reader = World::around(review(&world.stored, batch_of(10)), &mut nobody);
    reader.run();
    expect(&reader, &[("unknown interrupted", 20), ("unsent interrupted", 80)]);
}

#[test]
fn a_journal_that_fails_at_the_very_end_is_told() {
    let mut service = issue;
    let mut world = journalled(10, one_by_one(), &mut service);
    while world.job.progress(world.now).issued < 10 {
        match world.job.poll_output(world.now) {
            Output::Send { batch, attempt } => world.send(batch, attempt),
            Output::Persist => world.persist(),
            _ => {
                world.now = world.next_event(None).unwrap();
                world.deliver();
            }
        }
    }
    assert_eq!(world.job.poll_output(world.now), Output::Persist);
    let _lost = world.job.take_journal();
    world.job.cancel();
    world.job.handle_persist_failure();
    assert_eq!(world.job.poll_output(world.now), Output::Done);
    expect(&world, &[("issued", 10)]);
    assert_eq!(world.stop_code(), Some(StopCode::JournalFailed));
}

#[test]
fn outcomes_and_intents_that_come_together_are_stored_together() {
    let mut service = issue;
    let mut world = journalled(1_000, batch_of(10), &mut service);
    world.run();
    expect(&world, &[("issued", 1_000)]);
    // The ids, then an intent for each answer at the most; never one for each record.
    assert!(world.persists <= 103, "{} times", world.persists);
    let per_id = world.stored.len() / 1_000;
    assert!(per_id <= 22, "{per_id} bytes an id");
}

#[test]
fn a_rate_holds_however_long_storing_takes() {
    let mut service = issue;
    let options = Options { rate_per_minute: Some(600.0), ..batch_of(10) };
    let mut world = journalled(300, options, &mut service);
    let mut storing = None;
    for _ in 0..10_000 {
        match world.job.poll_output(world.now) {
            Output::Send { batch, attempt } => world.send(batch, attempt),
            Output::Persist => {
                world.stored.extend(world.job.take_journal());
                storing = Some(Instant::from_millis(world.now.as_millis() + 350));
            }
            Output::Wait { until } => {
                world.now = world.next_event(until.into_iter().chain(storing).min()).unwrap();
                world.deliver();
                if storing.take_if(|at| *at <= world.now).is_some() {
                    world.job.handle_persisted();
                }
            }
            Output::Done => break,
            output => panic!("{output:?}"),
        }
    }
    expect(&world, &[("issued", 300)]);
    let gaps: Vec<u64> = world.sent.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(gaps.iter().all(|gap| *gap >= 99), "{gaps:?}");
}

#[test]
fn millions_of_ids_are_stored_in_pieces_before_anything_leaves() {
    let mut service = issue;
    // Far apart in no order, so that no id is shorter than eight bytes.
    let spread = |n: i64| n.wrapping_mul(6_364_136_223_846_793_005) & i64::MAX;
    let ids: Vec<i64> = (1..=700_000).map(spread).collect();
    let job = Job::new(plan(Options::default()), ids.clone(), false, 7, Instant::START);
    let job = job.with_journal(Instant::START, WALL, findings());
    let mut world = World::around(job, &mut service);
    let mut pieces = Vec::new();
    while let Output::Persist = world.job.poll_output(world.now) {
        pieces.push(world.job.take_journal());
        assert_eq!(world.job.poll_output(world.now), Output::Wait { until: None });
        world.job.handle_persisted();
    }
    // The last piece is the first intents.
    assert_eq!(pieces.len(), 7);
    assert!(pieces.iter().all(|piece| piece.len() < 1_200_000));
    let told = recovered(&pieces.concat());
    assert!(told.ledger.ids().to_vec() == ids);
    assert_eq!(told.open.len(), 2);
}

#[test]
fn another_run_cannot_go_on_with_a_journal() {
    let mut service = issue;
    let mut world = journalled(10, one_by_one(), &mut service);
    world.run();
    let ours = || Options { promotion_id: PROMOTION, context_id: CONTEXT, ..one_by_one() };
    let host = "eu.api.capillarytech.com";
    let cases = [
        ("promotionId", Options { host, promotion_id: "67dd4210ef21a64211227e05", ..ours() }),
        ("contextId", Options { host, context_id: "2 items", ..ours() }),
        ("host", Options { host: "in.api.capillarytech.com", ..ours() }),
        ("basePath", Options { host, base_path: Some("/v2"), ..ours() }),
        ("batchSize", Options { host, batch_size: Some(11.0), ..ours() }),
    ];
    for (field, options) in cases {
        let plan = issue_bulk::plan::Plan::new(&options).unwrap();
        let told = recovered(&world.stored);
        let result = Job::from_journal(plan, told, false, 7, Instant::START, WALL);
        let error = result.err().expect(field);
        assert_eq!(error.code, "journal-mismatch");
        assert!(error.message.contains(field), "{}", error.message);
    }
}

#[test]
fn a_doubt_outlives_the_process() {
    let retry = || Options { ambiguous: Some("retry"), ..one_by_one() };
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        match calls {
            // The batch is in ambiguity, and then too large, so that it comes back in halves.
            1 => Reply::Status(502, String::new()),
            2 => Reply::Status(413, String::new()),
            3 => issue(ids),
            _ => Reply::Silence,
        }
    };
    let mut world = journalled(10, retry(), &mut service);
    run_until_sent(&mut world, 4);
    let told = recovered(&world.stored);
    assert_eq!((told.open[0].rows.clone(), told.open.len()), (5..10, 1));
    assert_eq!(told.ambiguous, []);
    assert_eq!(told.ledger.count(issue_bulk::ledger::State::Issued), 5);

    // Whoever goes on may hold what is in ambiguity ...
    let mut refuse = |_: &[i64]| Reply::Status(405, String::new());
    let mut hold = resumed(&world.stored, one_by_one(), &mut refuse);
    hold.run();
    expect(&hold, &[("issued", 5), ("unknown interrupted", 5)]);
    assert!(hold.sent.is_empty());

    // ... or send it again; what then refuses it does not end the ambiguity.
    let mut refuse = |_: &[i64]| Reply::Status(405, String::new());
    let mut again = resumed(&world.stored, retry(), &mut refuse);
    again.run();
    assert_eq!((again.sent[0].1.as_slice(), again.sent.len()), ([6, 7, 8, 9, 10].as_slice(), 1));
    expect(&again, &[("issued", 5), ("unknown interrupted", 5)]);
    let mut twice = issue;
    let mut twice = resumed(&again.stored, retry(), &mut twice);
    twice.run();
    expect(&twice, &[("issued", 10)]);
}

/// Answers that bring every kind of record into a journal.
fn troubled(ids: &[i64], calls: u32) -> Reply {
    match calls {
        2 => Reply::Fails(Failure::NotSent(None)),
        3 => Reply::Throttled(Some(1)),
        4 => errors(400, 1006, "Invalid customer identifier"),
        7 => Reply::Fails(Failure::Network(None)),
        8 if ids.len() > 5 => Reply::Status(413, String::new()),
        _ => issue(ids),
    }
}

#[test]
fn a_run_goes_on_from_any_prefix_of_its_journal_and_sends_nothing_twice() {
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        troubled(ids, calls)
    };
    let mut world = journalled(60, batch_of(10), &mut service);
    // What was stored when each request left, and its ids if it was processed.
    let mut left: Vec<(usize, Vec<i64>)> = Vec::new();
    loop {
        let before = world.sent.len();
        match world.job.poll_output(world.now) {
            Output::Send { batch, attempt } => world.send(batch, attempt),
            Output::Persist => world.persist(),
            Output::Wait { until } => {
                world.now = world.now.max(world.next_event(until).unwrap());
                world.deliver();
            }
            Output::Done => break,
            output => panic!("{output:?}"),
        }
        for (_, ids) in &world.sent[before..] {
            let refused = matches!(left.len() + 1, 2..=4) || (left.len() == 7 && ids.len() > 5);
            left.push((world.stored.len(), if refused { vec![] } else { ids.clone() }));
        }
    }
    for len in 0..=world.stored.len() {
        let mut reader = Reader::default();
        reader.feed(&world.stored[..len]);
        let Some(told) = reader.finish().unwrap() else {
            assert!(left.iter().all(|(stored, _)| *stored > len), "{len} bytes told nothing");
            continue;
        };
        let end = told.bytes as usize;
        let settled_or_open: Vec<i64> = told
            .ledger
            .ids()
            .iter()
            .zip(told.ledger.states())
            .filter(|(_, state)| **state != issue_bulk::ledger::State::Queued)
            .map(|(id, _)| id)
            .collect();
        let mut again = issue;
        let mut second = resumed(&world.stored[..end], batch_of(10), &mut again);
        second.run();
        let sent: Vec<i64> = second.sent.iter().flat_map(|(_, ids)| ids.clone()).collect();
        assert_eq!(second.outcomes().values().sum::<u32>(), 60, "{len} bytes");
        assert!(sent.iter().all(|id| !settled_or_open.contains(id)), "{len} bytes");
        assert_eq!(sent.len() + settled_or_open.len(), 60, "{len} bytes");
        let mut processed =
            left.iter().filter(|(stored, _)| *stored <= end).flat_map(|(_, ids)| ids);
        assert!(processed.all(|id| !sent.contains(id)), "{len} bytes: sent twice");
    }
}
