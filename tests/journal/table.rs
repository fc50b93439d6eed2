//! Single records: each field comes back, in few bytes.

use crate::history::{counts, header, read};
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::journal::{Intent, Recovered, Writer};
use issue_bulk::ledger::{ExtraTexts, Issuance, Ledger, State};
use issue_bulk::outcome::{Cause, Reason, Rejection, StopCode, Unknown, Unsent};
use issue_bulk::time::UnixTime;

fn begun(ids: &[i64]) -> Writer {
    let mut writer = Writer::begin(&header(ids.len()));
    ids.chunks(4_096).for_each(|block| writer.ids(block));
    writer
}

fn intent(batch: u32, rows: core::ops::Range<u32>) -> Intent {
    Intent {
        batch: BatchId(batch),
        attempt: AttemptNumber(1),
        rows,
        at: UnixTime::from_millis(1_795_381_200_123),
    }
}

fn recovered(writer: &mut Writer) -> Recovered {
    read(&writer.take()).unwrap().unwrap()
}

/// What comes back of a batch that is settled like this.
fn through(ledger: &Ledger) -> Recovered {
    let rows = 0..ledger.rows();
    let mut writer = begun(&ledger.ids().to_vec());
    writer.intent(&intent(7, rows.clone()));
    writer.outcome(BatchId(7), &rows, ledger);
    recovered(&mut writer)
}

#[test]
fn every_cause_comes_back_with_all_its_parts() {
    let reasons = Rejection::ALL
        .map(Reason::Rejected)
        .into_iter()
        .chain(Unknown::ALL.map(Reason::Unknown))
        .chain(StopCode::ALL.map(|code| Reason::Unsent(Unsent::Stopped(code))));
    let parts = [
        (None, None, "", None),
        (Some(200), Some(i64::MIN), "a \"message\" \u{1f381}", Some("")),
        (Some(599), Some(-1), "m", Some("r-1")),
    ];
    for reason in reasons {
        for (status, code, message, request_id) in parts {
            let (message, request_id) = (message.into(), request_id.map(Into::into));
            let cause = Cause { reason, status, code, message, request_id };
            let mut ledger = Ledger::new(vec![5]);
            let index = ledger.cause(cause.clone());
            ledger.settle(0, State::Queued, index).unwrap();
            assert_eq!(through(&ledger).ledger.cause_of(0), Some(&cause));
        }
    }
}

#[test]
fn every_issuance_comes_back_with_all_its_parts() {
    let mut ledger = Ledger::new((1..=6).collect::<Vec<_>>());
    ledger.depart(&(0..6)).unwrap();
    let times = [i64::MIN, i64::MAX, 0, -1, 1_742_553_655_678, 5];
    for (row, time) in (0..6).zip(times) {
        let issuance =
            Issuance { id: [row as u8; 12], event_time: time, valid_till: times[5 - row as usize] };
        let extra = match row {
            1 => Some(ExtraTexts { id: Some("17".into()), earned_from: Some("".into()) }),
            5 => Some(ExtraTexts { id: None, earned_from: Some("another context".into()) }),
            _ => None,
        };
        ledger.issue(row, &issuance, extra).unwrap();
    }
    let told = through(&ledger).ledger;
    for row in 0..6 {
        assert_eq!(
            (told.issuance(row), told.extra_texts(row)),
            (ledger.issuance(row), ledger.extra_texts(row))
        );
    }
}

#[test]
fn causes_that_differ_and_causes_that_repeat_come_back_in_their_rows() {
    // Thirty-two others stand between the first and its return: beyond what is compared.
    let names: Vec<u32> = (0..200).map(|n| n % 40).chain([0, 0, 1]).collect();
    let mut ledger = Ledger::new((1..=names.len() as i64).collect::<Vec<_>>());
    for (row, name) in (0..).zip(&names) {
        let mut cause = Cause::new(Reason::Unknown(Unknown::EntryError));
        cause.message = name.to_string().into();
        let index = ledger.cause(cause);
        ledger.settle(row, State::Queued, index).unwrap();
    }
    let told = through(&ledger).ledger;
    let back: Vec<u32> =
        (0..told.rows()).map(|row| told.cause_of(row).unwrap().message.parse().unwrap()).collect();
    assert_eq!(back, names);
}

#[test]
fn a_cause_that_alternates_is_told_once() {
    let mut ledger = Ledger::new((1..=1_000).collect::<Vec<_>>());
    for row in 0..1_000 {
        let mut cause = Cause::new(Reason::Unknown(Unknown::EntryError));
        cause.message = ["one long message of the service", "another"][row as usize % 2].into();
        let index = ledger.cause(cause);
        ledger.settle(row, State::Queued, index).unwrap();
    }
    let mut writer = begun(&ledger.ids().to_vec());
    let _ids = writer.take();
    writer.outcome(BatchId(0), &(0..1_000), &ledger);
    assert!(writer.pending() < 2_200, "{} bytes", writer.pending());
}

#[test]
fn an_issued_id_takes_some_twenty_bytes() {
    let ids: Vec<i64> = (0..1_000).map(|n| 566_000_000 + n * 7_919 % 999_983).collect();
    let mut writer = begun(&ids);
    let in_ids = writer.pending();
    assert!(in_ids < 3_700, "{in_ids} bytes of ids");
    let mut ledger = Ledger::new(ids);
    ledger.depart(&(0..1_000)).unwrap();
    for row in 0..1_000 {
        let event_time = 1_742_553_655_678 + i64::from(row / 100);
        let issuance = Issuance { id: [9; 12], event_time, valid_till: 1_746_046_799_999 };
        ledger.issue(row, &issuance, None).unwrap();
    }
    writer.intent(&intent(0, 0..1_000));
    writer.outcome(BatchId(0), &(0..1_000), &ledger);
    let in_outcomes = writer.pending() - in_ids;
    assert!(in_outcomes < 14_100, "{in_outcomes} bytes of intent and outcome");
    assert_eq!(counts(&recovered(&mut writer).ledger), [1_000, 0, 0, 0]);
}

#[test]
fn ids_that_are_far_apart_take_eight_bytes_at_the_most() {
    let ids = [i64::MAX, 1, i64::MAX - 1, 2];
    let mut writer = Writer::begin(&header(4));
    let before = writer.pending();
    writer.ids(&ids);
    assert_eq!(writer.pending() - before, 13 + 1 + 4 * 8);
    assert_eq!(*recovered(&mut writer).ledger.ids(), ids);
}

#[test]
fn numbers_take_a_byte_for_each_seven_bits() {
    let sizes = [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (u32::MAX, 5)];
    for (size, bytes) in sizes {
        let mut writer = begun(&[1]);
        let before = writer.pending();
        writer.shrunk(size);
        assert_eq!(writer.pending() - before, 13 + bytes, "{size}");
        assert_eq!(recovered(&mut writer).size_max, Some(size));
    }
}

#[test]
fn what_left_is_counted_and_what_did_not_is_not() {
    let again = Intent { attempt: AttemptNumber(2), ..intent(0, 0..1) };
    let counts = |returns: &[bool]| {
        let mut writer = begun(&[1, 2, 3, 4]);
        for (left, intent) in returns.iter().zip([&intent(0, 0..1), &again]) {
            writer.intent(intent);
            writer.came_back(BatchId(0), *left, None);
        }
        let told = recovered(&mut writer);
        (told.intents, told.first_intents, told.batches)
    };
    assert_eq!(counts(&[true, true]), (2, 1, 1));
    assert_eq!(counts(&[true, false]), (1, 1, 1));
    assert_eq!(counts(&[false]), (0, 0, 1));
}

#[test]
fn the_last_intent_by_the_clock_is_told() {
    let mut writer = begun(&[1, 2, 3]);
    writer.intent(&intent(5, 0..1));
    writer.intent(&Intent { at: UnixTime::from_millis(3), ..intent(2, 1..2) });
    let told = recovered(&mut writer);
    assert_eq!((told.batches, told.last_sent), (6, Some(intent(5, 0..1).at)));
}

#[test]
fn the_smallest_size_counts_also_where_a_larger_batch_is_refused_later() {
    let mut writer = begun(&[1]);
    [9, 4, 5].into_iter().for_each(|size| writer.shrunk(size));
    assert_eq!(recovered(&mut writer).size_max, Some(4));
}

#[test]
fn a_run_without_ids_begins_with_its_header() {
    let told = recovered(&mut Writer::begin(&header(0)));
    assert_eq!((told.ledger.rows(), told.done), (0, false));
}

#[test]
fn a_long_journal_is_read_whole() {
    let ids: Vec<i64> = (1..=50_000).collect();
    let mut writer = begun(&ids);
    let mut ledger = Ledger::new(ids);
    ledger.depart(&(0..50_000)).unwrap();
    for row in 0..50_000 {
        let issuance = Issuance { id: [1; 12], event_time: row.into(), valid_till: 0 };
        ledger.issue(row, &issuance, None).unwrap();
    }
    // More than the reader looks at together, in one record.
    writer.intent(&intent(0, 0..50_000));
    writer.outcome(BatchId(0), &(0..50_000), &ledger);
    let told = recovered(&mut writer);
    assert_eq!(counts(&told.ledger), [50_000, 0, 0, 0]);
}
