//! Records that no writer makes, with checksums that are right all the same: what stands between a
//! reader and a body is not the checksum alone.

use crate::history::{History, Step, header, read};
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::journal::{DamageReason, Intent, Writer};
use issue_bulk::ledger::State;
use issue_bulk::time::UnixTime;
use proptest::collection::vec;
use proptest::prelude::*;

const IDS: u8 = 2;
const OUTCOME: u8 = 4;

/// CRC-32C bit by bit, so that it shares nothing with the one that is tested.
fn crc(state: u32, bytes: &[u8]) -> u32 {
    let step = |state: u32| (state >> 1) ^ if state & 1 == 1 { 0x82f6_3b78 } else { 0 };
    bytes
        .iter()
        .fold(state, |state, byte| (0..8).fold(state ^ u32::from(*byte), |state, _| step(state)))
}

/// Appends a record; the last four bytes of a journal are its checksum so far.
fn append(journal: &mut Vec<u8>, kind: u8, body: &[u8]) {
    let chain = match journal.len() {
        8 => u32::MAX,
        _ => u32::from_le_bytes(*journal.last_chunk().unwrap()),
    };
    let mut head = (body.len() as u32).to_le_bytes().to_vec();
    head.push(kind);
    let chain = crc(chain, &head);
    journal.extend(head);
    journal.extend(chain.to_le_bytes());
    journal.extend(body);
    journal.extend(crc(chain, body).to_le_bytes());
}

/// Kind and body of a record.
fn taken_apart(record: &[u8]) -> (u8, &[u8]) {
    (record[4], &record[9..record.len() - 4])
}

fn sample() -> History {
    let kinds = (0..42_u16).map(|n| [0, 1, 3, 2, 5, 0, 4, 6][usize::from(n) % 8]);
    let steps = kinds.zip(0_u16..).map(|(kind, n)| Step {
        kind,
        choice: n * 7,
        detail: i64::from(n) * 1_001,
    });
    let last = [(0, 1), (1, 3), (1, 1)].map(|(choice, detail)| Step { kind: 7, choice, detail });
    let ids: Vec<i64> = (1..=20).map(|id| id * 1_000_003).collect();
    History::of(&ids, &steps.chain(last).collect::<Vec<Step>>())
}

#[test]
fn records_are_framed_as_documented() {
    let history = sample();
    let mut bytes = history.bytes[..8].to_vec();
    for ends in history.marks.windows(2) {
        let (kind, body) = taken_apart(&history.bytes[ends[0].0..ends[1].0]);
        append(&mut bytes, kind, body);
    }
    assert_eq!(bytes, history.bytes);
}

#[test]
fn a_body_that_is_too_short_or_too_long_is_refused() {
    let history = sample();
    for ends in history.marks.windows(2) {
        let (start, end) = (ends[0].0, ends[1].0);
        let (kind, body) = taken_apart(&history.bytes[start..end]);
        // Ids are as many as there are bytes for.
        if kind == IDS {
            continue;
        }
        let longer = [body, &[0]].concat();
        let shorter = (0..body.len()).map(|len| body[..len].to_vec());
        for other in shorter.chain(Some(longer)) {
            let mut bytes = history.bytes[..start].to_vec();
            append(&mut bytes, kind, &other);
            let damage = read(&bytes).err().unwrap_or_else(|| panic!("{kind}: {other:?}"));
            let found = (damage.offset, damage.reason);
            assert_eq!(found, (start as u64, DamageReason::Contradiction), "{kind}: {other:?}");
        }
    }
}

/// A run of three ids whose first two are in flight as batch 0.
fn in_flight() -> Vec<u8> {
    let mut writer = Writer::begin(&header(3));
    writer.ids(&[1, 2, 3]);
    let (batch, attempt) = (BatchId(0), AttemptNumber(1));
    writer.intent(&Intent { batch, attempt, rows: 0..2, at: UnixTime::from_millis(5) });
    writer.take()
}

/// One cause: unknown, `timeout`, and nothing else.
const TIMEOUT: [u8; 13] = [3, 7, b't', b'i', b'm', b'e', b'o', b'u', b't', 0, 0, 0, 0];

fn outcome(parts: &[&[u8]]) -> Option<[u32; 4]> {
    let mut bytes = in_flight();
    append(&mut bytes, OUTCOME, &[&[0], parts.concat().as_slice()].concat());
    match read(&bytes) {
        Ok(told) => Some(crate::history::counts(&told.unwrap().ledger)),
        Err(damage) => {
            assert_eq!(damage.reason, DamageReason::Contradiction);
            None
        }
    }
}

#[test]
fn outcomes_that_do_not_add_up_are_refused() {
    let id: &[u8] = &[7; 12];
    let times: &[u8] = &[2, 2];
    let both: &[u8] = &[4, 4, 0];
    let cause: &[u8] = &TIMEOUT;
    // The sound ones first: both issued, both unknown, one of each.
    assert_eq!(outcome(&[&[2, 0], id, id, times, both]), Some([2, 0, 0, 0]));
    assert_eq!(outcome(&[&[2, 1], cause, &[0]]), Some([0, 0, 0, 2]));
    assert_eq!(outcome(&[&[1, 1], cause, &[1, 2, 0]]), Some([0, 0, 0, 2]));
    let mixed: &[&[u8]] = &[&[1, 1], cause, &[1, 0], id, &[2], &[4]];
    assert_eq!(outcome(&[mixed, &[&[0]]].concat()), Some([1, 0, 0, 1]));
    let texts: &[&[u8]] = &[&[1, 1, 2, b'x', 0]];
    assert_eq!(outcome(&[mixed, texts].concat()), Some([1, 0, 0, 1]));

    let refused: [(&str, &[&[u8]]); 9] = [
        ("a run of no rows", &[&[0, 0], &[2, 0], id, id, times, both]),
        ("a run beyond the batch", &[&[3, 0], id, id, id, times, both]),
        ("a cause that was not told", &[&[1, 1], cause, &[1, 3, 0]]),
        ("another cause that was not told", &[&[2, 2], &[0]]),
        ("an outcome that is none", &[&[2, 1], &[4], &cause[1..], &[0]]),
        ("a reason of another outcome", &[&[2, 1], &[1], &cause[1..], &[0]]),
        ("issued for a reason", &[&[2, 1], &[0], &cause[1..], &[0]]),
        ("a text for a row that is not issued", &[&[2, 1], cause, &[1, 0, 2, b'x', 0]]),
        ("a text that is no text", &[&[2, 0], id, id, times, &[4, 4, 1, 0, 2, 0xff, 0]]),
    ];
    for (what, parts) in refused {
        assert_eq!(outcome(parts), None, "{what}");
    }
}

#[test]
fn kinds_that_nobody_knows_are_refused() {
    for kind in [0, 10, 255] {
        let mut bytes = in_flight();
        let sound = bytes.len() as u64;
        append(&mut bytes, kind, &[1]);
        let damage = read(&bytes).err().unwrap();
        assert_eq!((damage.offset, damage.reason), (sound, DamageReason::Contradiction));
    }
}

#[test]
fn a_header_comes_once_and_first() {
    let header_record = || Writer::begin(&header(3)).take();
    let (kind, body) = (1, header_record()[17..].to_vec());
    let body = &body[..body.len() - 4];
    let mut twice = header_record();
    append(&mut twice, kind, body);
    assert_eq!(read(&twice).err().unwrap().reason, DamageReason::Contradiction);
    let mut late = in_flight();
    append(&mut late, kind, body);
    assert_eq!(read(&late).err().unwrap().reason, DamageReason::Contradiction);
    let mut none = header_record()[..8].to_vec();
    append(&mut none, IDS, &[0, 2]);
    assert_eq!(read(&none).err().unwrap().reason, DamageReason::Contradiction);
}

#[test]
fn more_ids_than_a_run_may_have_are_refused() {
    let mut most = header(0);
    most.ids = 100_000_000;
    assert!(read(&Writer::begin(&most).take()).unwrap().is_none());
    most.ids += 1;
    let damage = read(&Writer::begin(&most).take()).err().unwrap();
    assert_eq!(damage.reason, DamageReason::Contradiction);
}

#[test]
fn ids_come_in_one_of_two_forms() {
    let begun = || Writer::begin(&header(1)).take();
    let cases: [(&[u8], bool); 6] = [
        (&[0, 10], true),
        (&[1, 5, 0, 0, 0, 0, 0, 0, 0], true),
        (&[1, 5, 0, 0, 0, 0, 0, 0, 0, 5], false),
        (&[1, 5, 0, 0, 0, 0, 0, 0], false),
        (&[2, 10], false),
        (&[0], false),
    ];
    for (body, sound) in cases {
        let mut bytes = begun();
        append(&mut bytes, IDS, body);
        let told = read(&bytes).ok().map(|told| told.unwrap().ledger.ids().to_vec());
        assert_eq!(told, sound.then(|| vec![5]), "{body:?}");
    }
}

#[test]
fn a_length_that_no_record_has_is_refused_before_it_is_waited_for() {
    let mut bytes = in_flight();
    let sound = bytes.len() as u64;
    let chain = u32::from_le_bytes(*bytes.last_chunk().unwrap());
    for (len, refused) in [(64_u32 << 20, false), ((64 << 20) + 1, true)] {
        let head = [len.to_le_bytes().as_slice(), &[OUTCOME]].concat();
        bytes.truncate(sound as usize);
        bytes.extend(&head);
        bytes.extend(crc(chain, &head).to_le_bytes());
        let damage = read(&bytes).err();
        assert_eq!(damage.map(|damage| damage.offset), refused.then_some(sound));
    }
}

proptest! {
    #[test]
    fn any_body_is_taken_or_refused_and_the_books_balance(
        records in vec((0..12_u8, vec(prop_oneof![0..4_u8, any::<u8>()], 0..40)), 1..6),
    ) {
        let mut bytes = in_flight();
        records.iter().for_each(|(kind, body)| append(&mut bytes, *kind, body));
        if let Ok(Some(told)) = read(&bytes) {
            let ledger = &told.ledger;
            let open = told.open.iter().map(|open| open.rows.len() as u32).sum::<u32>();
            prop_assert_eq!(ledger.count(State::InFlight), open);
            prop_assert_eq!(ledger.rows(), 3);
        }
    }
}
