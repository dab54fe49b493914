//! What the operator counts about itself, on a registry of its own.

use prometheus::{Encoder as _, IntCounterVec, IntGauge, Opts, Registry, TextEncoder};

/// Handles of all metrics. A clone counts into the same ones.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    reconciles: IntCounterVec,
    errors: IntCounterVec,
    writes: IntCounterVec,
    probes: IntCounterVec,
    told: IntCounterVec,
    dropped: IntCounterVec,
    leader: IntGauge,
}

impl Metrics {
    /// Registers all metrics.
    ///
    /// # Errors
    /// A name that is used twice or is malformed; a defect.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(format!("relay_operator_{name}"), help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let leader = IntGauge::new("relay_operator_leader", "Whether this process is the leader, 1 or 0")?;
        registry.register(Box::new(leader.clone()))?;
        Ok(Self {
            reconciles: counter("reconciles_total", "Reconciles by outcome", &["outcome"])?,
            errors: counter("reconcile_errors_total", "Errors of reconciles by kind of error", &["error"])?,
            writes: counter("api_writes_total", "Writes to the API server", &["kind", "verb"])?,
            probes: counter("probes_total", "Questions to relays by result", &["result"])?,
            told: counter("settings_told_total", "Settings handed to relays by result", &["result"])?,
            dropped: counter("dropped_total", "Signals that were dropped, by what was full", &["queue"])?,
            leader,
            registry,
        })
    }

    /// A reconcile that ended, by outcome.
    pub fn reconciled(&self, outcome: &str) {
        self.reconciles.with_label_values(&[outcome]).inc();
    }

    /// An error in a reconcile.
    pub fn error(&self, label: &str) {
        self.errors.with_label_values(&[label]).inc();
    }

    /// A write to the API server.
    pub fn write(&self, kind: &str, verb: &str) {
        self.writes.with_label_values(&[kind, verb]).inc();
    }

    /// A question to a relay: `ok`, or why there is no answer.
    pub fn probed(&self, result: &str) {
        self.probes.with_label_values(&[result]).inc();
    }

    /// Settings that a relay was told: `ok`, or why not.
    pub fn settings_told(&self, result: &str) {
        self.told.with_label_values(&[result]).inc();
    }

    /// A signal that found its queue full.
    pub fn drop_of(&self, queue: &str) {
        self.dropped.with_label_values(&[queue]).inc();
    }

    /// Whether this process is the leader.
    pub fn lead(&self, leader: bool) {
        self.leader.set(i64::from(leader));
    }

    /// All metrics as Prometheus text.
    ///
    /// # Errors
    /// A metric that cannot be written; a defect.
    pub fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}
