//! A hub for unit tests.

use std::sync::Arc;

use super::{Budget, Clock, Hub, Limits, Overflow, Shared};
use crate::metrics::Metrics;

/// A hub with room for a MiB.
pub(crate) fn hub() -> Arc<Hub> {
    Hub::new(Shared {
        clock: Clock::start(),
        budget: Budget::new(1 << 20),
        inflow: Budget::new(1 << 20),
        limits: Limits::new(1 << 20, 100, Overflow::Disconnect),
        metrics: Arc::new(Metrics::new().unwrap()),
    })
}
