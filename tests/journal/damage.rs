//! Damage of all kinds, each refused at the offset of its record.

use crate::history::{History, Step, header, read};
use issue_bulk::id::{AttemptNumber, BatchId};
use issue_bulk::journal::{DamageReason, Intent, Reader, Writer};
use issue_bulk::ledger::{Ledger, State};
use issue_bulk::outcome::{Cause, Reason, Unknown};
use issue_bulk::time::UnixTime;

/// Every kind of record, some of them often.
fn sample() -> History {
    // Intents, outcomes, returns, a shrunk size, in turn; at last a stop, a resume and an end.
    let kinds = (0..42_u16).map(|n| [0, 1, 3, 2, 5, 0, 4, 6][usize::from(n) % 8]);
    let steps = kinds.zip(0_u16..).map(|(kind, n)| Step {
        kind,
        choice: n * 7,
        detail: i64::from(n) * 1_001,
    });
    let last = [(0, 1), (1, 3), (1, 1)].map(|(choice, detail)| Step { kind: 7, choice, detail });
    let steps: Vec<Step> = steps.chain(last).collect();
    History::of(&(1..=20).map(|id| id * 1_000_003).collect::<Vec<i64>>(), &steps)
}

#[test]
fn every_flipped_bit_is_refused_at_the_offset_of_its_record() {
    let history = sample();
    let (records, bytes) = (history.marks.len(), history.bytes.len());
    assert!(records > 25 && bytes < 3_000, "{records} records, {bytes} bytes");
    let mut bytes = history.bytes.clone();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        let damage = read(&bytes).err().unwrap_or_else(|| panic!("bit {bit} was believed"));
        let (start, _) = history.before(bit / 8);
        let reason = match bit / 8 {
            0..=6 => DamageReason::NotAJournal,
            7 => DamageReason::Version,
            _ => DamageReason::Checksum,
        };
        assert_eq!((damage.offset, damage.reason), (start as u64, reason), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(read(&bytes).unwrap().is_some());
}

#[test]
fn damage_has_a_code_and_says_what_is_wrong() {
    let mut bytes = sample().bytes;
    bytes[7] = 3;
    let damage = read(&bytes).err().unwrap();
    assert_eq!((damage.code(), damage.offset), ("journal-version", 0));
    assert!(damage.what().contains("another version"));
    bytes[0] = b'{';
    let damage = read(&bytes).err().unwrap();
    assert_eq!((damage.code(), damage.offset), ("journal-damaged", 0));
    assert!(damage.what().contains("no journal"));
    let contradiction = refused(|writer| writer.came_back(BatchId(0), true, None));
    assert!(contradiction.what().contains("contradicts"));
    let mut bytes = sample().bytes;
    bytes[40] ^= 1;
    assert!(read(&bytes).err().unwrap().what().contains("checksum"));
}

#[test]
fn a_file_of_zeros_is_a_run_that_never_began() {
    let mut zeros = vec![0; 5_000];
    assert!(read(&zeros).unwrap().is_none());
    zeros.push(1);
    let damage = read(&zeros).err().unwrap();
    assert_eq!((damage.offset, damage.reason), (0, DamageReason::NotAJournal));
    // More zeros than were ever on their way are no tail.
    let mut bytes = sample().bytes;
    let sound = bytes.len();
    bytes.resize(sound + (5 << 20), 0);
    let damage = read(&bytes).err().unwrap();
    assert_eq!((damage.offset, damage.reason), (sound as u64, DamageReason::Checksum));
}

#[test]
fn nothing_is_read_after_damage() {
    let history = sample();
    let mut reader = Reader::default();
    reader.feed(b"IssBulk\x02");
    reader.feed(b"garbage that is long enough to be a head");
    let before = reader_offset(&mut reader, &history.bytes[8..]);
    assert_eq!(before, 8);
}

fn reader_offset(reader: &mut Reader, more: &[u8]) -> u64 {
    reader.feed(more);
    core::mem::take(reader).finish().err().expect("damage stays damage").offset
}

/// A journal of five ids with two intents, and something that does not fit.
fn refused(write: impl FnOnce(&mut Writer)) -> issue_bulk::journal::Damage {
    let mut writer = begun(&[1, 2, 3, 4, 5]);
    writer.intent(&intent(3, 0..2));
    writer.intent(&intent(4, 2..4));
    let sound = writer.take();
    assert!(read(&sound).unwrap().is_some());
    write(&mut writer);
    let damage = read(&[sound.as_slice(), &writer.take()].concat()).err().expect("it was believed");
    assert_eq!(damage.offset, sound.len() as u64);
    damage
}

fn begun(ids: &[i64]) -> Writer {
    let mut writer = Writer::begin(&header(ids.len()));
    writer.ids(ids);
    writer
}

fn intent(batch: u32, rows: core::ops::Range<u32>) -> Intent {
    let (batch, attempt) = (BatchId(batch), AttemptNumber(1));
    Intent { batch, attempt, rows, at: UnixTime::from_millis(5) }
}

#[test]
fn records_that_do_not_fit_those_before_them_are_refused() {
    type Write = fn(&mut Writer);
    let cases: [(&str, Write); 12] = [
        ("more ids than announced", |w| w.ids(&[6])),
        ("rows that are in flight", |w| w.intent(&intent(5, 1..3))),
        ("rows beyond the last", |w| w.intent(&intent(5, 4..6))),
        ("no rows", |w| w.intent(&intent(5, 4..4))),
        ("rows backwards", |w| {
            let (start, end) = (5, 4);
            w.intent(&intent(5, start..end));
        }),
        ("a batch that is open", |w| w.intent(&intent(3, 4..5))),
        ("an outcome of nothing", |w| w.outcome(BatchId(9), &(0..0), &Ledger::new(vec![]))),
        ("an outcome of too few rows", |w| w.outcome(BatchId(3), &(0..1), &settled())),
        ("an outcome of too many rows", |w| w.outcome(BatchId(3), &(0..3), &settled())),
        ("an outcome of rows in flight", |w| {
            w.outcome(BatchId(3), &(0..0), &Ledger::new(vec![1, 2]));
        }),
        ("a return of nothing", |w| w.came_back(BatchId(9), true, None)),
        ("an end with batches open", Writer::done),
    ];
    for (what, write) in cases {
        assert_eq!(refused(write).reason, DamageReason::Contradiction, "{what}");
    }
}

fn settled() -> Ledger {
    let mut ledger = Ledger::new(vec![1, 2, 3]);
    let cause = ledger.cause(Cause::new(Reason::Unknown(Unknown::Timeout)));
    ledger.settle_all(&(0..3), State::Queued, cause).unwrap();
    ledger
}

#[test]
fn nothing_is_meant_to_leave_after_an_end_or_a_stop() {
    for end in [Writer::done, |w: &mut Writer| w.stopped(&Cause::new(TIMEOUT))] {
        let mut writer = begun(&[1, 2]);
        end(&mut writer);
        let sound = writer.take();
        writer.intent(&intent(0, 0..1));
        let bytes = [sound.as_slice(), &writer.take()].concat();
        let damage = read(&bytes).err().unwrap();
        assert_eq!((damage.offset, damage.reason), (sound.len() as u64, CONTRADICTION));
    }
    let mut writer = begun(&[1, 2]);
    writer.stopped(&Cause::new(TIMEOUT));
    writer.resumed(UnixTime::from_millis(1), false);
    writer.intent(&intent(0, 0..1));
    assert_eq!(read(&writer.take()).unwrap().unwrap().open.len(), 1);
}

const CONTRADICTION: DamageReason = DamageReason::Contradiction;

const TIMEOUT: Reason = Reason::Unknown(Unknown::Timeout);

#[test]
fn ids_that_no_run_has_are_refused() {
    for ids in [&[0][..], &[-5], &[5, i64::MIN]] {
        let damage = read(&begun(ids).take()).err().unwrap();
        assert_eq!(damage.reason, DamageReason::Contradiction, "{ids:?}");
    }
    // A run that begins before its ids are all there.
    let mut writer = Writer::begin(&header(3));
    writer.ids(&[1, 2]);
    writer.intent(&intent(0, 0..1));
    assert_eq!(read(&writer.take()).err().unwrap().reason, DamageReason::Contradiction);
}
