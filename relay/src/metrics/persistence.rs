//! What becomes of the sessions that outlive a process.

use prometheus::{IntCounter, IntGauge};

use super::{Registry, counter, gauge};

/// Figures of the session store; all zero where sessions are kept in memory only.
#[derive(Debug)]
pub struct PersistenceFigures {
    /// 1 if the store did what it was asked for last.
    pub up: IntGauge,
    /// Entries that wait to be written.
    pub pending: IntGauge,
    /// Entries that found no room to wait.
    pub dropped: IntCounter,
    /// Failed tries.
    pub errors: IntCounter,
}

impl PersistenceFigures {
    /// Registers the figures.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self {
            up: gauge(registry, "relay_session_store_up", "1 if the session store works, else 0.")?,
            pending: gauge(registry, "relay_session_store_pending", "Entries that wait to be written.")?,
            dropped: counter(
                registry,
                "relay_session_store_dropped_total",
                "Entries that found no room to wait for the session store.",
            )?,
            errors: counter(registry, "relay_session_store_errors_total", "Failed tries to use it.")?,
        })
    }
}
