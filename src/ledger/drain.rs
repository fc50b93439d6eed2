//! Issuances that are kept only until the caller took them: a few batches instead of the whole run.

use super::{Issuance, Ledger, place, set};
use crate::response::NO_TIME;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

#[derive(Clone, Default)]
pub(super) struct Drain {
    /// Batches that were answered and not yet forgotten, few at any time.
    open: Vec<(Range<u32>, Vec<Issuance>)>,
    /// Forgotten rows as sorted ranges that do not touch. Batches end nearly in the order of their
    /// rows, so the ranges are few.
    forgotten: Vec<Range<u32>>,
}

impl Ledger {
    /// Keeps issuances only until their rows are forgotten, for a caller who takes them as they
    /// settle.
    pub fn drain(&mut self) {
        self.drain = Some(Drain::default());
    }

    /// Prepares for issuances of these rows: a draining ledger makes room for just them.
    pub fn expect(&mut self, rows: &Range<u32>) {
        if let Some(drain) = &mut self.drain {
            drain.open(rows);
        }
    }

    /// Drops the details of these rows, if the ledger drains: the caller has them.
    pub fn forget(&mut self, rows: &Range<u32>) {
        if let Some(drain) = &mut self.drain {
            drain.forget(rows);
        }
        for row in rows.clone() {
            set(&mut self.extra, place(row), None);
        }
    }

    pub fn is_forgotten(&self, row: u32) -> bool {
        self.kept_from(row) != Some(row)
    }

    /// The first row from `row` on that is not forgotten; `None` if there is none.
    pub fn kept_from(&self, row: u32) -> Option<u32> {
        let kept = self.drain.as_ref().map_or(row, |drain| drain.kept_from(row));
        (kept < self.rows()).then_some(kept)
    }
}

const NONE: Issuance = Issuance { id: [0; 12], event_time: NO_TIME, valid_till: NO_TIME };

impl Drain {
    pub(super) fn open(&mut self, rows: &Range<u32>) {
        self.open.push((rows.clone(), vec![NONE; rows.len()]));
    }

    /// The room for just these rows, if it was made.
    pub(super) fn room(&mut self, rows: &Range<u32>) -> Option<&mut [Issuance]> {
        let (_, kept) = self.open.iter_mut().find(|(open, _)| open == rows)?;
        Some(kept)
    }

    /// False if there is no room for the row.
    pub(super) fn keep(&mut self, row: u32, issuance: &Issuance) -> bool {
        let found = self.open.iter_mut().find(|(rows, _)| rows.contains(&row));
        let Some((rows, kept)) = found else { return false };
        let Some(slot) = kept.get_mut(place(row.saturating_sub(rows.start))) else { return false };
        *slot = *issuance;
        true
    }

    pub(super) fn issuance(&self, row: u32) -> Option<Issuance> {
        let (rows, kept) = self.open.iter().find(|(rows, _)| rows.contains(&row))?;
        kept.get(place(row.saturating_sub(rows.start))).copied()
    }

    pub(super) fn forget(&mut self, rows: &Range<u32>) {
        self.open.retain(|(open, _)| open.start < rows.start || open.end > rows.end);
        let at = self.forgotten.partition_point(|range| range.start < rows.start);
        self.forgotten.insert(at, rows.clone());
        let mut merged: Vec<Range<u32>> = Vec::with_capacity(self.forgotten.len());
        for range in self.forgotten.drain(..) {
            match merged.last_mut() {
                Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        self.forgotten = merged;
    }

    /// The first row from `row` on that is not forgotten; there may be no such row.
    pub(super) fn kept_from(&self, row: u32) -> u32 {
        let at = self.forgotten.partition_point(|range| range.end <= row);
        let found = self.forgotten.get(at).filter(|range| range.contains(&row));
        found.map_or(row, |range| range.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuance(time: i64) -> Issuance {
        Issuance { id: [7; 12], event_time: time, valid_till: NO_TIME }
    }

    #[test]
    fn issuances_are_there_until_their_rows_are_forgotten() {
        let mut drain = Drain::default();
        assert!(!drain.keep(5, &issuance(1)), "nothing expects it");
        drain.open(&(4..7));
        drain.open(&(10..12));
        assert!(drain.keep(5, &issuance(1)) && drain.keep(11, &issuance(2)));
        assert_eq!(drain.issuance(5), Some(issuance(1)));
        assert_eq!((drain.issuance(4), drain.issuance(7)), (Some(NONE), None));
        drain.forget(&(4..7));
        assert_eq!((drain.issuance(5), drain.issuance(11)), (None, Some(issuance(2))));
    }

    #[test]
    fn a_batch_is_there_until_all_of_it_is_forgotten() {
        for (rows, is_left) in [
            (0..4, true),
            (4..6, true),
            (5..7, true),
            (5..9, true),
            (7..9, true),
            (4..7, false),
            (3..7, false),
            (4..8, false),
            (0..9, false),
        ] {
            let mut drain = Drain::default();
            drain.open(&(4..7));
            assert!(drain.keep(4, &issuance(1)) && drain.keep(6, &issuance(2)));
            assert!(!drain.keep(3, &issuance(3)) && !drain.keep(7, &issuance(3)));
            drain.forget(&rows);
            assert_eq!(drain.issuance(6), is_left.then(|| issuance(2)), "{rows:?}");
            assert_eq!(drain.room(&(4..7)).is_some(), is_left, "{rows:?}");
            assert!(drain.room(&(4..6)).is_none());
        }
    }

    #[test]
    fn rows_are_forgotten_as_they_are_named_however_they_overlap() {
        let ranges = || (0..6_u32).flat_map(|start| (start + 1..=6).map(move |end| start..end));
        for [first, second] in ranges().flat_map(|a| ranges().map(move |b| [a.clone(), b])) {
            for third in [0..1, 2..4, 3..6] {
                let named = [first.clone(), second.clone(), third];
                let mut drain = Drain::default();
                named.iter().for_each(|rows| drain.forget(rows));
                let is_named = |row: &u32| named.iter().any(|rows| rows.contains(row));
                for row in 0..8 {
                    let kept = (row..9).find(|row| !is_named(row));
                    assert_eq!(Some(drain.kept_from(row)), kept, "{row} of {named:?}");
                }
                let apart = drain.forgotten.windows(2).all(|pair| pair[0].end < pair[1].start);
                assert!(apart, "{:?}", drain.forgotten);
            }
        }
    }

    #[test]
    fn forgotten_rows_are_merged_in_whatever_order_they_come() {
        let mut drain = Drain::default();
        for rows in [4..6, 0..2, 8..9, 2..4] {
            drain.forget(&rows);
        }
        assert_eq!(drain.forgotten, [0..6, 8..9]);
        let kept: Vec<u32> = (0..12).map(|row| drain.kept_from(row)).collect();
        assert_eq!(kept, [6, 6, 6, 6, 6, 6, 6, 7, 9, 9, 10, 11]);
    }
}
