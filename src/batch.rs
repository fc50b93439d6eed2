//! Batches: ids that travel in one request. A batch is a range of the ledger's rows, so that
//! sealing, splitting and retrying copy no ids.

use crate::id::BatchId;
use crate::outcome::Cause;
use crate::time::Instant;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

/// The ids of one request. Once sealed its rows never change; a split makes new batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub id: BatchId,
    /// Rows of the ledger.
    pub rows: Range<u32>,
    /// Sendings that count as attempts; a 429 does not.
    pub attempts: u32,
    /// All sendings, 429s included; the attempt's number on the wire and in the journal.
    pub sendings: u32,
    pub not_before: Instant,
    /// The cause for which an earlier sending may have been processed, where the policy resends it
    /// anyway. Its ids can then end only as issued or unknown; halves inherit it.
    pub ambiguity: Option<Box<Cause>>,
}

impl Batch {
    pub fn len(&self) -> u32 {
        self.rows.end.saturating_sub(self.rows.start)
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// True if the batch was never sent. One that an earlier process left ambiguous was.
    pub const fn is_new(&self) -> bool {
        self.sendings == 0 && self.ambiguity.is_none()
    }
}

/// The batches that wait to be sent: rows not yet sealed, and batches to resend.
#[derive(Debug)]
pub struct Queue {
    /// Rows that are not sealed yet, the next ones last; one range unless the run was resumed.
    open: Vec<Range<u32>>,
    size: u32,
    /// Batches to resend: no more than were in flight at once, and their halves.
    returned: Vec<Batch>,
    next_id: u32,
}

impl Queue {
    pub fn new(rows: u32, size: u32) -> Self {
        Self::of(core::iter::once(0..rows).collect(), size, 0)
    }

    /// The unsent rows of a resumed run, in order; `next_id` numbers the next batch.
    pub fn of(mut rows: Vec<Range<u32>>, size: u32, next_id: u32) -> Self {
        rows.retain(|range| !range.is_empty());
        rows.reverse();
        Self { open: rows, size: size.max(1), returned: Vec::new(), next_id }
    }

    /// The batch to send at `now`. Batches to resend go first, in the order in which they came
    /// back.
    pub fn pop(&mut self, now: Instant) -> Option<Batch> {
        let due = self.returned.iter().position(|batch| batch.not_before <= now);
        match due {
            Some(place) => Some(self.returned.remove(place)),
            None => self.seal(),
        }
    }

    /// The instant at which [`Queue::pop`] has a batch; `None` when nothing is left.
    pub fn ready_at(&self) -> Option<Instant> {
        if !self.open.is_empty() {
            return Some(Instant::START);
        }
        self.returned.iter().map(|batch| batch.not_before).min()
    }

    pub fn push(&mut self, batch: Batch) {
        self.returned.push(batch);
    }

    /// Queues rows that may have been processed, and are to be resent all the same, as one batch.
    pub fn push_ambiguous(&mut self, rows: Range<u32>, ambiguity: Cause) {
        let batch = Batch { ambiguity: Some(Box::new(ambiguity)), ..self.new_batch(rows) };
        self.returned.push(batch);
    }

    /// Takes back a batch that was popped but not sent: its rows go first again. One that was never
    /// sent is sealed anew, because the batch size may shrink meanwhile.
    pub fn put_back(&mut self, batch: Batch) {
        if batch.is_new() {
            self.open.push(batch.rows);
        } else {
            self.returned.insert(0, batch);
        }
    }

    /// Queues both halves before all else, so that a refused batch is finished before new ones
    /// begin. False if the batch is a single id.
    #[must_use]
    pub fn push_halves(&mut self, batch: &Batch) -> bool {
        let Some(middle) = middle(&batch.rows) else { return false };
        for rows in [middle..batch.rows.end, batch.rows.start..middle] {
            let half = Batch { ambiguity: batch.ambiguity.clone(), ..self.new_batch(rows) };
            self.returned.insert(0, half);
        }
        true
    }

    /// Batches sealed from now on hold at most this many ids.
    pub fn shrink(&mut self, size: u32) {
        self.size = self.size.min(size.max(1));
    }

    /// Takes all waiting rows, for a run that stops, each range with the cause of its ambiguity.
    pub fn drain(&mut self) -> impl Iterator<Item = (Range<u32>, Option<Box<Cause>>)> + use<> {
        let open = core::mem::take(&mut self.open).into_iter().rev().map(|rows| (rows, None));
        let returned = core::mem::take(&mut self.returned);
        let returned = returned.into_iter().map(|batch| (batch.rows, batch.ambiguity));
        returned.chain(open)
    }

    /// The next open rows. `limits` proves that even the largest batch fits into one body.
    fn seal(&mut self) -> Option<Batch> {
        let open = self.open.last_mut()?;
        let start = open.start;
        let end = start.saturating_add(self.size).min(open.end);
        open.start = end;
        if end == open.end {
            self.open.pop();
        }
        Some(self.new_batch(start..end))
    }

    fn new_batch(&mut self, rows: Range<u32>) -> Batch {
        let id = BatchId(self.next_id);
        self.next_id = self.next_id.saturating_add(1);
        Batch { id, rows, attempts: 0, sendings: 0, not_before: Instant::START, ambiguity: None }
    }
}

/// The row at which a range of two or more is halved.
fn middle(rows: &Range<u32>) -> Option<u32> {
    let half = rows.end.checked_sub(rows.start)? / 2;
    if half == 0 { None } else { rows.start.checked_add(half) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Reason, Unknown};

    const NOW: Instant = Instant::START;

    fn sealed(rows: u32, size: u32) -> Vec<Range<u32>> {
        let mut queue = Queue::new(rows, size);
        core::iter::from_fn(|| queue.pop(NOW).map(|batch| batch.rows)).collect()
    }

    #[test]
    fn batches_cover_every_row_once_in_order() {
        assert_eq!(sealed(5, 2), [0..2, 2..4, 4..5]);
        assert_eq!(sealed(4, 4), vec![0..4; 1]);
        assert_eq!(sealed(0, 4), []);
        assert_eq!(sealed(2, 0), [0..1, 1..2]);
    }

    #[test]
    fn halves_come_before_new_rows_and_cover_the_whole() {
        let mut queue = Queue::new(6, 5);
        let batch = queue.pop(NOW).unwrap();
        assert!(queue.push_halves(&batch));
        let first = queue.pop(NOW).unwrap();
        assert_eq!(first.rows, 0..2);
        assert_eq!(queue.pop(NOW).unwrap().rows, 2..5);
        assert_eq!(queue.pop(NOW).unwrap().rows, 5..6);
        let one = Batch { rows: 0..1, ..first };
        assert!(!queue.push_halves(&one));
    }

    #[test]
    fn halves_inherit_the_ambiguity() {
        let mut queue = Queue::new(4, 4);
        let ambiguity = Some(Box::new(Cause::new(Reason::Unknown(Unknown::Timeout))));
        let batch = Batch { ambiguity: ambiguity.clone(), ..queue.pop(NOW).unwrap() };
        assert!(queue.push_halves(&batch));
        let halves: Vec<_> = queue.drain().collect();
        assert_eq!(halves, [(0..2, ambiguity.clone()), (2..4, ambiguity)]);
    }

    #[test]
    fn a_batch_that_waits_lets_others_pass() {
        let mut queue = Queue::new(3, 2);
        let mut batch = queue.pop(NOW).unwrap();
        batch.not_before = Instant::from_millis(50);
        queue.push(batch);
        assert_eq!(queue.pop(NOW).unwrap().rows, 2..3);
        assert_eq!(queue.pop(NOW), None);
        assert_eq!(queue.ready_at(), Some(Instant::from_millis(50)));
        assert_eq!(queue.pop(Instant::from_millis(50)).unwrap().rows, 0..2);
        assert_eq!(queue.ready_at(), None);
    }

    #[test]
    fn what_is_left_of_a_run_is_sealed_range_by_range() {
        let mut queue = Queue::of(vec![0..1, 4..4, 5..8], 2, 9);
        let popped: Vec<_> = core::iter::from_fn(|| queue.pop(NOW)).collect();
        let rows: Vec<_> = popped.iter().map(|batch| batch.rows.clone()).collect();
        assert_eq!(rows, [0..1, 5..7, 7..8]);
        assert_eq!(popped[0].id, BatchId(9));
        let sent = Batch { sendings: 1, ..popped[0].clone() };
        queue.put_back(popped[1].clone());
        queue.put_back(sent.clone());
        queue.shrink(1);
        let rows: Vec<_> = core::iter::from_fn(|| queue.pop(NOW)).map(|b| (b.id, b.rows)).collect();
        let id = |number| BatchId(number);
        assert_eq!(rows, [(sent.id, 0..1), (id(12), 5..6), (id(13), 6..7)]);
        let mut queue = Queue::of(vec![0..1, 5..8], 2, 0);
        assert_eq!(queue.drain().collect::<Vec<_>>(), [(0..1, None), (5..8, None)]);
    }

    #[test]
    fn draining_gives_every_waiting_row_once() {
        let mut queue = Queue::new(5, 2);
        let batch = queue.pop(NOW).unwrap();
        queue.push(batch);
        queue.shrink(1);
        let rows: Vec<_> = queue.drain().collect();
        assert_eq!(rows, [(0..2, None), (2..5, None)]);
        assert_eq!(queue.pop(NOW), None);
    }
}
