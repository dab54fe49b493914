//! The part of the spec about the Prometheus operator's objects.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Objects for a Prometheus operator. While the cluster has no such kinds, `ConfigurationWarning`
/// says so; the objects are made within a minute after it has.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct MonitoringSpec {
    /// Whether there is a PodMonitor, by which Prometheus reads the metrics of every relay.
    pub pod_monitor: bool,
    /// Whether there is a PrometheusRule with alerts about this cluster.
    pub alerts: bool,
    /// Seconds between two readings of a relay's metrics.
    #[schemars(range(min = 1, max = 3600))]
    pub interval_seconds: i32,
    /// Labels of both objects beside the operator's own, such as the one that your Prometheus
    /// selects by. Names under `relaycluster.dev/` and `app.kubernetes.io/` are the operator's.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

impl Default for MonitoringSpec {
    fn default() -> Self {
        Self { pod_monitor: true, alerts: true, interval_seconds: 30, labels: BTreeMap::new() }
    }
}
