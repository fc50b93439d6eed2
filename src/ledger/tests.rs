//! The ledger's transitions: the allowed ones, and that all others are refused.

use super::*;
use crate::outcome::{Reason, Rejection, Unknown, Unsent};

const ISSUANCE: Issuance = Issuance { id: [7; 12], event_time: 5, valid_till: 9 };

fn unknown(ledger: &mut Ledger) -> CauseIndex {
    ledger.cause(Cause::new(Reason::Unknown(Unknown::Timeout)))
}

#[test]
fn the_books_balance_after_every_step() {
    let mut ledger = Ledger::new(vec![11, 22, 33, 44]);
    let sum = |ledger: &Ledger| ledger.counts.iter().sum::<u32>();
    ledger.depart(&(0..3)).unwrap();
    assert_eq!((ledger.count(State::InFlight), ledger.count(State::Queued)), (3, 1));
    ledger.issue(0, &ISSUANCE, None).unwrap();
    assert_eq!((ledger.causes().len(), ledger.cause_of(0)), (0, None), "none has a cause yet");
    let rejected = ledger.cause(Cause::new(Reason::Rejected(Rejection::EntryError)));
    ledger.settle(1, State::InFlight, rejected).unwrap();
    let cause = unknown(&mut ledger);
    ledger.settle(2, State::InFlight, cause).unwrap();
    let unsent = ledger.cause(Cause::new(Reason::Unsent(Unsent::NotReached)));
    ledger.settle_all(&(3..4), State::Queued, unsent).unwrap();
    assert_eq!((sum(&ledger), ledger.settled()), (4, 4));
    let states = [State::Issued, State::Rejected, State::Unknown, State::Unsent];
    assert_eq!(ledger.states(), states);
    assert_eq!(ledger.causes(), [0, 1, 2, 3]);
    let reasons: Vec<_> = ledger.cause_table().iter().map(|cause| cause.reason.code()).collect();
    assert_eq!(reasons, ["entry-error", "timeout", "not-reached"]);
    assert_eq!(ledger.issuance_ids(), [[7; 12], [0; 12], [0; 12], [0; 12]]);
    assert_eq!(ledger.event_times(), [5, NO_TIME, NO_TIME, NO_TIME]);
    assert_eq!(ledger.valid_tills(), [9, NO_TIME, NO_TIME, NO_TIME]);
    assert_eq!(ledger.issuance(0), Some(ISSUANCE));
    assert_eq!(ledger.issuance(1), None);
    assert_eq!(ledger.cause_of(3).unwrap().reason, Reason::Unsent(Unsent::NotReached));
    assert_eq!(ledger.cause_of(0), None);
}

#[test]
fn the_ids_of_rows_are_there_or_none_of_them() {
    let ledger = Ledger::new(vec![11, 22, 33]);
    assert_eq!((ledger.ids_of(&(1..3)), ledger.ids_of(&(1..4))), (Some(vec![22, 33]), None));
}

#[test]
fn a_row_settles_once() {
    let mut ledger = Ledger::new(vec![11]);
    assert_eq!(ledger.issue(0, &ISSUANCE, None), Err(Conflict));
    ledger.depart(&(0..1)).unwrap();
    assert_eq!(ledger.depart(&(0..1)), Err(Conflict));
    ledger.issue(0, &ISSUANCE, None).unwrap();
    let cause = unknown(&mut ledger);
    assert_eq!(ledger.settle(0, State::InFlight, cause), Err(Conflict));
    assert_eq!(ledger.come_back(&(0..1)), Err(Conflict));
    assert_eq!(ledger.issue(9, &ISSUANCE, None), Err(Conflict));
    assert_eq!(ledger.count(State::Issued), 1);
}

#[test]
fn a_read_back_decides_unknown_rows_only_and_marks_them() {
    let mut ledger = Ledger::new(vec![11, 22, 33, 44]);
    ledger.depart(&(0..4)).unwrap();
    let cause = unknown(&mut ledger);
    ledger.settle_all(&(0..3), State::InFlight, cause).unwrap();
    let extra = ExtraTexts { id: Some("17".into()), earned_from: None };
    ledger.find_issued(0, &ISSUANCE, Some(extra.clone())).unwrap();
    let unsent = ledger.cause(Cause::new(Reason::Unsent(Unsent::NotReached)));
    ledger.find_not_issued(1, unsent).unwrap();
    assert_eq!(ledger.find_issued(0, &ISSUANCE, None), Err(Conflict));
    assert_eq!(ledger.find_issued(3, &ISSUANCE, None), Err(Conflict));
    assert_eq!(ledger.find_not_issued(3, unsent), Err(Conflict));
    let states = [State::Issued, State::Unsent, State::Unknown, State::InFlight];
    assert_eq!(ledger.states(), states);
    assert_eq!(
        (0..5).map(|row| ledger.is_read_back(row)).collect::<Vec<_>>(),
        [true, true, false, false, false]
    );
    assert_eq!((ledger.issuance(0), ledger.extra_texts(0)), (Some(ISSUANCE), Some(&extra)));
    assert_eq!((ledger.cause_of(0), ledger.extra_texts(1)), (None, None));
}

#[test]
fn a_batch_is_issued_as_its_rows_are_or_not_at_all() {
    let [mut whole, mut single] = [0; 2].map(|_| Ledger::new(vec![10, 11, 12]));
    let rows = 1..3;
    let (ids, times, tills) = ([[1; 12], [2; 12]], [3, 4], [5, NO_TIME]);
    assert_eq!(whole.issue_all(&rows, &ids, &times, &tills), Err(Conflict));
    assert_eq!((whole.count(State::Queued), whole.states()), (3, &[State::Queued; 3][..]));
    for ledger in [&mut whole, &mut single] {
        ledger.depart(&rows).unwrap();
    }
    whole.issue_all(&rows, &ids, &times, &tills).unwrap();
    for ((row, id), (event_time, valid_till)) in
        rows.clone().zip(ids).zip(times.into_iter().zip(tills))
    {
        single.issue(row, &Issuance { id, event_time, valid_till }, None).unwrap();
    }
    for row in 0..3 {
        assert_eq!(whole.issuance(row), single.issuance(row));
    }
    assert_eq!((whole.states(), whole.counts), (single.states(), single.counts));
    assert_eq!(whole.issue_all(&rows, &ids, &times, &tills), Err(Conflict));
}

#[test]
fn a_batch_that_is_drained_is_issued_as_its_rows_are_and_takes_no_columns() {
    let mut ledger = Ledger::new(vec![10, 11, 12]);
    ledger.drain();
    let rows = 1..3;
    let (ids, times, tills) = ([[1; 12], [2; 12]], [3, 4], [5, NO_TIME]);
    ledger.depart(&rows).unwrap();
    ledger.expect(&rows);
    ledger.issue_all(&rows, &ids, &times, &tills).unwrap();
    let second = Issuance { id: [2; 12], event_time: 4, valid_till: NO_TIME };
    let first = Issuance { id: [1; 12], event_time: 3, valid_till: 5 };
    assert_eq!((ledger.issuance(1), ledger.issuance(2)), (Some(first), Some(second)));
    assert_eq!((ledger.count(State::Issued), ledger.issuance_ids().len()), (2, 0));
    ledger.forget(&rows);
    assert_eq!((ledger.issuance(1), ledger.is_forgotten(2)), (None, true));
    assert_eq!([0, 1, 3].map(|row| ledger.kept_from(row)), [Some(0), None, None]);
}

#[test]
fn equal_causes_share_a_place_and_a_full_table_keeps_the_reasons() {
    let mut ledger = Ledger::new(vec![]);
    let first = unknown(&mut ledger);
    assert_eq!(unknown(&mut ledger), first);
    for number in 0..CAUSES_MAX + 50 {
        let mut cause = Cause::new(Reason::Unknown(Unknown::Network));
        cause.message = number.to_string().into();
        ledger.cause(cause);
    }
    let mut late = Cause::new(Reason::Unknown(Unknown::Network));
    late.message = "late".into();
    let place = ledger.cause(late);
    let kept = &ledger.cause_table()[usize::from(place.0)];
    assert_eq!(kept.reason, Reason::Unknown(Unknown::Network));
    assert!(ledger.cause_table().len() <= CAUSES_MAX + 20);
}
