//! One place for the only thing the gateway may do with a poisoned lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic elsewhere: the guarded values are plain counters and maps that every
/// writer leaves valid, and a stand-in that stops counting would hide the very panic it met.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
