//! Locks as this crate uses them.
//!
//! Each lock is also a place at which tests let other threads go first:
//! [`interleaved::check`] runs a body in many orders of its threads' steps.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Locks `mutex`. A panic elsewhere leaves our data usable, as no update spans a panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    #[cfg(test)]
    interleaved::wait_for(mutex);
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same unless somebody has it, this thread included.
pub(crate) fn try_lock<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(error)) => Some(error.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

#[cfg(test)]
pub(crate) mod interleaved {
    use std::cell::Cell;
    use std::sync::{Mutex, TryLockError};

    thread_local! {
        /// Whether this thread, which then is all threads of the body, is one of a check.
        static RUNNING: Cell<bool> = const { Cell::new(false) };
    }

    /// Runs `body` so many times, with its threads (of `shuttle::thread`) taking turns at random at
    /// each lock.
    pub(crate) fn check(times: usize, body: impl Fn() + Send + Sync + 'static) {
        let marked = move || {
            RUNNING.set(true);
            body();
            RUNNING.set(false);
        };
        shuttle::check_random(marked, times);
    }

    /// Others go first, and until the lock is free: the threads of a check are one to the system,
    /// so that waiting for each other in earnest would never end.
    pub(super) fn wait_for<T>(mutex: &Mutex<T>) {
        while RUNNING.get() {
            shuttle::thread::yield_now();
            if !matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)) {
                return;
            }
        }
    }
}
