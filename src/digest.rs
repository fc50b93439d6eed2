//! A digest of customers, which tells if a list is the one that was confirmed.

use crate::id::IdList;
use crate::text;
use alloc::string::String;
use core::hash::Hasher;
use siphasher::sip128::{Hasher128, SipHasher24};

/// Ids unpacked at once.
const STEP: usize = 4 << 10;

/// The digest of distinct ids in their order, 32 hex digits: SipHash-2-4 of 128 bits with a key of
/// zeros over each id in 8 bytes, the lowest first. It tells a list that changed by accident from
/// the one that was confirmed; it is no signature.
pub fn of_ids(ids: &IdList) -> String {
    let mut hasher = SipHasher24::new();
    for start in (0..ids.len()).step_by(STEP) {
        let end = start.saturating_add(STEP).min(ids.len());
        for id in ids.slice(start..end).unwrap_or_default() {
            hasher.write(&id.to_le_bytes());
        }
    }
    text::hex(&hasher.finish128().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(ids: &[i64]) -> String {
        of_ids(&IdList::from(ids.to_vec()))
    }

    #[test]
    fn equal_lists_have_equal_digests_and_others_have_not() {
        let lists: &[&[i64]] = &[
            &[],
            &[566_881_001],
            &[566_881_001, 566_881_002],
            &[566_881_002, 566_881_001],
            &[5_668_810_011, 566_881_002],
            &[i64::MAX],
        ];
        for (at, list) in lists.iter().enumerate() {
            assert_eq!(digest(list), digest(list));
            for other in &lists[..at] {
                assert_ne!(digest(list), digest(other), "{list:?} {other:?}");
            }
        }
    }

    #[test]
    fn it_is_the_same_in_every_version() {
        let expected = "575b6348410ec48f789f653f6e6eb51b";
        assert_eq!(digest(&[566_881_933, 566_135_941]), expected);
    }

    #[test]
    fn a_list_of_many_blocks_is_read_to_its_end() {
        let many: Vec<i64> = (1..=20_000).collect();
        let mut other = many.clone();
        other[19_999] = 20_001;
        assert_ne!(digest(&many), digest(&other));
        assert_eq!(digest(&many).len(), 32);
    }
}
