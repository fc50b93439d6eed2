//! Attempts on their way: each with its own time, head and half-read answer.

use super::credentials::Epoch;
use crate::batch::Batch;
use crate::id::{AttemptNumber, BatchId};
use crate::outcome::Cause;
use crate::outcome::Reason;
use crate::response::Reader;
use crate::time::{Instant, UnixTime};
use crate::traffic::Head;
use alloc::boxed::Box;
use alloc::vec::Vec;

pub(super) struct Flight {
    pub(super) batch: Batch,
    /// Of its rows, unpacked while they are on their way.
    pub(super) ids: Vec<i64>,
    pub(super) attempt: AttemptNumber,
    pub(super) epoch: Epoch,
    pub(super) sent_at: Instant,
    pub(super) expires_at: Instant,
    /// `sent_at` by our wall clock, once a head told how that stands to the service's.
    pub(super) sent_by_own: Option<UnixTime>,
    pub(super) head: Option<Head>,
    /// Of the answer; taken when it ends. Boxed, since flights move and it is large.
    pub(super) reader: Option<Box<Reader>>,
}

impl Flight {
    /// A cause with what the answer's head tells of it.
    pub(super) fn cause(&self, reason: Reason) -> Cause {
        let head = self.head.as_ref();
        Cause {
            status: head.and_then(|head| head.status.number()),
            request_id: head.and_then(|head| head.request_id.clone()),
            ..Cause::new(reason)
        }
    }
}

/// All attempts in flight; at most `CONCURRENCY_MAX`, so a list is enough.
#[derive(Default)]
pub(super) struct Flights(Vec<Flight>);

impl Flights {
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, flight: Flight) {
        self.0.push(flight);
    }

    pub(super) fn get(&self, batch: BatchId) -> Option<&Flight> {
        self.0.iter().find(|flight| flight.batch.id == batch)
    }

    pub(super) fn get_mut(
        &mut self,
        batch: BatchId,
        attempt: AttemptNumber,
    ) -> Option<&mut Flight> {
        self.0.iter_mut().find(|flight| flight.batch.id == batch && flight.attempt == attempt)
    }

    pub(super) fn take(&mut self, batch: BatchId, attempt: AttemptNumber) -> Option<Flight> {
        let place = self.0.iter().position(|f| f.batch.id == batch && f.attempt == attempt)?;
        Some(self.0.swap_remove(place))
    }

    /// The first attempt whose time is over.
    pub(super) fn expired(&self, now: Instant) -> Option<(BatchId, AttemptNumber)> {
        let flight = self.0.iter().find(|flight| flight.expires_at <= now)?;
        Some((flight.batch.id, flight.attempt))
    }

    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.0.iter().map(|flight| flight.expires_at).min()
    }
}
