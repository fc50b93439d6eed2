//! Ids in blocks: growing moves nothing and leaves no room unused, as ids are the largest thing in
//! memory while an input is read.

use super::distinct::Repeats;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;

/// Ids of a block, at most; it has 512 KiB.
const BLOCK_IDS: usize = 64 << 10;
const BLOCK_IDS_MIN: usize = 1 << 10;

/// A list of ids.
#[derive(Debug, Default)]
pub struct List {
    full: Vec<Vec<i64>>,
    last: Vec<i64>,
    /// Ids in the full blocks.
    before: usize,
}

impl From<Vec<i64>> for List {
    fn from(ids: Vec<i64>) -> Self {
        Self { before: ids.len(), full: vec![ids], last: Vec::new() }
    }
}

impl List {
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.before.wrapping_add(self.last.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline(always)]
    pub fn push(&mut self, id: i64) {
        if self.last.len() == self.last.capacity() {
            self.next_block();
        }
        self.last.push(id);
    }

    #[cold]
    #[inline(never)]
    fn next_block(&mut self) {
        let size = self.len().clamp(BLOCK_IDS_MIN, BLOCK_IDS);
        let full = mem::replace(&mut self.last, Vec::with_capacity(size));
        self.before = self.before.wrapping_add(full.len());
        if !full.is_empty() {
            self.full.push(full);
        }
    }

    /// All ids, block by block.
    pub fn blocks(&self) -> impl Iterator<Item = &[i64]> {
        self.full.iter().chain([&self.last]).map(Vec::as_slice)
    }

    /// The id at a place, found by going through the blocks.
    pub fn get(&self, place: usize) -> Option<i64> {
        let mut place = place;
        for block in self.blocks() {
            if let Some(id) = block.get(place) {
                return Some(*id);
            }
            place = place.wrapping_sub(block.len());
        }
        None
    }

    /// Takes the ids out in one piece, without those that repeat an earlier one, which were found
    /// in this list. Each block is freed once it is copied.
    pub fn take_without(&mut self, repeats: &Repeats) -> Vec<i64> {
        let kept = self.len().saturating_sub(repeats.count);
        let mut ids = Vec::with_capacity(kept);
        let mut place = 0_u32;
        for block in self.full.iter_mut().chain([&mut self.last]) {
            for id in &mem::take(block) {
                // What was counted is always room enough; growing would be more code.
                if !repeats.contains(place) && ids.len() < kept {
                    ids.push(*id);
                }
                place = place.wrapping_add(1);
            }
        }
        *self = Self::default();
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distinct::repeats;

    fn list(ids: impl IntoIterator<Item = i64>) -> List {
        let mut list = List::default();
        ids.into_iter().for_each(|id| list.push(id));
        list
    }

    #[test]
    fn ids_come_back_in_order_whatever_the_blocks() {
        for count in [0, 1, 1_024, 1_025, 200_000] {
            let mut list = list(1..=count);
            assert_eq!(list.len(), usize::try_from(count).unwrap());
            assert_eq!(list.is_empty(), count == 0);
            assert_eq!(list.get(list.len()), None);
            assert_eq!(list.get(list.len() / 2), (count > 0).then_some(count / 2 + 1));
            let ids = list.take_without(&Repeats::default());
            assert_eq!(ids.capacity(), ids.len());
            assert!(list.is_empty());
            assert!(ids.into_iter().eq(1..=count));
        }
    }

    #[test]
    fn blocks_leave_little_room_unused() {
        let mut list = list(1..=300_000);
        let room: usize = list.full.iter().map(Vec::capacity).sum();
        assert!(room + list.last.capacity() <= 300_000 + BLOCK_IDS);
        let one_block = List::from(list.take_without(&Repeats::default()));
        assert_eq!((one_block.len(), one_block.get(299_999)), (300_000, Some(300_000)));
    }

    #[test]
    fn removing_leaves_the_first_of_each_in_order() {
        let mut list = list((0..100_000).map(|n| n * 7 % 1_300 + 1));
        let found = repeats(&list, 0);
        let expected = (0..1_300).map(|n| n * 7 % 1_300 + 1);
        assert!(list.take_without(&found).into_iter().eq(expected));
    }
}
