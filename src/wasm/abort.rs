//! The means to drop a connection whose attempt is over.

use crate::id::{AttemptNumber, BatchId};
use alloc::vec::Vec;
use core::cell::RefCell;
use web_sys::{AbortController, AbortSignal};

/// One controller for each attempt in flight, and one for the credentials that are fetched.
#[derive(Default)]
pub(super) struct Aborts {
    attempts: RefCell<Vec<(BatchId, AttemptNumber, AbortController)>>,
    credentials: RefCell<Option<AbortController>>,
}

impl Aborts {
    /// A signal for fetching credentials; an older fetch is dropped.
    pub(super) fn register_credentials(&self) -> Option<AbortSignal> {
        self.abort_credentials();
        let controller = AbortController::new().ok()?;
        let signal = controller.signal();
        self.credentials.replace(Some(controller));
        Some(signal)
    }

    /// Nobody waits for credentials any more.
    pub(super) fn abort_credentials(&self) {
        let controller = self.credentials.take();
        if let Some(controller) = controller {
            controller.abort();
        }
    }

    /// A signal for a new attempt; `None` where the runtime has no `AbortController`.
    pub(super) fn register(&self, batch: BatchId, attempt: AttemptNumber) -> Option<AbortSignal> {
        let controller = AbortController::new().ok()?;
        let signal = controller.signal();
        self.attempts.borrow_mut().push((batch, attempt, controller));
        Some(signal)
    }

    pub(super) fn abort(&self, batch: BatchId, attempt: AttemptNumber) {
        if let Some(controller) = self.take(batch, attempt) {
            controller.abort();
        }
    }

    /// The attempt ended by itself.
    pub(super) fn forget(&self, batch: BatchId, attempt: AttemptNumber) {
        self.take(batch, attempt);
    }

    fn take(&self, batch: BatchId, attempt: AttemptNumber) -> Option<AbortController> {
        let mut list = self.attempts.borrow_mut();
        let place = list.iter().position(|(b, a, _)| *b == batch && *a == attempt)?;
        Some(list.swap_remove(place).2)
    }
}
