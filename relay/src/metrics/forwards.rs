//! Requests that were for another node.

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};

use super::Registry;

/// Figures of forwarding.
#[derive(Debug)]
pub struct ForwardFigures {
    answered: IntCounter,
    failed: IntCounterVec,
    retried: IntCounterVec,
    sockets: IntGauge,
}

impl ForwardFigures {
    /// Registers the figures.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let opts =
            Opts::new("relay_forward_failures_total", "Requests for another node that failed, by reason.");
        let failed = IntCounterVec::new(opts, &["reason"])?;
        registry.register(Box::new(failed.clone()))?;
        let opts = Opts::new(
            "relay_forward_retries_total",
            "Tries of requests for another node that were made again, by the reason why they failed.",
        );
        let retried = IntCounterVec::new(opts, &["reason"])?;
        registry.register(Box::new(retried.clone()))?;
        Ok(Self {
            answered: super::counter(
                registry,
                "relay_forwarded_requests_total",
                "Requests for another node that it answered.",
            )?,
            failed,
            retried,
            sockets: super::gauge(
                registry,
                "relay_forwarded_sockets",
                "WebSockets of another node that go through this one.",
            )?,
        })
    }

    /// Counts one that was answered.
    pub fn answered(&self) {
        self.answered.inc();
    }

    /// Counts one that failed.
    pub fn failed(&self, reason: &str) {
        self.failed.with_label_values(&[reason]).inc();
    }

    /// Counts one that failed and is tried again.
    pub fn retried(&self, reason: &str) {
        self.retried.with_label_values(&[reason]).inc();
    }

    /// Tells how many WebSockets go through now.
    pub fn sockets(&self, count: usize) {
        self.sockets.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}
