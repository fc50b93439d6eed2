//! A journal that is gone on with by a longer list: who is new is added, nobody is sent twice.

use crate::journal::{WALL, journalled, one_by_one, recovered, review, run_until_sent};
use crate::world::*;
use issue_bulk::id::IdList;
use issue_bulk::intake::Findings;
use issue_bulk::job::{Job, RunState};
use issue_bulk::journal::{Comparison, Reader, Recovered};
use issue_bulk::plan::Options;
use issue_bulk::time::Instant;
use issue_bulk::traffic::{Machine, Output};
use std::collections::BTreeMap;

fn list(ids: impl IntoIterator<Item = i64>) -> IdList {
    ids.into_iter().collect()
}

fn findings(given: u64) -> Findings {
    Findings { given, invalid: 2, ..Findings::default() }
}

/// A run of the ids 1 to 50 that died with its third batch on the way.
fn died() -> Vec<u8> {
    let mut service = issue;
    let mut world = journalled(50, one_by_one(), &mut service);
    run_until_sent(&mut world, 3);
    world.stored
}

/// Another process, with another list.
fn world_of<'a>(
    journal: &[u8],
    told: Recovered,
    options: Options<'_>,
    service: &'a mut Service<'a>,
) -> World<'a> {
    let sound = usize::try_from(told.bytes).unwrap();
    let job = Job::from_journal(plan(options), told, false, 7, Instant::START, WALL);
    let mut world = World::around(job.unwrap(), service);
    world.stored = journal[..sound].to_vec();
    world
}

#[test]
fn lists_are_compared_by_their_customers() {
    let told = recovered(&died());
    let compare = |ids: Vec<i64>| told.compare(&list(ids));
    assert_eq!(compare((1..=50).collect()), Comparison::Same);
    assert_eq!(compare((1..=50).rev().collect()), Comparison::Same);
    assert_eq!(compare((1..=49).collect()), Comparison::Other);
    assert_eq!(compare((2..=51).collect()), Comparison::Other);
    assert_eq!(compare(vec![]), Comparison::Other);
    let mended = [99, 7_000_000_000].into_iter().chain(1..=50).chain([51]);
    let new = vec![99, 7_000_000_000, 51];
    assert_eq!(compare(mended.collect()), Comparison::Extended(new));
}

#[test]
fn a_longer_list_goes_on_with_those_who_are_new() {
    let journal = died();
    let mut told = recovered(&journal);
    told.admit(&list((1..=75).rev()), findings(77)).unwrap();
    let mut service = issue;
    let mut world = world_of(&journal, told, one_by_one(), &mut service);
    assert_eq!(world.run().state, RunState::Done);
    expect(&world, &[("issued", 65), ("unknown interrupted", 10)]);
    let mut sent: Vec<i64> = world.sent.iter().flat_map(|(_, ids)| ids.clone()).collect();
    sent.sort_unstable();
    assert_eq!(sent, (31..=75).collect::<Vec<_>>());
    let told = recovered(&world.stored);
    assert!(told.done);
    assert_eq!((told.ledger.rows(), told.header.findings.given), (75, 77));
    assert_eq!(told.compare(&list(1..=75)), Comparison::Same);
    let job = review(&world.stored, one_by_one());
    assert_eq!(job.ledger().settled(), 75);
}

#[test]
fn a_run_that_is_done_goes_on_with_those_who_are_new() {
    let mut service = issue;
    let mut first = journalled(50, one_by_one(), &mut service);
    first.run();
    let mut told = recovered(&first.stored);
    assert!(told.done);
    told.admit(&list(1..=51), findings(53)).unwrap();
    let mut again = issue;
    let mut second = world_of(&first.stored, told, one_by_one(), &mut again);
    assert_eq!(recovered(&first.stored).ledger.rows(), 50);
    second.run();
    expect(&second, &[("issued", 51)]);
    assert_eq!(second.sent.iter().map(|(_, ids)| ids.clone()).collect::<Vec<_>>(), [[51]]);
}

#[test]
fn a_list_without_all_of_the_journals_customers_is_refused() {
    let mut told = recovered(&died());
    let error = told.admit(&list(2..=90), findings(92)).unwrap_err();
    assert_eq!(error.code, "journal-mismatch");
    assert!(error.message.contains("customerIds"));
    assert_eq!(told.ledger.rows(), 50);
}

/// Dies at every byte of the journal of an extended run, and goes on with the longer list.
#[test]
fn a_crash_anywhere_loses_nobody_and_sends_nobody_twice() {
    let mut service = issue;
    let mut first = journalled(6, batch_of(3), &mut service);
    first.run();
    let start = first.stored.len();
    let mut told = recovered(&first.stored);
    told.admit(&list(1..=14), findings(16)).unwrap();
    let mut again = issue;
    let mut second = world_of(&first.stored, told, batch_of(3), &mut again);
    second.run();
    let whole = second.stored.clone();
    assert!(whole.len() > start + 100);
    let mut extended = 0;
    for end in start..=whole.len() {
        let mut reader = Reader::default();
        reader.feed(&whole[..end]);
        let mut told = reader.finish().unwrap().unwrap();
        // Either the old list or the whole new one, and the sums of the same.
        let (rows, given) = (told.ledger.rows(), told.header.findings.given);
        assert!([(6, 101), (14, 16)].contains(&(rows, given)), "{rows} rows after {end} bytes");
        extended += u32::from(rows == 14);
        let mut times = sent_before(&told);
        told.admit(&list(1..=14), findings(16)).unwrap();
        let mut service = issue;
        let mut world = world_of(&whole[..end], told, batch_of(3), &mut service);
        world.run();
        for id in world.sent.iter().flat_map(|(_, ids)| ids) {
            *times.entry(*id).or_default() += 1;
        }
        assert!((1..=14).all(|id| times.get(&id) == Some(&1)), "{end} bytes: {times:?}");
        let told = recovered(&world.stored);
        assert_eq!((told.ledger.settled(), told.header.findings.given), (14, 16));
    }
    assert!(extended > 10);
}

/// How often each id may have left: it is settled, or its intent is open.
fn sent_before(told: &Recovered) -> BTreeMap<i64, u32> {
    let rows = (0_u32..).zip(told.ledger.ids().to_vec());
    let left = rows.filter(|(row, _)| {
        let settled = told.ledger.states()[*row as usize].outcome().is_some();
        settled || told.open.iter().any(|intent| intent.rows.contains(row))
    });
    left.map(|(_, id)| (id, 1)).collect()
}

#[test]
fn an_extension_that_was_not_stored_to_its_end_is_no_part_of_the_run() {
    let mut service = issue;
    let mut first = journalled(6, batch_of(1_000), &mut service);
    first.run();
    let mut told = recovered(&first.stored);
    // More ids than one record holds.
    told.admit(&list(1..=9_000), findings(9_000)).unwrap();
    let mut again = issue;
    let mut second = world_of(&first.stored, told, batch_of(1_000), &mut again);
    assert_eq!(second.job.poll_output(second.now), Output::Persist);
    second.persist();
    let cut = second.stored.len() - 3;
    let told = recovered(&second.stored[..cut]);
    assert_eq!((told.ledger.rows(), told.header.findings.given), (6, 101));
    assert!(!told.done);
    // Without the longer list the run ends as it is; with it, it is extended once more.
    let mut third_service = issue;
    let mut third = world_of(&second.stored[..cut], told, batch_of(1_000), &mut third_service);
    third.run();
    assert!(third.sent.is_empty());
    let mut told = recovered(&third.stored);
    assert!(told.done);
    told.admit(&list(1..=9_000), findings(9_000)).unwrap();
    let mut fourth_service = issue;
    let mut fourth = world_of(&third.stored, told, batch_of(1_000), &mut fourth_service);
    fourth.run();
    expect(&fourth, &[("issued", 9_000)]);
}
