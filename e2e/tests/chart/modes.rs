//! The ways to install the chart: for all namespaces or for one, alone or with a second operator.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::render::{at, is, objects, one};

const ALONE: &str = "watchNamespace=relays";

fn named(object: &Value) -> String {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}", text("/kind"), text("/metadata/name"))
}

fn pod(objects: &[Value]) -> Result<&Value> {
    at(one(objects, "Deployment")?, "/spec/template/spec")
}

#[test]
fn f16_one_namespace_needs_nothing_of_the_whole_cluster_but_the_definition() -> Result<()> {
    let objects = objects(&[ALONE])?;
    let wide: Vec<_> = objects
        .iter()
        .filter(|object| object.pointer("/metadata/namespace").is_none())
        .filter(|object| !is(object, "CustomResourceDefinition"))
        .map(named)
        .collect();
    ensure!(wide.is_empty(), "{wide:?}");
    Ok(())
}

#[test]
fn f16_one_namespace_gets_the_same_rules_as_all() -> Result<()> {
    let (alone, all) = (objects(&[ALONE])?, objects(&[])?);
    let role = alone.iter().find(|it| is(it, "Role") && named(it) == "Role release-relay-operator");
    let rules = role.map(|role| at(role, "/rules")).transpose()?;
    ensure!(rules == Some(at(one(&all, "ClusterRole")?, "/rules")?), "{rules:?}");
    Ok(())
}

#[test]
fn f16_the_rights_are_in_the_watched_namespace_and_those_on_the_lease_in_the_operators_own() -> Result<()> {
    let objects = objects(&[ALONE])?;
    let bindings = objects.iter().filter(|object| is(object, "RoleBinding"));
    let places: Vec<_> =
        bindings.map(|it| Ok((named(it), at(it, "/metadata/namespace")?.clone()))).collect::<Result<_>>()?;
    let expected = [
        ("RoleBinding release-relay-operator".to_owned(), json!("relays")),
        ("RoleBinding release-relay-operator-lease".to_owned(), json!("relay-system")),
    ];
    ensure!(expected.iter().all(|place| places.contains(place)), "{places:?}");
    Ok(())
}

#[test]
fn f16_the_operator_is_told_which_namespace_it_watches() -> Result<()> {
    let objects = objects(&[ALONE])?;
    let env = at(pod(&objects)?, "/containers/0/env")?;
    let told = json!({ "name": "WATCH_NAMESPACE", "value": "relays" });
    ensure!(env.as_array().is_some_and(|env| env.contains(&told)), "{env}");
    Ok(())
}

#[test]
fn f15_two_operators_are_spread_over_nodes() -> Result<()> {
    let objects = objects(&["replicas=2"])?;
    let key = at(pod(&objects)?, "/topologySpreadConstraints/0/topologyKey")?;
    ensure!(key == "kubernetes.io/hostname", "{key}");
    Ok(())
}

#[test]
fn f15_an_affinity_of_ones_own_replaces_the_spread() -> Result<()> {
    let own = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]\
               .matchExpressions[0].key=zone";
    let objects = objects(&["replicas=2", own])?;
    ensure!(pod(&objects)?.get("topologySpreadConstraints").is_none());
    Ok(())
}

#[test]
fn f15_a_budget_of_two_operators_lets_one_go() -> Result<()> {
    let objects = objects(&["replicas=2"])?;
    ensure!(*at(one(&objects, "PodDisruptionBudget")?, "/spec/maxUnavailable")? == json!(1));
    Ok(())
}

#[test]
fn f15_one_operator_blocks_no_drain_of_its_node() -> Result<()> {
    ensure!(!objects(&[])?.iter().any(|object| is(object, "PodDisruptionBudget")));
    Ok(())
}

/// The level `restricted` of the Pod Security Standards, as far as it is about what a pod may set.
fn restricted(spec: &Value) -> Result<()> {
    ensure!(*at(spec, "/securityContext/runAsNonRoot")? == json!(true));
    ensure!(*at(spec, "/securityContext/seccompProfile/type")? == json!("RuntimeDefault"));
    let own = at(spec, "/containers/0/securityContext")?;
    ensure!(*at(own, "/allowPrivilegeEscalation")? == json!(false));
    ensure!(*at(own, "/capabilities/drop")? == json!(["ALL"]));
    ensure!(*at(own, "/readOnlyRootFilesystem")? == json!(true));
    Ok(())
}

#[test]
fn the_operator_meets_the_restricted_level() -> Result<()> {
    restricted(pod(&objects(&[])?)?)
}

#[test]
fn the_pod_of_helm_test_meets_the_restricted_level() -> Result<()> {
    restricted(at(one(&objects(&[])?, "Pod")?, "/spec")?)
}

#[test]
fn helm_test_asks_the_service_that_the_chart_makes() -> Result<()> {
    let objects = objects(&[])?;
    let service = at(one(&objects, "Service")?, "/metadata/name")?.as_str().unwrap_or_default().to_owned();
    let url = at(one(&objects, "Pod")?, "/spec/containers/0/args/1")?;
    ensure!(*url == json!(format!("http://{service}.relay-system:8080")), "{url}");
    Ok(())
}

#[test]
fn every_probe_of_the_operator_asks_a_port_that_it_has() -> Result<()> {
    let objects = objects(&[])?;
    let container = at(pod(&objects)?, "/containers/0")?;
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        ensure!(
            at(container, &format!("/{probe}/httpGet/port"))? == at(container, "/ports/0/name")?,
            "{probe}"
        );
    }
    Ok(())
}
