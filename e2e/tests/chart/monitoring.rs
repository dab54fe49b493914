//! What the chart makes for Prometheus and Grafana, and only when it is asked to.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::render::{at, is, objects, one};

#[test]
fn f20_nothing_of_a_foreign_kind_is_made_by_default() -> Result<()> {
    let objects = objects(&[])?;
    let foreign = ["ServiceMonitor", "PrometheusRule", "ConfigMap"];
    ensure!(!objects.iter().any(|object| foreign.iter().any(|kind| is(object, kind))));
    Ok(())
}

#[test]
fn f20_a_service_monitor_selects_the_service_and_keeps_the_namespace_of_the_figures() -> Result<()> {
    let objects = objects(&["monitoring.serviceMonitor.enabled=true", "metrics.service=false"])?;
    let (service, monitor) = (one(&objects, "Service")?, one(&objects, "ServiceMonitor")?);
    let wanted = at(monitor, "/spec/selector/matchLabels")?.as_object().context("labels")?;
    let labels = at(service, "/metadata/labels")?;
    ensure!(wanted.iter().all(|(name, value)| labels.get(name) == Some(value)), "{labels}");
    ensure!(*at(monitor, "/spec/endpoints/0/honorLabels")? == json!(true));
    ensure!(at(monitor, "/spec/endpoints/0/port")? == at(service, "/spec/ports/0/name")?);
    Ok(())
}

#[test]
fn f20_a_rule_has_the_alerts_and_the_labels_that_it_is_selected_by() -> Result<()> {
    let objects = objects(&[
        "monitoring.prometheusRule.enabled=true",
        "monitoring.prometheusRule.labels.release=stack",
    ])?;
    let rule = one(&objects, "PrometheusRule")?;
    ensure!(*at(rule, "/metadata/labels/release")? == json!("stack"));
    let words = at(rule, "/spec/groups/0/rules/1/annotations/summary")?.as_str().unwrap_or_default();
    // Helm must not have read what Prometheus fills in.
    ensure!(words.contains("{{ $labels.error }}"), "{words}");
    Ok(())
}

#[test]
fn f20_a_dashboard_is_found_by_the_sidecar_of_grafana() -> Result<()> {
    let objects = objects(&["monitoring.dashboard.enabled=true"])?;
    let dashboard = one(&objects, "ConfigMap")?;
    ensure!(*at(dashboard, "/metadata/labels/grafana_dashboard")? == json!("1"));
    let text = at(dashboard, "/data/relay-clusters.json")?.as_str().unwrap_or_default();
    let read: Value = serde_json::from_str(text)?;
    ensure!(read.get("panels").and_then(Value::as_array).is_some_and(|panels| panels.len() > 10));
    Ok(())
}
