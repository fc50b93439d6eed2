//! Takes the ids and problems that the readers find and makes the [`Input`] of them.

use super::distinct::{self, Repeats};
use super::error::IntakeError;
use super::ids::Ids;
use super::places::Places;
use super::problem::{Problem, ProblemReason};
use super::text::{trimmed, visible};
use super::{Dedupe, Input, Layout};
use crate::id::CustomerId;
use crate::id::IdList;
use crate::limits::{
    IDS_MAX, INTAKE_UNCOMPARED_IDS_MAX, LINE_BYTES_MAX, PROBLEM_TEXT_BYTES_MAX, PROBLEMS_KEPT,
};
use crate::scan::digits::parse_customer;
use alloc::vec::Vec;
use core::mem;

#[derive(Debug)]
pub struct Collector {
    dedupe: Dedupe,
    /// Its bound is how many may be held before repeats among them are dropped.
    pub ids: Ids,
    uncompared_max: usize,
    column: u32,
    invalid: u64,
    duplicate: u64,
    blank: u64,
    /// Both in the order of the input, at most [`PROBLEMS_KEPT`] each.
    invalid_kept: Vec<Problem>,
    duplicate_kept: Vec<Problem>,
}

impl Collector {
    pub fn new(dedupe: Dedupe) -> Self {
        Self::with_uncompared_max(dedupe, INTAKE_UNCOMPARED_IDS_MAX)
    }

    /// `uncompared_max`: how many ids may be held beyond twice the distinct ones.
    fn with_uncompared_max(dedupe: Dedupe, uncompared_max: usize) -> Self {
        let (max, places) = match dedupe {
            Dedupe::Exact => (uncompared_max.min(IDS_MAX), Some(Places::default())),
            Dedupe::TrustInput => (IDS_MAX, None),
        };
        Self {
            dedupe,
            ids: Ids { list: IdList::default(), places, max },
            uncompared_max,
            column: 1,
            invalid: 0,
            duplicate: 0,
            blank: 0,
            invalid_kept: Vec::new(),
            duplicate_kept: Vec::new(),
        }
    }

    /// The column of every problem from now on, counted from 1.
    pub fn set_column(&mut self, column: u32) {
        self.column = column;
    }

    /// A valid id. Fails only where there are too many.
    pub fn id(&mut self, id: i64, line: u64) -> Result<(), IntakeError> {
        if !self.ids.push(id, line) {
            self.make_room()?;
            self.ids.push(id, line);
        }
        Ok(())
    }

    /// A text where an id should be; blanks around it do not count.
    pub fn text(&mut self, text: &[u8], line: u64) -> Result<(), IntakeError> {
        if text.len() > LINE_BYTES_MAX {
            self.problem(ProblemReason::TooLong, text, line);
            return Ok(());
        }
        let text = trimmed(text);
        if let Some(id) = parse_customer(text) {
            return self.id(id, line);
        }
        match CustomerId::parse(text) {
            Ok(id) => self.id(id.get(), line),
            Err(error) => {
                self.problem(ProblemReason::Invalid(error), text, line);
                Ok(())
            }
        }
    }

    /// Counts something that should have been an id.
    pub fn problem(&mut self, reason: ProblemReason, text: &[u8], line: u64) {
        self.invalid = self.invalid.saturating_add(1);
        if self.invalid_kept.len() < PROBLEMS_KEPT {
            let text = visible(text, PROBLEM_TEXT_BYTES_MAX).into_bytes().into();
            self.invalid_kept.push(Problem { line, column: self.column, reason, text });
        }
    }

    pub fn blank(&mut self) {
        self.blank = self.blank.saturating_add(1);
    }

    #[cold]
    fn make_room(&mut self) -> Result<(), IntakeError> {
        let full = self.ids.max == IDS_MAX;
        if self.dedupe == Dedupe::Exact && (full || distinct::may_repeat_much(&self.ids.list)) {
            let repeats = self.repeats();
            let places = self.ids.places.take();
            self.ids.places = places.map(|all| all.kept(|place| !repeats.contains(place)));
            self.ids.list = repeats.removed_from(mem::take(&mut self.ids.list));
        }
        let held = self.ids.list.len();
        self.ids.max = held.saturating_mul(2).saturating_add(self.uncompared_max).min(IDS_MAX);
        // Near the limit a comparison that frees little would soon have to be repeated.
        let enough = if self.ids.max < IDS_MAX { 1 } else { IDS_MAX / 64 };
        let free = self.ids.max.saturating_sub(held);
        if free >= enough { Ok(()) } else { Err(IntakeError::TooManyIds) }
    }

    /// The line of the id at this place.
    fn line(&self, place: u32) -> u64 {
        self.ids.places.as_ref().map_or(0, |places| places.line(place))
    }

    /// Finds the repeats among what is held, counts and keeps them.
    fn repeats(&mut self) -> Repeats {
        let wanted = PROBLEMS_KEPT.saturating_sub(self.duplicate_kept.len());
        let repeats = distinct::repeats(&self.ids.list, wanted);
        for (place, first) in &repeats.earliest {
            let id = usize::try_from(*place).ok().and_then(|place| self.ids.list.get(place));
            let mut text = Vec::new();
            if let Some(Ok(id)) = id.map(CustomerId::new) {
                id.write(&mut text);
            }
            self.duplicate_kept.push(Problem {
                line: self.line(*place),
                column: self.column,
                reason: ProblemReason::Duplicate { first_line: self.line(*first) },
                text: text.into(),
            });
        }
        let count = u64::try_from(repeats.count).unwrap_or(u64::MAX);
        self.duplicate = self.duplicate.saturating_add(count);
        repeats
    }

    pub fn finish(mut self, layout: Layout) -> Result<Input, IntakeError> {
        let repeats = match self.dedupe {
            Dedupe::Exact => self.repeats(),
            Dedupe::TrustInput => Repeats::default(),
        };
        let ids = repeats.removed_from(self.ids.list);
        let distinct = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        let given = distinct.saturating_add(self.invalid).saturating_add(self.duplicate);
        if given == 0 {
            return Err(IntakeError::NoIds);
        }
        Ok(Input {
            ids,
            given,
            invalid: self.invalid,
            duplicate: self.duplicate,
            blank: self.blank,
            problems: merged(self.invalid_kept, self.duplicate_kept),
            layout,
        })
    }
}

/// The first [`PROBLEMS_KEPT`] of both by line.
fn merged(left: Vec<Problem>, right: Vec<Problem>) -> Vec<Problem> {
    let mut left = left.into_iter().peekable();
    let mut right = right.into_iter().peekable();
    let next = || match (left.peek(), right.peek()) {
        (Some(a), Some(b)) if b.line < a.line => right.next(),
        (Some(_), _) => left.next(),
        (None, _) => right.next(),
    };
    core::iter::from_fn(next).take(PROBLEMS_KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids_of(dedupe: Dedupe, uncompared_max: usize, ids: &[i64]) -> Input {
        let mut collector = Collector::with_uncompared_max(dedupe, uncompared_max);
        for (line, id) in (1..).zip(ids) {
            collector.id(*id, line).unwrap();
        }
        collector.finish(Layout::default()).unwrap()
    }

    #[test]
    fn repeats_dropped_on_the_way_change_nothing() {
        let ids: Vec<i64> = (0..5_000_i64).map(|n| n * n % 997 + 1).collect();
        let at_the_end = ids_of(Dedupe::Exact, 1 << 20, &ids);
        assert_eq!(at_the_end.given, 5_000);
        assert_eq!(at_the_end.problems.len(), PROBLEMS_KEPT);
        for uncompared_max in [1, 2, 7, 100, 4_999] {
            assert_eq!(ids_of(Dedupe::Exact, uncompared_max, &ids), at_the_end);
        }
        let trusted = ids_of(Dedupe::TrustInput, 1, &ids);
        assert_eq!((trusted.ids.len(), trusted.duplicate), (5_000, 0));
    }

    #[test]
    fn repeats_take_no_room() {
        let mut collector = Collector::with_uncompared_max(Dedupe::Exact, 64);
        for line in 1..=100_000 {
            collector.id(i64::try_from(line % 10).unwrap() + 1, line).unwrap();
            assert!(collector.ids.list.len() <= 64 + 2 * 10);
        }
    }

    #[test]
    fn problems_are_bounded_ordered_and_counted() {
        let mut collector = Collector::new(Dedupe::Exact);
        for line in 1..=3_000 {
            if line % 2 == 0 {
                collector.id(5, line).unwrap();
            } else {
                collector.text(&[b'x'; 200], line).unwrap();
            }
        }
        let input = collector.finish(Layout::default()).unwrap();
        assert_eq!((input.given, input.invalid, input.duplicate), (3_000, 1_500, 1_499));
        assert_eq!(input.problems.len(), PROBLEMS_KEPT);
        assert!(input.problems.iter().all(|problem| problem.text.len() <= PROBLEM_TEXT_BYTES_MAX));
        let lines: Vec<u64> = input.problems.iter().map(|problem| problem.line).collect();
        assert!(lines.is_sorted());
        assert_eq!(lines[..3], [1, 3, 4]);
        assert_eq!(input.problems[2].reason, ProblemReason::Duplicate { first_line: 2 });
        assert_eq!(&*input.problems[2].text, b"5");
    }
}
