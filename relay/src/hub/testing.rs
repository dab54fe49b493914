//! A hub for unit tests.

use std::sync::Arc;

use super::{Budget, Clock, Counts, Hub, Limits, Overflow, Shared};

/// A hub with room for a MiB.
pub(crate) fn hub() -> Arc<Hub> {
    Hub::new(Shared {
        clock: Clock::start(),
        budget: Budget::new(1 << 20),
        inflow: Budget::new(1 << 20),
        limits: Limits::new(1 << 20, 100, Overflow::Disconnect),
        counts: Counts::default(),
    })
}
