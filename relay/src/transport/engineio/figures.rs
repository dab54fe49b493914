//! How many sessions go which way (requirement 002-09).

use std::sync::atomic::{AtomicU64, Ordering};

/// Figures of one server.
#[derive(Debug, Default)]
pub struct Figures {
    polling: AtomicU64,
    websocket: AtomicU64,
    upgrades: AtomicU64,
    fallbacks: AtomicU64,
    errors: AtomicU64,
}

impl Figures {
    /// Sessions that poll now.
    pub fn polling(&self) -> u64 {
        self.polling.load(Ordering::Relaxed)
    }

    /// Sessions on a WebSocket now.
    pub fn websocket(&self) -> u64 {
        self.websocket.load(Ordering::Relaxed)
    }

    /// Sessions that went from polling to a WebSocket since the start.
    pub fn upgrades(&self) -> u64 {
        self.upgrades.load(Ordering::Relaxed)
    }

    /// Sessions that ended as they had begun, by polling, since the start.
    pub fn fallbacks(&self) -> u64 {
        self.fallbacks.load(Ordering::Relaxed)
    }

    /// Requests refused and sessions ended for breaking the protocol, since the start.
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    pub(super) fn error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn upgraded(&self) {
        self.upgrades.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn fell_back(&self) {
        self.fallbacks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_polling(&self) -> Counted<'_> {
        Counted::new(&self.polling)
    }

    pub(super) fn count_websocket(&self) -> Counted<'_> {
        Counted::new(&self.websocket)
    }
}

/// One that is counted until it is dropped.
pub(super) struct Counted<'a>(&'a AtomicU64);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
