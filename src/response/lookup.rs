//! Finds the slot of an id in its batch.

use alloc::vec;
use alloc::vec::Vec;

/// A hash table from keys to their positions in a list that the caller keeps.
#[derive(Default)]
pub struct Index {
    /// Position + 1, or 0 for an empty cell; a power of two long, at most half full.
    table: Vec<u32>,
}

impl Index {
    pub fn of(keys: &[i64]) -> Self {
        let room = keys.len().saturating_mul(2).max(16).next_power_of_two();
        let mut index = Self { table: vec![0; room] };
        for (position, key) in keys.iter().enumerate() {
            index.insert(*key, position);
        }
        index
    }

    /// The position of a key.
    #[inline]
    pub fn find(&self, keys: &[i64], key: i64) -> Option<usize> {
        let mut place = self.home(key);
        loop {
            let position = self.table.get(place)?.checked_sub(1)? as usize;
            if keys.get(position) == Some(&key) {
                return Some(position);
            }
            place = self.after(place);
        }
    }

    /// Adds a new key at the end of the list; false if the list has it already.
    pub fn push(&mut self, keys: &mut Vec<i64>, key: i64) -> bool {
        if self.find(keys, key).is_some() {
            return false;
        }
        keys.push(key);
        if keys.len().saturating_mul(2) > self.table.len() {
            *self = Self::of(keys);
        } else {
            self.insert(key, keys.len().wrapping_sub(1));
        }
        true
    }

    fn insert(&mut self, key: i64, position: usize) {
        let mut place = self.home(key);
        while self.table.get(place).is_some_and(|taken| *taken != 0) {
            place = self.after(place);
        }
        if let Some(free) = self.table.get_mut(place) {
            *free = u32::try_from(position).unwrap_or(u32::MAX).saturating_add(1);
        }
    }

    /// Fibonacci hashing: the high bits of the product depend on every bit of the key.
    #[inline(always)]
    fn home(&self, key: i64) -> usize {
        let product = (key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (product >> 32) as usize & self.table.len().wrapping_sub(1)
    }

    #[inline(always)]
    fn after(&self, place: usize) -> usize {
        place.wrapping_add(1) & self.table.len().wrapping_sub(1)
    }
}

/// Finds slots, mostly without a search, because answers keep the order of the request.
#[derive(Default)]
pub struct Lookup {
    /// The slot after the last one taken.
    next: usize,
    /// Built when the answer turns out to be in another order.
    index: Option<Index>,
}

/// Slots searched linearly before an index is built; enough to skip ids that the service omitted.
const AHEAD: usize = 8;

impl Lookup {
    #[inline(always)]
    pub fn find(&mut self, ids: &[i64], id: i64) -> Option<usize> {
        match ids.get(self.next) {
            Some(expected) if *expected == id => Some(self.next),
            _ => self.search(ids, id),
        }
    }

    /// Records that this slot was taken: the next entry is expected after it.
    #[inline(always)]
    pub fn taken(&mut self, slot: usize) {
        self.next = slot.wrapping_add(1);
    }

    #[cold]
    #[inline(never)]
    fn search(&mut self, ids: &[i64], id: i64) -> Option<usize> {
        if self.index.is_none() {
            let ahead = ids.iter().skip(self.next).take(AHEAD).position(|other| *other == id);
            if let Some(distance) = ahead {
                return Some(self.next.wrapping_add(distance));
            }
        }
        self.index.get_or_insert_with(|| Index::of(ids)).find(ids, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_index_finds_nothing() {
        assert_eq!(Index::default().find(&[], 1), None);
        assert_eq!(Index::of(&[]).find(&[], 1), None);
        assert_eq!(Lookup::default().find(&[], 1), None);
    }

    #[test]
    fn keys_are_spread_over_the_table() {
        for (first, step) in [(1_i64, 1), (555_000_000, 1), (1 << 40, 1), (7, 1 << 16)] {
            let keys: Vec<i64> = (0..1_000).map(|n| first + n * step).collect();
            let index = Index::of(&keys);
            let homes = keys.iter().map(|key| index.home(*key));
            let homes = homes.collect::<std::collections::HashSet<_>>().len();
            assert!(homes > 600, "{homes} homes of keys from {first} on");
        }
    }

    #[test]
    fn gaps_in_the_order_need_no_index() {
        let ids: Vec<i64> = (1..100).collect();
        let mut lookup = Lookup::default();
        for id in ids.iter().filter(|id| *id % 7 != 0) {
            let slot = lookup.find(&ids, *id).unwrap();
            assert_eq!(ids[slot], *id);
            assert_eq!(lookup.find(&ids, *id), Some(slot), "asking moves nothing");
            lookup.taken(slot);
            assert_eq!(lookup.next, slot + 1);
        }
        assert!(lookup.index.is_none());
        assert_eq!(lookup.find(&ids, 1), Some(0));
        assert!(lookup.index.is_some());
        assert_eq!((lookup.find(&ids, 100), lookup.find(&ids, -1)), (None, None));
    }

    proptest! {
        #[test]
        fn any_order_finds_every_slot(keys in prop::collection::hash_set(1_i64.., 0..200)) {
            let ids: Vec<i64> = keys.iter().copied().collect();
            let mut sorted: Vec<(i64, usize)> = ids.iter().copied().zip(0..).collect();
            sorted.sort_unstable();
            let mut lookup = Lookup::default();
            for (id, slot) in sorted {
                prop_assert_eq!(lookup.find(&ids, id), Some(slot));
                prop_assert_eq!(lookup.find(&ids, -id), None);
                lookup.taken(slot);
            }
        }

        #[test]
        fn a_growing_index_knows_what_it_has(keys: Vec<i8>) {
            let (mut index, mut list) = (Index::default(), Vec::new());
            let mut seen = std::collections::HashSet::new();
            for key in keys {
                prop_assert_eq!(index.push(&mut list, i64::from(key)), seen.insert(key));
            }
            prop_assert_eq!(list.len(), seen.len());
        }
    }
}
