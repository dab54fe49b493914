//! TCP connections that were told 503 instead of being served, by reason.

use prometheus::{IntCounter, IntCounterVec, Opts};

use super::Registry;

/// One counter per reason.
#[derive(Debug)]
pub struct Refused {
    /// As many as `MAX_TOTAL_CONNECTIONS` were there (requirement 004-16).
    pub limit: IntCounter,
    /// The process had no descriptors left (requirement 000-23).
    pub descriptors: IntCounter,
}

impl Refused {
    /// Registers the counters.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts = Opts::new("relay_connections_refused_total", "TCP connections answered 503, by reason.");
        let family = IntCounterVec::new(opts, &["reason"])?;
        registry.register(Box::new(family.clone()))?;
        let of = |reason| family.with_label_values(&[reason]);
        Ok(Self { limit: of("limit"), descriptors: of("descriptors") })
    }
}
