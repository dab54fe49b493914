//! What the guides of the five servers tell a person to look for, and nothing else counts.

use prometheus::IntCounter;

use super::{Registry, counter};

/// One counter for each.
#[derive(Debug)]
pub struct SignalFigures {
    /// Sockets refused because their user has one, or as many as may be (requirement 000-02).
    pub duplicate_users: IntCounter,
    /// Batches of events that took longer than the guide calls slow (requirement 001-14).
    pub slow_processing: IntCounter,
    /// Players who entered another session than they were in (requirement 004-25).
    pub session_switches: IntCounter,
    /// Requests from pages of origins that are not allowed (requirement 000-10).
    pub origin_refusals: IntCounter,
}

impl SignalFigures {
    /// Registers the counters.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let count = |name: &str, help: &str| counter(registry, name, help);
        Ok(Self {
            duplicate_users: count(
                "relay_duplicate_users_total",
                "Sockets refused because their user had as many as may be.",
            )?,
            slow_processing: count("relay_slow_processing_total", "Batches of events that took over 0.1 s.")?,
            session_switches: count("relay_session_switches_total", "Players who entered another session.")?,
            origin_refusals: count(
                "relay_origin_refusals_total",
                "Requests of pages whose origin is not allowed.",
            )?,
        })
    }
}
