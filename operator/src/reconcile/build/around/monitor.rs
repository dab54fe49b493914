//! The PodMonitor: every relay of any revision, also those that drain.
//!
//! Shape: `monitoring.coreos.com/v1`, PodMonitor. Every series gets the label [`CLUSTER_LABEL`], by
//! which the alerts tell clusters of one namespace apart.

use serde_json::json;

use super::super::super::around::kinds::PodMonitor;
use super::super::super::names::{Names, RELAY, selector};
use super::super::super::validate::Validated;
use super::super::metadata;

/// Label of all series of a cluster, with its name.
pub(super) const CLUSTER_LABEL: &str = "relaycluster";

pub(super) fn build(cluster: &Validated) -> Option<PodMonitor> {
    let spec = cluster.spec.monitoring.as_ref().filter(|spec| spec.pod_monitor)?;
    let mut metadata = metadata(cluster, Names(&cluster.root.name).main(), RELAY);
    metadata.labels.get_or_insert_default().extend(spec.labels.clone());
    let monitor = json!({
        "selector": { "matchLabels": selector(&cluster.root.name, RELAY) },
        "podMetricsEndpoints": [{
            "port": "admin",
            "path": "/metrics",
            "interval": format!("{}s", spec.interval_seconds),
            "relabelings": [{
                "action": "replace",
                "sourceLabels": ["__meta_kubernetes_pod_label_relaycluster_dev_cluster"],
                "targetLabel": CLUSTER_LABEL,
            }],
        }],
    });
    Some(PodMonitor::new(metadata, monitor))
}
