//! Which line each id stood in, without a number per id: only where the next line does not follow.

use alloc::vec::Vec;

/// Lines of the ids in the order they came.
#[derive(Debug, Default)]
pub struct Places {
    /// First id of a stretch whose lines follow one another, and its line.
    stretches: Vec<(u32, u64)>,
    length: u32,
    /// The line that continues the last stretch.
    next: u64,
}

impl Places {
    #[inline(always)]
    pub fn push(&mut self, line: u64) {
        if line != self.next {
            self.stretches.push((self.length, line));
        }
        self.next = line.wrapping_add(1);
        self.length = self.length.saturating_add(1);
    }

    /// The line of the id at `index`; 0 where there is none.
    pub fn line(&self, index: u32) -> u64 {
        let after = self.stretches.partition_point(|(first, _)| *first <= index);
        let stretch = after.checked_sub(1).and_then(|at| self.stretches.get(at));
        stretch.map_or(0, |(first, line)| line.wrapping_add(u64::from(index.wrapping_sub(*first))))
    }

    /// The same for the ids for which `keeps` is true.
    pub fn kept(&self, keeps: impl Fn(u32) -> bool) -> Self {
        let mut kept = Self::default();
        let ends = self.stretches.iter().skip(1).map(|(first, _)| *first);
        let ends = ends.chain(core::iter::once(self.length));
        for ((first, line), end) in self.stretches.iter().zip(ends) {
            for index in (*first..end).filter(|index| keeps(*index)) {
                kept.push(line.wrapping_add(u64::from(index.wrapping_sub(*first))));
            }
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_comes_back_and_stretches_stay_few() {
        let lines = [2, 3, 4, 9, 10, 10, 7, 8, 1_000_000_000_000];
        let mut places = Places::default();
        lines.iter().for_each(|line| places.push(*line));
        for (index, line) in lines.iter().enumerate() {
            assert_eq!(places.line(u32::try_from(index).unwrap()), *line);
        }
        assert_eq!(places.stretches.len(), 5);
        assert_eq!(Places::default().line(3), 0);

        let odd = places.kept(|index| index % 2 == 1);
        let odd: Vec<u64> = (0..4).map(|index| odd.line(index)).collect();
        assert_eq!(odd, [3, 9, 10, 8]);
    }
}
