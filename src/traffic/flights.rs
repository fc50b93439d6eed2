//! Calls in flight, each with its timeout and the head of its answer.

use super::Head;
use super::credentials::Epoch;
use crate::id::{AttemptNumber, BatchId};
use crate::outcome::{Cause, Reason};
use crate::status::Status;
use crate::time::Instant;
use alloc::vec::Vec;

pub struct Flight<T> {
    pub batch: BatchId,
    pub attempt: AttemptNumber,
    pub(super) epoch: Epoch,
    pub sent_at: Instant,
    pub(super) expires_at: Instant,
    pub head: Option<Head>,
    /// The machine's own state of the call.
    pub call: T,
}

impl<T> Flight<T> {
    /// Status of the answer; `None` before its head came.
    pub fn status(&self) -> Option<Status> {
        self.head.as_ref().map(|head| head.status)
    }

    /// A cause with the status and request id of the answer's head.
    pub fn cause(&self, reason: Reason) -> Cause {
        Cause {
            status: self.status().and_then(Status::number),
            request_id: self.head.as_ref().and_then(|head| head.request_id.clone()),
            ..Cause::new(reason)
        }
    }
}

/// All calls in flight; at most `CONCURRENCY_MAX`, so a list is enough.
pub(super) struct Flights<T>(Vec<Flight<T>>);

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Flights<T> {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, flight: Flight<T>) {
        self.0.push(flight);
    }

    pub(super) fn pop(&mut self) -> Option<Flight<T>> {
        self.0.pop()
    }

    pub(super) fn get(&self, batch: BatchId) -> Option<&Flight<T>> {
        self.0.iter().find(|flight| flight.batch == batch)
    }

    pub(super) fn get_mut(
        &mut self,
        batch: BatchId,
        attempt: AttemptNumber,
    ) -> Option<&mut Flight<T>> {
        self.0.iter_mut().find(|flight| flight.batch == batch && flight.attempt == attempt)
    }

    pub(super) fn take(&mut self, batch: BatchId, attempt: AttemptNumber) -> Option<Flight<T>> {
        let place = self.0.iter().position(|f| f.batch == batch && f.attempt == attempt)?;
        Some(self.0.swap_remove(place))
    }

    /// The first attempt that has timed out.
    pub(super) fn expired(&self, now: Instant) -> Option<(BatchId, AttemptNumber)> {
        let flight = self.0.iter().find(|flight| flight.expires_at <= now)?;
        Some((flight.batch, flight.attempt))
    }

    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.0.iter().map(|flight| flight.expires_at).min()
    }
}
