//! Properties of every journal.

use crate::history::{History, Step, read, told};
use issue_bulk::journal::{DamageReason, Reader};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

fn ids() -> impl Strategy<Value = Vec<i64>> {
    prop_oneof![
        btree_set(1..1_000_i64, 0..40),
        btree_set(1..i64::MAX, 0..40),
        btree_set(i64::MAX - 60..=i64::MAX, 0..40),
    ]
    .prop_map(|ids| ids.into_iter().collect::<Vec<i64>>())
    .prop_shuffle()
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (any::<u8>(), any::<u16>(), prop_oneof![-40..40_i64, any::<i64>()]);
    let step = step.prop_map(|(kind, choice, detail)| Step { kind, choice, detail });
    vec(step, 0..60)
}

fn history() -> impl Strategy<Value = History> {
    (ids(), steps()).prop_map(|(ids, steps)| History::of(&ids, &steps))
}

impl core::fmt::Debug for History {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} bytes, records end at {:?}", self.bytes.len(), self.marks)
    }
}

proptest! {
    #[test]
    fn whatever_was_written_is_read_again_in_pieces_of_any_size(
        history in history(),
        sizes in vec(1..200_usize, 1..50),
    ) {
        let mut reader = Reader::default();
        let mut rest = history.bytes.as_slice();
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            reader.feed(piece);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        let recovered = reader.finish().unwrap().unwrap();
        let (bytes, says) = history.before(history.bytes.len());
        prop_assert_eq!(told(&recovered), (bytes, says.unwrap().to_owned()));
        prop_assert_eq!(bytes, history.bytes.len());
    }

}

proptest! {
    // Each case reads a journal once for each of its bytes.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_prefix_says_what_its_whole_records_say(history in history()) {
        for len in 0..=history.bytes.len() {
            let recovered = read(&history.bytes[..len]).unwrap();
            let (bytes, says) = history.before(len);
            let told = recovered.as_ref().map(told);
            prop_assert_eq!(told, says.map(|says| (bytes, says.to_owned())));
        }
    }

}

proptest! {
    #[test]
    fn a_tail_of_zeros_is_torn_and_what_stands_behind_it_is_damage(
        history in history(),
        place in any::<prop::sample::Index>(),
        zeros in 1..300_usize,
    ) {
        let (end, says) = &history.marks[place.index(history.marks.len())];
        let mut bytes = history.bytes[..*end].to_vec();
        bytes.resize(end + zeros, 0);
        let recovered = read(&bytes).unwrap();
        prop_assert_eq!(recovered.as_ref().map(told), says.clone().map(|says| (*end, says)));
        bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 1]);
        let damage = read(&bytes).err().unwrap();
        prop_assert_eq!((damage.offset, damage.reason), (*end as u64, DamageReason::Checksum));
    }

    #[test]
    fn a_record_that_is_missing_or_stands_twice_is_damage(
        history in history(),
        place in any::<prop::sample::Index>(),
        twice in any::<bool>(),
    ) {
        let ends: Vec<usize> = history.marks.iter().map(|(end, _)| *end).collect();
        let record = place.index(ends.len() - 1);
        let (start, end) = (ends[record], ends[record + 1]);
        let from = if twice { start } else { end };
        let bytes = [&history.bytes[..if twice { end } else { start }], &history.bytes[from..]];
        match read(&bytes.concat()) {
            Err(damage) => {
                prop_assert_eq!(damage.reason, DamageReason::Checksum);
                prop_assert_eq!(damage.offset, if twice { end } else { start } as u64);
            }
            // The last record is missing: nothing can tell that it was there.
            Ok(_) => prop_assert!(!twice && end == history.bytes.len()),
        }
    }

    #[test]
    fn foreign_bytes_are_refused_and_never_a_panic(bytes in vec(any::<u8>(), 0..400)) {
        let refused = read(&bytes).is_err();
        let first = bytes.first().is_some_and(|byte| *byte != b'I');
        prop_assert!(refused || !first);
    }
}
