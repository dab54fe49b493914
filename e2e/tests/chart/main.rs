//! The chart, rendered by Helm: what it makes of its values, and which it refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects by failing")]

mod manifest;
mod modes;
mod monitoring;
mod render;
mod values;

use anyhow::{Result, ensure};
use e2e::install::chart;
use kube::CustomResourceExt;
use relay_operator::api::RelayCluster;

use crate::render::{helm, refusal, render};

#[test]
fn lint_finds_nothing() -> Result<()> {
    let output = helm(&["lint", "--strict"])?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}

#[test]
fn the_definition_is_the_one_of_the_code() -> Result<()> {
    let file = chart().join("files").join(format!("{}.yaml", RelayCluster::crd_name()));
    ensure!(std::fs::read_to_string(file)? == relay_operator::api::crd_yaml()?, "run `make generate`");
    Ok(())
}

#[test]
fn the_definition_outlives_the_release() -> Result<()> {
    ensure!(render(&[])?.contains("helm.sh/resource-policy: keep"));
    Ok(())
}

#[test]
fn the_definition_can_be_left_out() -> Result<()> {
    ensure!(!render(&["crds.install=false"])?.contains("kind: CustomResourceDefinition"));
    Ok(())
}

#[test]
fn one_namespace_needs_no_cluster_role() -> Result<()> {
    let rendered = render(&["watchNamespace=relays"])?;
    ensure!(!rendered.contains("kind: ClusterRole") && rendered.contains("namespace: relays"));
    Ok(())
}

#[test]
fn no_right_is_a_wildcard() -> Result<()> {
    let rules = std::fs::read_to_string(chart().join("files/rules.yaml"))?;
    ensure!(!rules.contains('*'), "{rules}");
    Ok(())
}

#[test]
fn two_operators_get_a_disruption_budget() -> Result<()> {
    ensure!(render(&["replicas=2"])?.contains("kind: PodDisruptionBudget"));
    Ok(())
}

#[test]
fn every_pod_may_read_metrics_and_nothing_outside_may_by_default() -> Result<()> {
    ensure!(
        render(&[])?
            .contains("    - from:\n        - namespaceSelector: {}\n      ports:\n        - port: http")
    );
    Ok(())
}

#[test]
fn metrics_can_be_for_those_who_are_named() -> Result<()> {
    let rendered = render(&["networkPolicy.metricsFrom[0].podSelector.matchLabels.app=prometheus"])?;
    ensure!(
        rendered.contains("app: prometheus") && !rendered.contains("namespaceSelector: {}"),
        "{rendered}"
    );
    Ok(())
}

#[test]
fn the_network_policy_can_be_left_out() -> Result<()> {
    ensure!(!render(&["networkPolicy.enabled=false"])?.contains("kind: NetworkPolicy"));
    Ok(())
}

#[test]
fn an_unknown_value_is_refused_by_name() -> Result<()> {
    let words = refusal("replicaz=2")?;
    ensure!(words.contains("replicaz"), "{words}");
    Ok(())
}

#[test]
fn a_value_of_the_wrong_type_is_refused_by_name() -> Result<()> {
    let words = refusal("replicas=many")?;
    ensure!(words.contains("replicas"), "{words}");
    Ok(())
}
