//! The PrometheusRule: what is wrong with this very cluster, as its relays tell Prometheus.
//!
//! Shape: `monitoring.coreos.com/v1`, PrometheusRule. What each alert means and what to do about it
//! is in `docs/monitoring.md`, under the alert's name.

use serde_json::{Value, json};

use super::super::super::around::kinds::PrometheusRule;
use super::super::super::names::{Names, RELAY};
use super::super::super::validate::{Redis, Validated};
use super::super::metadata;
use super::monitor::CLUSTER_LABEL;

/// Where the alerts are explained; the alert's name in lower case is the section.
const RUNBOOKS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/monitoring.md");

/// One alert: its name, how bad it is, what has to hold for how long, and what it says.
struct Alert {
    name: &'static str,
    severity: &'static str,
    expression: String,
    lasts: &'static str,
    says: &'static str,
}

pub(super) fn build(cluster: &Validated) -> Option<PrometheusRule> {
    let spec = cluster.spec.monitoring.as_ref().filter(|spec| spec.alerts)?;
    let mut metadata = metadata(cluster, Names(&cluster.root.name).main(), RELAY);
    metadata.labels.get_or_insert_default().extend(spec.labels.clone());
    let rules: Vec<_> = alerts(cluster).iter().map(rule).collect();
    let group = format!("relaycluster.{}.{}", cluster.root.namespace, cluster.root.name);
    Some(PrometheusRule::new(metadata, json!({ "groups": [{ "name": group, "rules": rules }] })))
}

fn alerts(cluster: &Validated) -> Vec<Alert> {
    let (namespace, name) = (&cluster.root.namespace, &cluster.root.name);
    let of = |metric: &str| format!(r#"{metric}{{namespace="{namespace}",{CLUSTER_LABEL}="{name}"}}"#);
    let grows = |metric: &str| format!("sum by (pod, reason) (rate({}[5m])) > 0", of(metric));
    let mut all = vec![
        Alert {
            name: "RelayDown",
            severity: "warning",
            expression: format!("{} == 0", of("up")),
            lasts: "2m",
            says: "Prometheus cannot read the metrics of the relay {{ $labels.pod }}.",
        },
        Alert {
            name: "RelayMessagesDropped",
            severity: "warning",
            expression: grows("relay_messages_dropped_total"),
            lasts: "5m",
            says: "The relay {{ $labels.pod }} drops {{ $value | humanize }} messages a second ({{ $labels.reason }}).",
        },
        Alert {
            name: "RelayConnectionsRefused",
            severity: "warning",
            expression: grows("relay_connections_refused_total"),
            lasts: "5m",
            says: "The relay {{ $labels.pod }} refuses {{ $value | humanize }} connections a second ({{ $labels.reason }}).",
        },
    ];
    if cluster.redis != Redis::Memory {
        all.push(Alert {
            name: "RelayBusDown",
            severity: "critical",
            expression: format!("{} == 0", of("relay_bus_up")),
            lasts: "1m",
            says: "No message crosses between the relay {{ $labels.pod }} and the others: Redis does not serve it.",
        });
    }
    all
}

fn rule(alert: &Alert) -> Value {
    json!({
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.lasts,
        "labels": { "severity": alert.severity },
        "annotations": {
            "summary": alert.says,
            "runbook_url": format!("{RUNBOOKS}#{}", alert.name.to_lowercase()),
        },
    })
}

#[cfg(test)]
#[path = "alerts_tests.rs"]
mod tests;
