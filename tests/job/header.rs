//! The header: what binds a run, what its report needs, and journals of the first version.

use crate::journal::{WALL, journalled, one_by_one, recovered, resumed, review, run_until_sent};
use crate::world::*;
use issue_bulk::attribution::Attribution;
use issue_bulk::id::IdError;
use issue_bulk::intake::{Findings, Problem, ProblemReason};
use issue_bulk::job::Job;
use issue_bulk::journal::GivenOut;
use issue_bulk::plan::Options;
use issue_bulk::text;
use issue_bulk::time::{Instant, UnixTime};
use issue_bulk::traffic::Machine;

/// A run of five ids in batches of two, the last two of which are on their way, as the first
/// version of the format writes it.
const FIRST_VERSION: &str = concat!(
    "49737342756c6b01d000000001e8d4379e183637646434323130656632316136343231313232376530340f32",
    "206974656d7320696e20636172742068747470733a2f2f65752e6170692e636170696c6c617279746563682e",
    "636f6d0f2f6170695f676174657761792f7631028092f8d0c068056d09000000000000000100000000000000",
    "030000000000000002000000000000005b7b226c696e65223a332c22636f6c756d6e223a312c22726561736f",
    "6e223a226c656164696e672d7a65726f222c2274657874223a22303132222c2266697273744c696e65223a6e",
    "756c6c7d5d0122b09d06000000020f89f43f000202020202b165ed520a000000032a9a97f7000100028092f8",
    "d0c068672a347f0a00000003925e84eb010102048092f8d0c0689e09ca7d2a00000004ef94efb200020067dd",
    "4237ef21a6421100000167dd4237ef21a64211000002fca5d584b76500fec1fe87d1650000540bdedb0a0000",
    "0003b09ca72d02010405c893f8d0c06879412e93",
);

/// What the input of these runs held apart from its ids.
pub fn findings() -> Findings {
    let reason = ProblemReason::Duplicate { first_line: 7 };
    let problems = vec![Problem { line: 9, column: 1, reason, text: b"5".as_slice().into() }];
    Findings { given: 101, duplicate: 1, problems, ..Findings::default() }
}

#[test]
fn a_journal_of_the_first_version_still_goes_on() {
    let bytes: [u8; 372] = text::read_hex(FIRST_VERSION.as_bytes()).unwrap();
    let told = recovered(&bytes);
    let findings = &told.header.findings;
    // The problems are in a form that is not read any more; the sums are.
    let Findings { given, invalid, duplicate, blank, problems } = findings;
    assert_eq!((*given, *invalid, *duplicate, *blank), (9, 1, 3, 2));
    assert!(problems.is_empty());
    assert_eq!((told.header.attribution.as_ref(), told.open.len()), (None, 2));
    // It does not say for whom, so nobody is refused.
    let mut service = issue;
    let mut world = resumed(&bytes, for_whom(Some("100"), None, batch_of(2)), &mut service);
    world.run();
    expect(&world, &[("issued", 2), ("unknown interrupted", 3)]);
    expect_same_after(&world.stored);
}

/// Whatever was appended is read with the rest.
fn expect_same_after(journal: &[u8]) {
    assert!(recovered(journal).done);
    assert_eq!(review(journal, batch_of(2)).ledger().settled(), 5);
}

fn for_whom(
    org_id: Option<&str>,
    code: Option<&str>,
    options: Options<'static>,
) -> Options<'static> {
    let attribution = Attribution::new(org_id, None, code).unwrap();
    Options { attribution: Some(attribution), ..options }
}

#[test]
fn who_it_was_for_is_as_binding_as_host_and_promotion() {
    let mut service = issue;
    let mut world =
        journalled(50, for_whom(Some("100"), Some("till1"), one_by_one()), &mut service);
    run_until_sent(&mut world, 2);
    let go_on = |org, code| {
        let plan = plan(for_whom(org, code, one_by_one()));
        let job = Job::from_journal(plan, recovered(&world.stored), false, 7, Instant::START, WALL);
        job.err().map(|error| (error.code, error.message))
    };
    assert_eq!(go_on(Some("100"), Some("till1")), None);
    let cases = [
        (Some("200"), Some("till1"), "orgId"),
        (None, Some("till1"), "orgId"),
        (Some("100"), Some("till2"), "attribution"),
        (Some("100"), None, "attribution"),
    ];
    for (org, code, what) in cases {
        let (error, message) = go_on(org, code).unwrap();
        assert_eq!(error, "journal-mismatch");
        assert!(message.contains(what), "{message}");
        assert!(!message.contains("till") && !message.contains('2'), "{message}");
    }
    let told = recovered(&world.stored).header.attribution.unwrap();
    assert_eq!((told.org_id(), told.entity()), (Some("100"), Some(("TILL", "till1"))));
}

#[test]
fn every_problem_of_the_input_comes_back() {
    let reasons = IdError::ALL.map(ProblemReason::Invalid).into_iter().chain([
        ProblemReason::Duplicate { first_line: u64::MAX },
        ProblemReason::TooFewFields,
        ProblemReason::TooManyFields,
        ProblemReason::TooLong,
        ProblemReason::BadQuote,
        ProblemReason::BadJson,
        ProblemReason::NotAnObject,
        ProblemReason::NoField,
        ProblemReason::RepeatedField,
    ]);
    let problems: Vec<Problem> = (0_u32..)
        .zip(reasons)
        .map(|(n, reason)| Problem {
            line: u64::from(n) << 40,
            column: n,
            reason,
            // A text may be cut within a character, and is no UTF-8 then.
            text: [b"a\"\xc3".as_slice(), &[n as u8]].concat().into(),
        })
        .collect();
    let findings = Findings { given: 115, invalid: 14, duplicate: 1, blank: u64::MAX, problems };
    let mut service = issue;
    let job = Job::new(plan(batch_of(9)), vec![5], false, 7, Instant::START);
    let job = job.with_journal(Instant::START, WALL, findings.clone());
    let mut world = World::around(job, &mut service);
    world.run();
    assert_eq!(recovered(&world.stored).header.findings, findings);
}

#[test]
fn a_list_that_was_given_out_is_remembered_and_told() {
    let mut service = issue;
    let mut first = journalled(50, one_by_one(), &mut service);
    run_until_sent(&mut first, 2);
    first.job.cancel();
    first.run();
    let mut told = recovered(&first.stored);
    assert_eq!(told.given_out, None);
    let at = UnixTime::from_millis(WALL.as_millis() + 1);
    let journal = [first.stored.clone(), told.give_out(at)].concat();
    assert_eq!(told.given_out, Some(GivenOut { at, ids: 30 }));
    let told = recovered(&journal);
    assert_eq!((told.given_out, told.done), (Some(GivenOut { at, ids: 30 }), true));
    // Its report says so, and so does a run that goes on with it all the same.
    let told_by = |job: &Job| {
        let notes = job.notes().iter().filter(|note| note.code == "given-out");
        notes.map(|note| note.count).collect::<Vec<_>>()
    };
    assert!(told_by(&first.job).is_empty());
    assert_eq!(told_by(&review(&journal, one_by_one())), [30]);
    let mut again = issue;
    let mut second = resumed(&journal, one_by_one(), &mut again);
    second.run();
    assert_eq!(told_by(&second.job), [30]);
    // Nobody is left to give out.
    let mut told = recovered(&second.stored);
    assert!(told.give_out(UnixTime::from_millis(WALL.as_millis() + 2)).is_empty());
    assert_eq!(told.given_out, Some(GivenOut { at, ids: 30 }));
}

#[test]
fn whoever_may_have_been_issued_is_not_among_those_given_out() {
    let retry = || Options { ambiguous: Some("retry"), ..one_by_one() };
    // The first batch waits in doubt when the process dies.
    let mut calls = 0;
    let mut service = |ids: &[i64]| {
        calls += 1;
        if calls == 1 { Reply::Status(502, String::new()) } else { issue(ids) }
    };
    let mut world = journalled(50, retry(), &mut service);
    run_until_sent(&mut world, 2);
    let mut told = recovered(&world.stored);
    assert!(!told.ambiguous.is_empty());
    told.give_out(WALL);
    let unsent = review(&world.stored, retry()).progress(Instant::START).unsent;
    assert_eq!(told.given_out, Some(GivenOut { at: WALL, ids: unsent }));
}
