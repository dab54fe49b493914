use serde_json::json;

use super::*;

/// The part of a pod template that the cases below change.
fn want() -> Value {
    json!({"spec": {"containers": [{
        "name": "relay",
        "env": [{"name": "HOST", "value": "0.0.0.0"}, {"name": "PORT", "value": "8080"}],
        "resources": {"requests": {"cpu": "0.5", "memory": "1Gi"}},
    }]}})
}

#[test]
fn defaults_that_the_api_server_adds_are_no_difference() {
    let mut live = want();
    live["spec"]["dnsPolicy"] = json!("ClusterFirst");
    live["spec"]["containers"][0]["terminationMessagePath"] = json!("/dev/termination-log");
    live["status"] = json!({"replicas": 2});
    assert_eq!(difference(&want(), &live), None);
}

#[test]
fn another_form_of_a_quantity_is_no_difference() {
    let mut live = want();
    live["spec"]["containers"][0]["resources"]["requests"] = json!({"cpu": "500m", "memory": "1024Mi"});
    assert_eq!(difference(&want(), &live), None);
}

#[test]
fn another_quantity_is_a_difference() {
    let mut live = want();
    live["spec"]["containers"][0]["resources"]["requests"]["cpu"] = json!("501m");
    assert_eq!(difference(&want(), &live).as_deref(), Some("spec.containers.relay.resources.requests.cpu"));
}

#[test]
fn another_order_of_a_list_that_is_merged_by_key_is_no_difference() {
    let mut live = want();
    let env = live["spec"]["containers"][0]["env"].as_array_mut().unwrap();
    env.reverse();
    assert_eq!(difference(&want(), &live), None);
}

#[test]
fn a_foreign_variable_is_a_difference() {
    let mut live = want();
    live["spec"]["containers"][0]["env"].as_array_mut().unwrap().push(json!({"name": "FOO", "value": "1"}));
    assert_eq!(difference(&want(), &live).as_deref(), Some("spec.containers.relay.env"));
}

#[test]
fn a_changed_variable_is_a_difference() {
    let mut live = want();
    live["spec"]["containers"][0]["env"][0]["value"] = json!("127.0.0.1");
    assert_eq!(difference(&want(), &live).as_deref(), Some("spec.containers.relay.env.HOST.value"));
}

#[test]
fn another_order_of_any_other_list_is_a_difference() {
    let (want, live) = (json!({"command": ["a", "b"]}), json!({"command": ["b", "a"]}));
    assert_eq!(difference(&want, &live).as_deref(), Some("command.0"));
}

#[test]
fn empty_and_absent_are_the_same() {
    assert_eq!(difference(&json!({"a": {}, "b": [], "c": null}), &json!({})), None);
}

#[test]
fn an_additional_key_of_a_config_map_is_a_difference() {
    let (want, live) = (json!({"data": {"a": "1"}}), json!({"data": {"a": "1", "b": "2"}}));
    assert_eq!(difference(&want, &live).as_deref(), Some("data"));
}

#[test]
fn a_foreign_annotation_is_no_difference() {
    let want = json!({"metadata": {"annotations": {"a": "1"}}});
    let live = json!({"metadata": {"annotations": {"a": "1", "deployment.kubernetes.io/revision": "4"}}});
    assert_eq!(difference(&want, &live), None);
}

#[test]
fn another_owner_beside_the_cluster_is_no_difference() {
    let owned = |uids: &[&str]| {
        let owners: Vec<_> = uids.iter().map(|uid| json!({"uid": uid})).collect();
        json!({"metadata": {"ownerReferences": owners}})
    };
    assert_eq!(difference(&owned(&["a"]), &owned(&["b", "a"])), None);
    assert_eq!(difference(&owned(&["a"]), &owned(&["b"])).as_deref(), Some("metadata.ownerReferences.a"));
}

#[test]
fn what_is_missing_is_a_difference() {
    assert_eq!(difference(&json!({"a": {"b": 1}}), &json!({})).as_deref(), Some("a"));
}

#[test]
fn an_additional_key_of_a_selector_is_a_difference() {
    let (want, live) =
        (json!({"spec": {"selector": {"a": "1"}}}), json!({"spec": {"selector": {"a": "1", "b": "2"}}}));
    assert_eq!(difference(&want, &live).as_deref(), Some("spec.selector"));
}

#[test]
fn peers_that_a_rule_no_longer_has_are_a_difference() {
    let policy = |rule: serde_json::Value| json!({"spec": {"ingress": [rule]}});
    let open = policy(json!({"ports": [{"port": 80}]}));
    let closed = policy(json!({"ports": [{"port": 80, "protocol": "TCP"}], "from": [{"podSelector": {}}]}));
    assert_eq!(difference(&open, &closed).as_deref(), Some("spec.ingress.0"));
    let narrow = policy(json!({"from": [{"podSelector": {}, "namespaceSelector": {}}]}));
    assert!(difference(&policy(json!({"from": [{"podSelector": {}}]})), &narrow).is_some());
}
