//! Which ids of a list stood in it before.
//!
//! One large hash table would miss the cache at every id. So the ids are first dealt out, in their
//! order, to partitions by the high bits of a hash, and each partition is compared within a table
//! small enough for the cache: the time per id stays nearly the same from a thousand to millions.
//! Ids chosen to collide cost a heap sort of their partition, never quadratic time, so the hash
//! needs no secret.

use crate::id::IdList;
use alloc::collections::BinaryHeap;
use alloc::vec;
use alloc::vec::Vec;

/// Ids of one partition on average, at most: its table of 4-byte places has 256 KiB.
const PARTITION_IDS: usize = 32 << 10;
/// Partitions dealt to at once: bounds the room for dealt ids (12 bytes each) to a part of them.
const ROUND_PARTITIONS: usize = 512;
/// Looks into the table per id after which its partition counts as chosen to collide. At half load
/// a random set needs 1.5 on average.
const LOOKS_PER_ID: usize = 16;
/// Share of the ids that [`may_repeat_much`] looks at.
const SAMPLE_ONE_IN: u64 = 1_024;
const SAMPLE_IDS_MIN: usize = 1_024;
/// Share of repeats that is worth dropping on the way.
const MUCH_ONE_IN: usize = 4;

/// The ids that repeat an earlier one.
#[derive(Debug, Default)]
pub struct Repeats {
    /// One bit per id, in order.
    marks: Vec<u64>,
    pub count: usize,
    /// The first of them in order: the place of the repeat and of the id's first occurrence.
    pub earliest: Vec<(u32, u32)>,
}

impl Repeats {
    #[inline(always)]
    pub fn contains(&self, index: u32) -> bool {
        let word = usize::try_from(index / 64).unwrap_or(usize::MAX);
        self.marks.get(word).is_some_and(|bits| bits.unbounded_shr(index % 64) & 1 == 1)
    }

    /// The list that they were found in without them.
    pub fn removed_from(&self, list: IdList) -> IdList {
        if self.count == 0 { list } else { list.without(|place| self.contains(place)) }
    }

    fn mark(&mut self, index: u32) {
        let word = usize::try_from(index / 64).unwrap_or(usize::MAX);
        if let Some(bits) = self.marks.get_mut(word) {
            *bits |= 1_u64.unbounded_shl(index % 64);
            self.count = self.count.saturating_add(1);
        }
    }
}

/// Finds the repeats in `ids` (fewer than 2^32), and the places of the first `earliest_max`.
pub fn repeats(ids: &IdList, earliest_max: usize) -> Repeats {
    repeats_by(ids, earliest_max, PARTITION_IDS, ROUND_PARTITIONS)
}

fn repeats_by(
    ids: &IdList,
    earliest_max: usize,
    partition_ids: usize,
    round_partitions: usize,
) -> Repeats {
    let partitions = ids.len().div_ceil(partition_ids).next_power_of_two();
    let shift = 64_u32.saturating_sub(partitions.trailing_zeros());
    let mut sizes = vec![0_u32; partitions];
    ids.each(|ids| count(ids, shift, &mut sizes));
    let mut search = Search {
        found: Repeats { marks: vec![0; ids.len().div_ceil(64)], count: 0, earliest: Vec::new() },
        earliest: BinaryHeap::new(),
        earliest_max,
        table: Vec::new(),
    };
    let mut dealt = Dealt::default();
    for (round, sizes) in sizes.chunks(round_partitions).enumerate() {
        dealt.deal(ids, shift, round.saturating_mul(round_partitions), sizes);
        for entries in dealt.partitions(sizes) {
            search.partition(entries);
        }
    }
    search.found.earliest = search.earliest.into_sorted_vec();
    search.found
}

/// Counts ids by their partition. A function of its own, as those below that are called for a block
/// or a partition: an engine compiles a hot function anew, but not in the middle of a call.
#[inline(never)]
fn count(ids: &[i64], shift: u32, sizes: &mut [u32]) {
    for id in ids {
        if let Some(size) = sizes.get_mut(partition_of(*id, shift)) {
            *size = size.saturating_add(1);
        }
    }
}

/// Estimates if many of `ids` repeat, by comparing all occurrences of one id in a thousand.
pub fn may_repeat_much(ids: &IdList) -> bool {
    let mut sample = IdList::default();
    ids.each(|ids| {
        let sampled = ids.iter().filter(|id| hash(**id).is_multiple_of(SAMPLE_ONE_IN));
        sampled.for_each(|id| sample.push(*id));
    });
    // A sample too small to tell from is compared in full.
    let much = sample.len() / MUCH_ONE_IN;
    sample.len() < SAMPLE_IDS_MIN || repeats(&sample, 0).count > much
}

#[inline(always)]
fn hash(id: i64) -> u64 {
    let mixed = id.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

#[inline(always)]
fn partition_of(id: i64, shift: u32) -> usize {
    usize::try_from(hash(id).unbounded_shr(shift)).unwrap_or(0)
}

/// An id and where in the list it stands: its low half, its high half, the place. An array, for
/// which zeroed memory is as good as any.
type Entry = [u32; 3];

#[inline(always)]
fn entry(id: i64, place: u32) -> Entry {
    let id = id.cast_unsigned();
    // The casts cut: each takes one half.
    [id as u32, (id >> 32) as u32, place]
}

#[inline(always)]
fn id_of([low, high, _]: Entry) -> i64 {
    (u64::from(high) << 32 | u64::from(low)).cast_signed()
}

/// Ids of some partitions, one partition after another, each in the order of the list.
#[derive(Default)]
struct Dealt {
    entries: Vec<Entry>,
    /// The place of the next id of each partition.
    next: Vec<u32>,
}

impl Dealt {
    /// Deals the ids whose partition is `first` or one of the `sizes.len()` that follow.
    fn deal(&mut self, ids: &IdList, shift: u32, first: usize, sizes: &[u32]) {
        let mut total = 0_u32;
        self.next.clear();
        for size in sizes {
            self.next.push(total);
            total = total.saturating_add(*size);
        }
        let total = usize::try_from(total).unwrap_or(0);
        if self.entries.len() < total {
            // A little more than this round needs: the next one has about as many, not fewer.
            let slack = total / 64;
            self.entries = Vec::new();
            self.entries = vec![[0; 3]; total.saturating_add(slack)];
        }
        let mut place = 0_u32;
        ids.each(|ids| {
            self.deal_some(ids, place, shift, first);
            place = place.wrapping_add(ids.len() as u32);
        });
    }

    /// Deals ids of which the first stands at `place`.
    #[inline(never)]
    fn deal_some(&mut self, ids: &[i64], place: u32, shift: u32, first: usize) {
        for (id, place) in ids.iter().zip(place..) {
            let partition = partition_of(*id, shift).wrapping_sub(first);
            let Some(next) = self.next.get_mut(partition) else { continue };
            let at = usize::try_from(*next).unwrap_or(usize::MAX);
            *next = next.wrapping_add(1);
            if let Some(room) = self.entries.get_mut(at) {
                *room = entry(*id, place);
            }
        }
    }

    fn partitions<'a>(&'a self, sizes: &'a [u32]) -> impl Iterator<Item = &'a [Entry]> {
        sizes.iter().zip(&self.next).map(|(size, end)| {
            let start = usize::try_from(end.saturating_sub(*size)).unwrap_or(0);
            let end = usize::try_from(*end).unwrap_or(0);
            self.entries.get(start..end).unwrap_or_default()
        })
    }
}

struct Search {
    found: Repeats,
    /// The smallest places of repeats so far, the largest of them on top.
    earliest: BinaryHeap<(u32, u32)>,
    earliest_max: usize,
    /// Open addressing: 0 is free, else one more than a place within the partition.
    table: Vec<u32>,
}

impl Search {
    #[inline(never)]
    fn partition(&mut self, entries: &[Entry]) {
        let slots = entries.len().saturating_mul(2).next_power_of_two();
        self.table.clear();
        self.table.resize(slots, 0);
        let mask = slots.wrapping_sub(1);
        let mut looks = entries.len().saturating_mul(LOOKS_PER_ID).saturating_add(64);
        for (here, entry) in (1_u32..).zip(entries) {
            let id = id_of(*entry);
            // The partition took the high bits, the slot takes low ones.
            let mut slot = usize::try_from((hash(id) >> 8) & 0xffff_ffff).unwrap_or(0) & mask;
            while let Some(held) = self.table.get_mut(slot) {
                if *held == 0 {
                    *held = here;
                    break;
                }
                let there = usize::try_from(held.wrapping_sub(1)).unwrap_or(usize::MAX);
                if let Some(there) = entries.get(there).filter(|there| id_of(**there) == id) {
                    self.repeat(entry[2], there[2]);
                    break;
                }
                slot = slot.wrapping_add(1) & mask;
                looks = looks.saturating_sub(1);
            }
            if looks == 0 {
                return self.sorted(entries, usize::try_from(here).unwrap_or(usize::MAX));
            }
        }
    }

    /// The rest of a partition, from the id at `done` on, by sorting: slower, but never quadratic.
    #[cold]
    fn sorted(&mut self, entries: &[Entry], done: usize) {
        let unsettled = entries.get(done).map_or(u32::MAX, |entry| entry[2]);
        let pairs: BinaryHeap<(i64, u32)> =
            entries.iter().map(|entry| (id_of(*entry), entry[2])).collect();
        let mut first = (0_i64, 0_u32);
        for (id, place) in pairs.into_sorted_vec() {
            if id != first.0 {
                first = (id, place);
            } else if place >= unsettled {
                self.repeat(place, first.1);
            }
        }
    }

    fn repeat(&mut self, place: u32, first: u32) {
        self.found.mark(place);
        if self.earliest.len() < self.earliest_max {
            self.earliest.push((place, first));
        } else if let Some(mut last) = self.earliest.peek_mut()
            && place < last.0
        {
            *last = (place, first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn check(ids: &[i64], earliest_max: usize) {
        check_found(ids, earliest_max, &repeats(&IdList::from(ids.to_vec()), earliest_max));
    }

    fn check_found(ids: &[i64], earliest_max: usize, found: &Repeats) {
        let mut firsts = HashMap::new();
        let mut expected = Vec::new();
        for (place, id) in (0_u32..).zip(ids) {
            let first = *firsts.entry(*id).or_insert(place);
            if first != place {
                expected.push((place, first));
            }
            assert_eq!(found.contains(place), first != place, "place {place}");
        }
        assert_eq!(found.count, expected.len());
        expected.truncate(earliest_max);
        assert_eq!(found.earliest, expected);
    }

    #[test]
    fn removing_leaves_the_first_of_each_in_order() {
        let list: IdList = (0..100_000).map(|n| n * 7 % 1_300 + 1).collect();
        let found = repeats(&list, 0);
        let expected: IdList = (0..1_300).map(|n| n * 7 % 1_300 + 1).collect();
        assert_eq!(found.removed_from(list), expected);
        assert_eq!(Repeats::default().removed_from(expected.clone()), expected);
    }

    #[test]
    fn agrees_with_a_hash_map_from_nothing_to_many_rounds() {
        let mut rng = 11;
        for (count, range) in [(0, 9), (1, 9), (2, 0), (500, 300), (40_000, 30_000), (70_000, 7)] {
            let ids: Vec<i64> = (0..count).map(|_| one_to(&mut rng, range)).collect();
            check(&ids, 1_000);
            check(&ids, 3);
        }
        // Either half of an id alone tells no two apart.
        check(&[7, 1 << 32 | 7, 7 << 32 | 1, 1, 2 << 32 | 7, 1 << 32 | 7], 9);
        let ids: Vec<i64> = (0..9_000).map(|_| one_to(&mut rng, 7_000)).collect();
        for (partition_ids, round_partitions) in [(40, 1), (7, 100), (64, 3), (9_000, 1)] {
            let found = repeats_by(&IdList::from(ids.clone()), 50, partition_ids, round_partitions);
            check_found(&ids, 50, &found);
        }
    }

    #[test]
    fn many_repeats_are_told_from_few() {
        let few: Vec<i64> = (0..1_200_000).map(|n| n % 1_150_000 + 1).collect();
        assert!(!may_repeat_much(&few.into()));
        let many: Vec<i64> = (0..1_200_000).map(|n| n % 600_000 + 1).collect();
        assert!(may_repeat_much(&many.into()));
    }

    #[test]
    fn a_sample_is_told_by_more_than_a_quarter_of_repeats_or_is_too_small() {
        let sampled = || (1_i64..).filter(|id| hash(*id).is_multiple_of(SAMPLE_ONE_IN));
        for (distinct, repeats, expected) in [
            (0, 0, true),
            (5, 0, true),
            (SAMPLE_IDS_MIN - 1, 0, true),
            (SAMPLE_IDS_MIN, 0, false),
            (768, 256, false),
            (767, 257, true),
        ] {
            let ids: IdList = sampled().take(distinct).chain(sampled().take(repeats)).collect();
            assert_eq!(may_repeat_much(&ids), expected, "{distinct} and {repeats} more");
        }
    }

    #[test]
    fn ids_are_dealt_evenly_among_the_partitions() {
        for first in [1_i64, 555_000_000, 1 << 40] {
            let mut sizes = [0; 64];
            (first..first + 6_400).for_each(|id| sizes[partition_of(id, 58)] += 1);
            assert!(sizes.iter().all(|size| (50..200).contains(size)), "{first}: {sizes:?}");
        }
    }

    /// An id from 1 to one above `range`, as chance has it.
    fn one_to(rng: &mut i64, range: u64) -> i64 {
        *rng += 1;
        i64::try_from(hash(*rng) % (range + 1)).unwrap() + 1
    }

    #[test]
    fn ids_in_a_row_repeat_nothing() {
        let ids: Vec<i64> = (555_000_000..555_300_000).collect();
        check(&ids, 10);
    }

    /// The id with a given hash: multiplication by an odd number and the shift can be undone.
    fn with_hash(hash: u64) -> i64 {
        let undo = |odd: u64| {
            (0..6).fold(odd, |inverse, _| {
                inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)))
            })
        };
        let mixed = hash.wrapping_mul(undo(0xd6e8_feb8_6659_fd93));
        let mixed = mixed ^ (mixed >> 32);
        mixed.wrapping_mul(undo(0x9e37_79b9_7f4a_7c15)).cast_signed()
    }

    #[test]
    fn ids_chosen_to_collide_are_still_compared_quickly() {
        assert_eq!(hash(with_hash(0x0123_4567_89ab_cdef)), 0x0123_4567_89ab_cdef);
        // 24 high bits free, slot bits all alike: every id goes to the same slot of one table.
        let mut ids: Vec<i64> = (0..200_000_u64)
            .map(|n| with_hash(((n >> 8) << 40) | (n & 0xff)))
            .filter(|id| *id > 0)
            .collect();
        assert!(ids.len() > 50_000);
        let again: Vec<i64> = ids.iter().step_by(3).copied().collect();
        ids.extend(again);
        // Quadratic time would be billions of looks.
        check(&ids, 1_000);
    }
}
