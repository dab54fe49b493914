//! What the operator counts about itself and tells of its clusters, on a registry of its own.

mod clusters;

use std::sync::Arc;
use std::time::Duration;

use prometheus::{Encoder as _, Histogram, HistogramOpts, IntCounterVec, IntGauge, Opts, TextEncoder};
use relay_contract::metrics::{Metric, chapter};
use relay_contract::registry::Registry;

use self::clusters::Clusters;
use crate::api::RelayClusterStatus;
use crate::fleet::{ClusterKey, Fleet};

/// Upper ends of the times of visits, in seconds. A visit is ended after 60.
const VISITS: [f64; 9] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0];

/// What `docs/metrics.md` says before the tables, and before that of the operator.
const HEAD: &str = "\
# Metrics
<!-- Written by `make generate`; do not edit. -->

In the format of Prometheus. The chart brings a dashboard and alerts made of them ([runbooks](runbooks/README.md)).

";
const ABOUT: &str = "\
The operator serves these at `/metrics` of its port, 8080. Those of a RelayCluster come from the process that leads.";

/// Handles of all metrics. A clone counts into the same ones.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    reconciles: IntCounterVec,
    visits: Histogram,
    errors: IntCounterVec,
    writes: IntCounterVec,
    events: IntCounterVec,
    probes: IntCounterVec,
    told: IntCounterVec,
    dropped: IntCounterVec,
    leader: IntGauge,
    clusters: Clusters,
}

impl Metrics {
    /// Registers all metrics.
    ///
    /// # Errors
    /// A name that is used twice or is malformed; a defect.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::default();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(format!("relay_operator_{name}"), help), labels)?;
            registry.register(Box::new(counter.clone()))?;
            Ok::<_, prometheus::Error>(counter)
        };
        let leader = IntGauge::new("relay_operator_leader", "Whether this process is the leader, 1 or 0")?;
        registry.register(Box::new(leader.clone()))?;
        let clusters = Clusters::new()?;
        registry.register(Box::new(clusters.clone()))?;
        build_info(&registry)?;
        Ok(Self {
            reconciles: counter("reconciles_total", "Reconciles by outcome", &["outcome"])?,
            visits: visits(&registry)?,
            errors: counter("reconcile_errors_total", "Errors of reconciles by kind of error", &["error"])?,
            writes: counter(
                "api_writes_total",
                "Writes to the API server; `status` is a verb",
                &["kind", "verb"],
            )?,
            events: counter("events_total", "Events that were told, by reason", &["reason"])?,
            probes: counter("probes_total", "Questions to relays by result", &["result"])?,
            told: counter("settings_told_total", "Settings handed to relays by result", &["result"])?,
            dropped: counter("dropped_total", "Signals that were dropped, by what was full", &["queue"])?,
            leader,
            clusters,
            registry: Arc::new(registry),
        })
    }

    /// A reconcile that ended, by outcome.
    pub fn reconciled(&self, outcome: &str) {
        self.reconciles.with_label_values(&[outcome]).inc();
    }

    /// How long a reconcile took.
    pub fn visited(&self, time: Duration) {
        self.visits.observe(time.as_secs_f64());
    }

    /// An error in a reconcile.
    pub fn error(&self, label: &str) {
        self.errors.with_label_values(&[label]).inc();
    }

    /// A write to the API server.
    pub fn write(&self, kind: &str, verb: &str) {
        self.writes.with_label_values(&[kind, verb]).inc();
    }

    /// An event that was told.
    pub fn told(&self, reason: &str) {
        self.events.with_label_values(&[reason]).inc();
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

    /// Where the age of the relays' answers is known.
    pub fn ages_from(&self, fleet: Fleet) {
        self.clusters.ages_from(fleet);
    }

    /// What a visit found: how many relays are wanted, and the status it made.
    pub fn cluster(&self, cluster: &ClusterKey, wanted: u32, status: &RelayClusterStatus) {
        self.clusters.set(cluster, wanted, status);
    }

    /// A cluster that is gone.
    pub fn forget(&self, cluster: &ClusterKey) {
        self.clusters.remove(cluster);
    }

    /// What there is, also where nothing was counted yet.
    #[must_use]
    pub fn known(&self) -> Vec<Metric> {
        self.registry.known()
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

/// The beginning of `docs/metrics.md`, up to the relay's chapter.
///
/// # Errors
/// As [`Metrics::new`].
pub fn markdown() -> Result<String, prometheus::Error> {
    let chapter = chapter("Of the operator", ABOUT, Metrics::new()?.known());
    Ok(format!("{HEAD}{chapter}\n"))
}

fn visits(registry: &Registry) -> Result<Histogram, prometheus::Error> {
    let options = HistogramOpts::new("relay_operator_reconcile_seconds", "Time of a reconcile");
    let visits = Histogram::with_opts(options.buckets(VISITS.to_vec()))?;
    registry.register(Box::new(visits.clone()))?;
    Ok(visits)
}

fn build_info(registry: &Registry) -> Result<(), prometheus::Error> {
    let options = Opts::new("relay_operator_build_info", "Always 1; the version is in the label")
        .const_label("version", env!("CARGO_PKG_VERSION"));
    let info = IntGauge::with_opts(options)?;
    info.set(1);
    registry.register(Box::new(info))
}

#[cfg(test)]
#[path = "metrics/tests.rs"]
mod tests;
