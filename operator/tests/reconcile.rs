//! Visits against an API server of a few lines: which writes there are, and in which order.

// The support functions are no tests themselves, and a failure of theirs is a failed test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use serde_json::json;
use support::{CLUSTER, Shared};

const SERVICE: &str = "/api/v1/namespaces/ns/services/demo";

fn kinds(writes: &[String]) -> Vec<&str> {
    writes.iter().map(|write| write.rsplit('/').nth(1).unwrap()).collect()
}

#[tokio::test]
async fn what_a_pod_mounts_comes_before_the_pod_and_the_status_comes_last() {
    let server = Shared::with(json!({}));
    server.visit().await.unwrap();
    let order = [
        "serviceaccounts",
        "secrets",
        "configmaps",
        "secrets",
        "services",
        "statefulsets",
        "services",
        "services",
        "poddisruptionbudgets",
        "networkpolicies",
        "networkpolicies",
        "deployments",
        "demo",
    ];
    assert_eq!(kinds(&server.writes()), order);
}

#[tokio::test]
async fn a_steady_cluster_costs_no_write_even_after_a_restart() {
    let server = Shared::with(json!({}));
    server.visit().await.unwrap();
    server.visit().await.unwrap();
    server.writes();
    server.visit().await.unwrap();
    assert_eq!(server.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn an_operator_that_dies_after_any_write_leaves_what_the_next_one_completes() {
    let whole = Shared::with(json!({}));
    whole.visit().await.unwrap();
    let writes = whole.writes().len();
    for survived in 0..writes {
        let server = Shared::with(json!({}));
        server.0.lock().unwrap().alive_for = Some(survived);
        server.visit().await.unwrap_err();
        server.0.lock().unwrap().alive_for = None;
        server.visit().await.unwrap();
        assert_eq!(server.children(), whole.children(), "died after write {survived}");
    }
}

#[tokio::test]
async fn keys_survive_a_restart_of_the_operator() {
    let path = "/api/v1/namespaces/ns/secrets/demo-keys";
    let server = Shared::with(json!({}));
    server.visit().await.unwrap();
    let before = server.get(path).unwrap();
    server.visit().await.unwrap();
    assert_eq!(server.get(path).unwrap()["data"], before["data"]);
}

#[tokio::test]
async fn a_foreign_object_is_left_alone_and_named() {
    let server = Shared::with(json!({}));
    let foreign = json!({"kind": "Service", "apiVersion": "v1", "spec": {"type": "ExternalName"},
        "metadata": {"name": "demo", "namespace": "ns", "uid": "other", "resourceVersion": "3"}});
    server.put(SERVICE, foreign.clone());
    server.visit().await.unwrap();
    assert_eq!(server.get(SERVICE), Some(foreign));
    assert_eq!(server.condition("Stalled"), ("True".into(), "NameConflict".into()));
}

#[tokio::test]
async fn a_foreign_object_keeps_nothing_else_from_being_made() {
    let server = Shared::with(json!({}));
    let foreign = json!({"kind": "Service", "apiVersion": "v1",
        "metadata": {"name": "demo", "namespace": "ns", "uid": "other", "resourceVersion": "3"}});
    server.put(SERVICE, foreign);
    server.visit().await.unwrap();
    assert!(kinds(&server.writes()).contains(&"deployments"));
}

#[tokio::test]
async fn a_child_of_an_earlier_cluster_is_waited_for() {
    let server = Shared::with(json!({}));
    let owner = json!({"apiVersion": "relaycluster.dev/v1alpha1", "kind": "RelayCluster", "name": "demo",
        "uid": "u-0", "controller": true});
    let earlier = json!({"kind": "Service", "apiVersion": "v1", "metadata": {"name": "demo", "namespace": "ns",
        "uid": "old", "resourceVersion": "3", "ownerReferences": [owner]}});
    server.put(SERVICE, earlier.clone());
    server.visit().await.unwrap();
    assert_eq!(server.get(SERVICE), Some(earlier));
    assert_eq!(server.condition("Reconciling"), ("True".into(), "WaitingForDeletion".into()));
}

#[tokio::test]
async fn a_cluster_that_is_being_deleted_gets_no_write() {
    let server = Shared::with(json!({}));
    let mut cluster = server.get(CLUSTER).unwrap();
    cluster["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    server.put(CLUSTER, cluster);
    server.visit().await.unwrap();
    assert_eq!(server.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_stored_spec_that_breaks_a_rule_is_reported_and_nothing_is_touched() {
    let server = Shared::with(json!({"replicas": 2, "redis": {"mode": "None"}}));
    server.visit().await.unwrap();
    assert_eq!(kinds(&server.writes()), ["demo"]);
    assert_eq!(server.condition("Stalled"), ("True".into(), "InvalidSpec".into()));
}

#[tokio::test]
async fn a_spec_that_cannot_be_read_at_all_is_reported_too() {
    let server = Shared::with(json!({"replicas": "many"}));
    server.visit().await.unwrap();
    assert_eq!(server.condition("Ready"), ("False".into(), "InvalidSpec".into()));
}

#[tokio::test]
async fn no_rollout_starts_while_a_secret_is_missing() {
    let external = json!({"mode": "External", "external": {"urlSecretRef": {"name": "bus"}}});
    let server = Shared::with(json!({"redis": external}));
    server.visit().await.unwrap();
    assert!(!kinds(&server.writes()).contains(&"deployments"));
    assert_eq!(server.condition("Stalled"), ("True".into(), "SecretNotFound".into()));
}

#[tokio::test]
async fn an_object_that_is_not_wanted_any_more_is_removed() {
    let server = Shared::with(json!({"replicas": 2}));
    server.visit().await.unwrap();
    let mut cluster = server.get(CLUSTER).unwrap();
    cluster["spec"]["replicas"] = json!(1);
    server.put(CLUSTER, cluster);
    server.writes();
    server.visit().await.unwrap();
    assert!(
        server
            .writes()
            .contains(&"DELETE /apis/policy/v1/namespaces/ns/poddisruptionbudgets/demo".to_owned())
    );
}
