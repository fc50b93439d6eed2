//! A list of ids in little memory: ids are most of it while an input is read and, where outcomes
//! are taken as they settle, during the whole run.
//!
//! Ids are packed in blocks: the high bits that all ids of a block share are kept once. An id of
//! nine digits takes four bytes in any order, longer ones mostly too if they are close, and
//! consecutive ones mostly two. Growing moves no block and wastes little room.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

/// Ids in a block.
const BLOCK: usize = 4 << 10;

/// A list of ids. Equal lists are packed equally, however they were made.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct IdList {
    full: Vec<Block>,
    /// The ids after the last full block, fewer than a block.
    last: Vec<i64>,
}

impl IdList {
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.full.len().wrapping_mul(BLOCK).wrapping_add(self.last.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline(always)]
    pub fn push(&mut self, id: i64) {
        if self.last.len() == BLOCK {
            self.pack();
        }
        self.last.push(id);
    }

    #[cold]
    #[inline(never)]
    fn pack(&mut self) {
        self.full.push(Block::of(&self.last));
        self.last.clear();
    }

    /// Calls `take` with all ids, a slice at a time.
    #[inline(always)]
    pub(crate) fn each(&self, mut take: impl FnMut(&[i64])) {
        let mut room = Vec::with_capacity(BLOCK);
        for block in &self.full {
            take(block.all(&mut room));
        }
        take(&self.last);
    }

    /// The id at a place.
    #[inline(never)]
    pub fn get(&self, place: usize) -> Option<i64> {
        let within = place % BLOCK;
        match self.full.get(place / BLOCK) {
            Some(block) => block.get(within),
            None if place < self.len() => self.last.get(within).copied(),
            None => None,
        }
    }

    /// The ids at some places; `None` where they reach beyond the end.
    #[inline(never)]
    pub fn slice(&self, places: Range<usize>) -> Option<Vec<i64>> {
        if places.end > self.len() {
            return None;
        }
        let mut ids = Vec::with_capacity(places.len());
        let mut start = places.start;
        while start < places.end {
            let number = start / BLOCK;
            let first = number.wrapping_mul(BLOCK);
            let within = start.wrapping_sub(first)..places.end.wrapping_sub(first).min(BLOCK);
            match self.full.get(number) {
                Some(block) => block.read(within, &mut ids),
                None => ids.extend_from_slice(self.last.get(within).unwrap_or_default()),
            }
            start = first.wrapping_add(BLOCK);
        }
        Some(ids)
    }

    pub fn to_vec(&self) -> Vec<i64> {
        self.slice(0..self.len()).unwrap_or_default()
    }

    pub fn iter(&self) -> impl Iterator<Item = i64> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    /// The list without the ids at the places that `leaves_out` names. Each block is freed once it
    /// is copied.
    #[must_use]
    pub fn without(self, leaves_out: impl Fn(u32) -> bool) -> Self {
        let mut kept = Self::default();
        let mut place = 0_u32;
        let mut room = Vec::with_capacity(BLOCK);
        let mut add = |ids: &[i64]| {
            for id in ids {
                if !leaves_out(place) {
                    kept.push(*id);
                }
                place = place.wrapping_add(1);
            }
        };
        for block in self.full {
            add(block.all(&mut room));
        }
        add(&self.last);
        kept
    }
}

impl FromIterator<i64> for IdList {
    fn from_iter<T: IntoIterator<Item = i64>>(ids: T) -> Self {
        let mut list = Self::default();
        ids.into_iter().for_each(|id| list.push(id));
        list
    }
}

impl From<Vec<i64>> for IdList {
    fn from(ids: Vec<i64>) -> Self {
        ids.into_iter().collect()
    }
}

impl<T: AsRef<[i64]>> PartialEq<T> for IdList {
    fn eq(&self, other: &T) -> bool {
        self.iter().eq(other.as_ref().iter().copied())
    }
}

impl fmt::Debug for IdList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// One block of ids.
#[derive(Clone, PartialEq, Eq)]
struct Block {
    /// The bits that all of them share; zeros where they differ.
    high: i64,
    low: Low,
}

/// The low bits of each id, in the narrowest integer that the loops handle fast.
#[derive(Clone, PartialEq, Eq)]
enum Low {
    Two(Box<[u16]>),
    Four(Box<[u32]>),
    Eight(Box<[i64]>),
}

impl Block {
    fn of(ids: &[i64]) -> Self {
        let first = ids.first().copied().unwrap_or(0);
        let differing = ids.iter().fold(0, |bits, id| bits | (id ^ first)).cast_unsigned();
        // The casts cut: what they drop is the same for all.
        let (bits, low) = match differing {
            ..0x1_0000 => (0xffff, Low::Two(ids.iter().map(|id| *id as u16).collect())),
            0x1_0000..0x1_0000_0000 => {
                (0xffff_ffff, Low::Four(ids.iter().map(|id| *id as u32).collect()))
            }
            _ => (-1, Low::Eight(ids.into())),
        };
        Self { high: first & !bits, low }
    }

    fn get(&self, place: usize) -> Option<i64> {
        let low = match &self.low {
            Low::Two(low) => i64::from(*low.get(place)?),
            Low::Four(low) => i64::from(*low.get(place)?),
            Low::Eight(low) => *low.get(place)?,
        };
        Some(self.high | low)
    }

    /// Unpacks all ids within the packed buffer.
    #[inline(always)]
    fn all<'a>(&'a self, room: &'a mut Vec<i64>) -> &'a [i64] {
        if let Low::Eight(ids) = &self.low {
            return ids;
        }
        room.clear();
        self.read(0..BLOCK, room);
        room
    }

    #[inline(never)]
    fn read(&self, places: Range<usize>, ids: &mut Vec<i64>) {
        let high = self.high;
        match &self.low {
            Low::Two(low) => {
                let low = low.get(places).unwrap_or_default();
                ids.extend(low.iter().map(|low| high | i64::from(*low)));
            }
            Low::Four(low) => {
                let low = low.get(places).unwrap_or_default();
                ids.extend(low.iter().map(|low| high | i64::from(*low)));
            }
            Low::Eight(low) => ids.extend_from_slice(low.get(places).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COUNT: i64 = BLOCK as i64;

    #[test]
    fn ids_come_back_in_order_whatever_the_blocks() {
        for count in [0, 1, COUNT - 1, COUNT, COUNT + 1, 2 * COUNT, 50_000] {
            let list: IdList = (1..=count).collect();
            let length = usize::try_from(count).unwrap();
            assert_eq!((list.len(), list.is_empty()), (length, count == 0));
            assert_eq!((list.get(length), list.get(length + BLOCK)), (None, None));
            assert_eq!(list.get(length / 2), (count > 0).then_some(count / 2 + 1));
            assert!(list.iter().eq(1..=count));
            assert!(list.to_vec().into_iter().eq(1..=count));
            let mut shown = Vec::new();
            list.each(|ids| shown.extend_from_slice(ids));
            assert!(shown.into_iter().eq(1..=count));
        }
    }

    #[test]
    fn a_list_is_compared_and_shown_as_its_ids() {
        let list = IdList::from(vec![3, 1, 2]);
        assert_eq!(list, [3, 1, 2]);
        for other in [&[3, 1, 2, 4][..], &[3, 1], &[3, 2, 1], &[]] {
            assert_ne!(list, other);
        }
        assert_eq!(format!("{list:?}"), "[3, 1, 2]");
    }

    #[test]
    fn a_slice_has_the_ids_of_its_places_or_is_none() {
        let list: IdList = (0..3 * COUNT + 5).collect();
        let end = list.len();
        for places in [0..0, 0..1, BLOCK - 1..BLOCK + 1, 5..end, end - 5..end, end..end] {
            let expected = (0_i64..).skip(places.start).take(places.len());
            assert!(list.slice(places).unwrap().into_iter().eq(expected));
        }
        assert_eq!((list.slice(0..end + 1), list.slice(end..end + 1)), (None, None));
    }

    #[test]
    fn ids_take_the_bytes_that_their_block_needs() {
        let bytes = |ids: &dyn Fn(i64) -> i64| {
            let list: IdList = (0..=COUNT).map(ids).collect();
            assert!(list.iter().eq((0..=COUNT).map(ids)));
            match list.full[0].low {
                Low::Two(_) => 2,
                Low::Four(_) => 4,
                Low::Eight(_) => 8,
            }
        };
        assert_eq!(bytes(&|_| 7), 2);
        assert_eq!(bytes(&|n| i64::MAX - n), 2);
        assert_eq!(bytes(&|n| 100_000_000 + n * 7_777_777 % 900_000_000), 4);
        assert_eq!(bytes(&|n| (77 << 32) + n * 1_000_003), 4);
        assert_eq!(bytes(&|n| if n == 5 { 1 << 32 } else { 1 }), 8);
    }

    #[test]
    fn what_is_left_out_leaves_the_rest_in_order() {
        let list: IdList = (0..3 * COUNT + 5).collect();
        let even = list.clone().without(|place| place % 2 == 1);
        assert!(even.iter().eq((0..3 * COUNT + 5).step_by(2)));
        assert_eq!(list.clone().without(|_| false), list);
        assert!(list.without(|_| true).is_empty());
    }

    proptest! {
        #[test]
        fn a_block_gives_back_any_ids(ids: Vec<i64>, high: i64, shift in 0..64_u32) {
            let ids: Vec<i64> = ids.into_iter().map(|id| id >> shift ^ high).collect();
            let block = Block::of(&ids);
            let mut read = Vec::new();
            block.read(0..ids.len(), &mut read);
            prop_assert_eq!(&read, &ids);
            let one_by_one: Vec<i64> = (0..ids.len()).filter_map(|at| block.get(at)).collect();
            prop_assert_eq!(one_by_one, ids);
        }
    }
}
