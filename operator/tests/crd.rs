//! The resource as the API server sees it: the committed definition, and its rules.

// The helpers are no tests themselves, and a failure of theirs is a failed test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;

use relay_operator::api::{RelayCluster, conditions_markdown, crd_yaml, fields_markdown};
use serde_json::{Value, json};

fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_default()
}

#[test]
fn the_committed_definition_is_not_stale() {
    assert_eq!(repository("crds/relayclusters.relaycluster.dev.yaml"), crd_yaml().unwrap());
}

#[test]
fn the_chart_has_the_same_definition() {
    assert_eq!(
        repository("charts/relay-operator/files/relayclusters.relaycluster.dev.yaml"),
        crd_yaml().unwrap()
    );
}

#[test]
fn the_committed_table_of_conditions_is_not_stale() {
    assert_eq!(repository("docs/conditions.md"), conditions_markdown());
}

#[test]
fn the_committed_table_of_fields_is_not_stale() {
    assert_eq!(repository("docs/relaycluster-fields.md"), fields_markdown().unwrap());
}

#[test]
fn the_definition_fits_into_the_annotation_of_a_client_side_apply() {
    assert!(crd_yaml().unwrap().len() < 100_000);
}

/// Every property of ours has a description; those below the types of Kubernetes have none.
#[test]
fn every_field_is_documented() {
    let crd = serde_json::to_value(relay_operator::api::crd().unwrap()).unwrap();
    let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let mut bare = Vec::new();
    undocumented("spec", spec, &mut bare);
    assert_eq!(bare, Vec::<String>::new());
}

fn undocumented(path: &str, schema: &Value, bare: &mut Vec<String>) {
    if schema.get("description").is_none() {
        bare.push(path.to_owned());
    }
    let foreign = [
        "affinity",
        "tolerations",
        "resources",
        "imagePullSecrets",
        "topologySpreadConstraints",
        "clientPeers",
        "monitoringPeers",
    ];
    let of =
        |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, field) in of(schema).into_iter().chain(of(&schema["items"])) {
        let path = format!("{path}.{name}");
        if !foreign.contains(&name.as_str()) {
            undocumented(&path, &field, bare);
        }
    }
}

/// What the rules say about a cluster of this name and spec.
fn verdict(name: &str, spec: Value) -> Option<String> {
    let spec = serde_json::from_value(spec).unwrap();
    let cluster = RelayCluster::new(name, spec);
    cluster.validate_cel().err().map(|errors| errors.as_slice()[0].message.clone())
}

#[test]
fn good_specs_break_no_rule() {
    let external = json!({"mode": "External", "external": {"urlSecretRef": {"name": "redis"}}});
    let cases = [
        json!({}),
        json!({"replicas": 1, "redis": {"mode": "None"}}),
        json!({"replicas": 0, "redis": {"mode": "None"}}),
        json!({"redis": external}),
        json!({"redis": {"managed": {"image": "redis:7"}}}),
        json!({"auth": {"method": "JWT", "jwt": {"secretRef": {"name": "jwt", "key": "secret"}}}}),
        json!({"auth": {"profiles": {"push": "JWT"}, "jwt": {"issuers": [
            {"issuer": "https://a.example", "jwksUrl": "https://a.example/keys"}]}}}),
        json!({"auth": {"profiles": {"dual": "Webhook"}, "webhook": {"url": "https://who.example"}}}),
        json!({"profiles": {"push": {"enabled": false}, "dual": {"enabled": false}}}),
        json!({"history": {"users": {"size": 1, "seconds": 2}}}),
    ];
    for spec in cases {
        assert_eq!(verdict("a", spec.clone()), None, "{spec}");
    }
}

#[test]
fn a_rule_that_is_broken_names_the_field() {
    let external = json!({"urlSecretRef": {"name": "redis"}});
    let cases = [
        ("spec.replicas", json!({"replicas": 2, "redis": {"mode": "None"}})),
        ("spec.redis.external", json!({"redis": {"mode": "External"}})),
        ("spec.redis.external", json!({"redis": {"mode": "Managed", "external": external}})),
        ("spec.redis.managed", json!({"replicas": 1, "redis": {"mode": "None", "managed": {}}})),
        ("spec.auth.jwt", json!({"auth": {"method": "JWT"}})),
        ("spec.auth.jwt", json!({"auth": {"profiles": {"push": "JWT"}}})),
        ("spec.auth.jwt", json!({"auth": {"method": "JWT", "jwt": {"audiences": ["a"]}}})),
        ("spec.auth.webhook", json!({"auth": {"profiles": {"push": "Webhook"}}})),
        ("spec.auth.profiles", json!({"auth": {"profiles": {"chat": "None"}}})),
        (
            "spec.profiles",
            json!({"profiles": {"push": {"enabled": false}, "stream": {"enabled": false},
            "socketio": {"enabled": false}, "tokens": {"enabled": false}, "dual": {"enabled": false}}}),
        ),
    ];
    for (field, spec) in cases {
        let message = verdict("a", spec).unwrap();
        assert!(message.starts_with(&format!("{field}:")), "{message}");
    }
}

/// What the rules say about a change of a cluster.
fn verdict_on_change(before: Value, after: Value) -> Option<String> {
    let cluster = |spec| RelayCluster::new("a", serde_json::from_value(spec).unwrap());
    let verdict = cluster(after).validate_cel_update(&cluster(before));
    verdict.err().map(|errors| errors.as_slice()[0].message.clone())
}

#[test]
fn f11_the_volume_of_a_managed_redis_cannot_be_changed() {
    let storage = |size: &str| json!({"redis": {"managed": {"storage": {"size": size}}}});
    for (before, after) in [
        (storage("1Gi"), storage("2Gi")),
        (storage("1Gi"), json!({})),
        (json!({}), storage("1Gi")),
        (json!({"redis": {"managed": {"image": "redis:7"}}}), storage("1Gi")),
    ] {
        let message = verdict_on_change(before.clone(), after.clone()).unwrap();
        assert!(message.starts_with("spec.redis.managed.storage:"), "{before} {after}: {message}");
    }
    assert_eq!(verdict_on_change(storage("1Gi"), storage("1Gi")), None);
    assert_eq!(verdict_on_change(json!({"replicas": 1, "redis": {"mode": "None"}}), storage("1Gi")), None);
}

#[test]
fn names_are_short_enough_for_what_is_named_after_them() {
    assert_eq!(verdict(&"a".repeat(40), json!({})), None);
    assert!(verdict(&"a".repeat(41), json!({})).unwrap().starts_with("metadata.name"));
}

#[test]
fn names_can_name_a_service() {
    for name in ["1a", "a.b", "-a", "a-"] {
        assert!(verdict(name, json!({})).unwrap().starts_with("metadata.name"), "{name}");
    }
}
